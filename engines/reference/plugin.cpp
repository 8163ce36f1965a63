#include <fstream>
#include <new>

#include <cblas.h>

#include "base/files.h"
#include "base/text.h"
#include "common/input_shapes.h"
#include "engine/own_settings.h"
#include "engine/engine.h"
#include "session.h"

namespace inferometer::reference {

namespace {

const std::vector<std::string>& setting_names() {
  static const std::vector<std::string> names{"depthwise", "profile", "trace"};
  return names;
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return one_line(trim(line.substr(line.find(':') + 1)));
  }
  return "CPU";
}

/// Refuse what cannot be done rather than do something else.
void check_settings(const engine::SessionSettings& settings) {
  if (lower(settings.device) != "cpu") {
    throw Error(ErrorCode::missing_engine, "reference has no device '" + one_line(settings.device, 80) + "'", "it has cpu");
  }
  if (settings.precision != "fp32" && settings.precision != "native") {
    throw Error(ErrorCode::unsupported, "reference has no precision " + one_line(settings.precision, 80), "ask for fp32 or native");
  }
  if (settings.threads < 1 || settings.streams < 1) {
    throw Error(ErrorCode::usage, "reference: threads " + std::to_string(settings.threads) + " and streams " +
                                      std::to_string(settings.streams) + " must be positive");
  }
  if (settings.threads % settings.streams != 0) {
    throw Error(
        ErrorCode::unsupported,
        "reference: " + std::to_string(settings.threads) + " threads do not divide into " + std::to_string(settings.streams) + " streams",
        "use a multiple of the streams");
  }
}

SessionOptions read_options(const engine::SessionSettings& settings) {
  const engine::OwnSettings own("reference", settings.own, setting_names());
  SessionOptions options;
  options.threads_per_request = settings.threads / settings.streams;
  options.streams = settings.streams;
  options.batch = settings.batch;
  options.depthwise = own.choice("depthwise", 0, {"direct", "grouped"}) == 0 ? Depthwise::direct : Depthwise::grouped;
  options.profile = own.flag("profile", false);
  options.trace_file = own.text("trace", "");
  if (own.has("trace") && options.trace_file.empty())
    throw Error(ErrorCode::usage, "reference: setting trace names no file", "give trace=FILE");
  return options;
}

/// Put concrete dimensions where an input of the file has dynamic ones; infer_shapes() sets the batch.
void apply_shapes(graph::Graph& graph, const engine::SessionSettings& settings) {
  std::vector<engine::DeclaredInput> declared;
  for (const graph::TensorId id : graph.inputs) declared.push_back({graph.tensors[id].name, graph.tensors[id].shape});
  const std::vector<Shape> shapes = engine::concrete_input_shapes(declared, settings);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    Shape& shape = graph.tensors[graph.inputs[i]].shape;
    for (std::size_t axis = 1; axis < shape.size(); ++axis) shape[axis] = shapes[i][axis];
  }
}

}  // namespace

class ReferenceEngine final : public engine::Engine {
 public:
  // Requests cut their work into pieces themselves; a second layer of threads below would only get in their way.
  ReferenceEngine() { openblas_set_num_threads(1); }

  engine::EngineInfo info() override {
    engine::EngineInfo info;
    info.name = "reference";
    info.version = INFEROMETER_VERSION;
    info.usable = true;
    info.devices = {{"cpu", cpu_model(), {"fp32"}}};
    info.rank = 0;
    info.settings = setting_names();
    info.executes_graphs = true;
    return info;
  }

  std::unique_ptr<engine::Session> load(const engine::ModelFile& file, const engine::SessionSettings& settings) override {
    const SessionOptions options = read_options(settings);
    check_settings(settings);
    try {
      if (!file.path.empty()) require_readable_file(file.path);
      graph::Model model = file.parse();
      apply_shapes(model.graph, settings);
      return make_session(std::move(model), options);
    } catch (const std::bad_alloc&) {
      throw Error(ErrorCode::out_of_memory, "reference: no memory to load " + file.path);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw Error(ErrorCode::engine_failure, "reference: " + one_line(error.what()));
    }
  }
};

}  // namespace inferometer::reference

INFEROMETER_ENGINE_PLUGIN(inferometer::reference::ReferenceEngine)
