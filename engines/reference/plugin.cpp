#include <new>

#include <cblas.h>

#include "base/files.h"
#include "base/text.h"
#include "common/graph_inputs.h"
#include "common/processor.h"
#include "common/session_limits.h"
#include "engine/own_settings.h"
#include "engine/engine.h"
#include "session.h"

namespace inferometer::reference {

namespace {

const std::vector<engine::OwnSetting>& own_settings() {
  static const std::vector<engine::OwnSetting> table{{"depthwise", {"direct", "grouped"}}, {"profile", {"0", "1"}}, {"trace", {}}};
  return table;
}

/// Refuse what cannot be done rather than do something else.
void check_settings(const engine::SessionSettings& settings) {
  if (lower(settings.device) != "cpu") throw engine::no_device("reference", settings.device, {"cpu"});
  if (settings.precision != "fp32" && settings.precision != "native") {
    throw Error(ErrorCode::unsupported, "reference has no precision " + one_line(settings.precision, 80), "ask for fp32 or native");
  }
}

SessionOptions read_options(const engine::SessionSettings& settings) {
  const engine::OwnSettings own("reference", settings.own, own_settings());
  engine::require_positive(settings);
  SessionOptions options;
  options.threads_per_request = engine::threads_per_stream("reference", settings);
  options.streams = settings.streams;
  options.batch = settings.batch;
  options.depthwise = own.choice("depthwise") == 0 ? Depthwise::direct : Depthwise::grouped;
  options.profile = own.flag("profile");
  options.trace_file = own.text("trace", "");
  if (own.has("trace") && options.trace_file.empty())
    throw Error(ErrorCode::usage, "reference: setting trace names no file", "give trace=FILE");
  return options;
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
    info.devices = {{"cpu", engine::processor_name(), {"fp32"}}};
    info.rank = 0;
    info.settings = own_settings();
    info.executes_graphs = true;
    return info;
  }

  std::unique_ptr<engine::Session> load(const engine::ModelFile& file, const engine::SessionSettings& settings) override {
    const SessionOptions options = read_options(settings);
    check_settings(settings);
    try {
      if (!file.path.empty()) require_readable_file(file.path);
      graph::Model model = file.parse();
      engine::fix_input_shapes(model.graph, settings);
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
