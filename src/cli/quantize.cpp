#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/context.h"
#include "cli/preprocessing_options.h"
#include "cli/progress.h"
#include "cli/run_options.h"
#include "cli/stopped.h"
#include "cli/subcommands.h"
#include "engine/loader.h"
#include "formats/onnx.h"
#include "formats/quantize.h"
#include "graph/fold_batch_norm.h"
#include "measure/calibration.h"
#include "measure/engines_here.h"
#include "measure/evaluator.h"
#include "measure/launcher.h"
#include "measure/models.h"
#include "zoo/zoo.h"

namespace inferometer::cli {
namespace {

struct QuantizeCommand {
  std::vector<std::string> models;
  std::string images, labels, output;
  std::string method = "minmax", weight_range = "full";
  std::int64_t limit = 0;
  double percentile = 99.99;
  RunOptions options;
  PreprocessingOptions preprocessing;
};

/// A file that lives as long as the object.
class PassingFile {
 public:
  explicit PassingFile(const std::filesystem::path& beside) : path_(beside.string() + ".observed.onnx") {}
  ~PassingFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  PassingFile(const PassingFile&) = delete;
  PassingFile& operator=(const PassingFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The one network and engine that are asked for; where no engine is, the first by rank that reads files.
measure::Entry entry_of(const QuantizeCommand& command, const measure::EngineCatalog& catalog) {
  measure::RunSpec spec = run_spec(command.options);
  spec.models = command.models;
  if (!command.options.given.contains("--engine")) {
    const measure::EngineHere* best = nullptr;
    for (const measure::EngineHere& here : catalog.engines) {
      const bool fits = here.info.usable && here.info.computes && !here.info.executes_graphs;
      if (fits && (best == nullptr || here.info.rank < best->info.rank)) best = &here;
    }
    if (best == nullptr) throw Error(ErrorCode::missing_engine, "no engine here runs .onnx files", "see inferometer engines");
    spec.engines = {{best->info.name, {}}};
  }
  const std::vector<measure::PlannedEntry> plan = measure::expand({spec}, catalog.engines, measure::MissingEngine::is_error);
  if (plan.size() != 1) throw Error(ErrorCode::usage, fmt::format("quantize takes one model and one engine, not {}", plan.size()));
  if (plan.front().settled) throw Error(ErrorCode::unsupported, plan.front().reason);
  return plan.front().entry;
}

/// The model in f32, its BatchNorms folded.
graph::Model model_to_quantize(const measure::ModelReference& reference) {
  if (!reference.zoo && !measure::is_prototxt(reference.path) && formats::summarize_onnx(reference.path).quantized) {
    throw Error(ErrorCode::usage, one_line(fmt::format("{}: is an int8 model already: it has quantised nodes", reference.name)),
                "quantize the model that it was made from");
  }
  return graph::fold_batch_norms(measure::model_with_weights(reference));
}

measure::CalibrationRecord calibrate(const QuantizeCommand& command, const measure::Entry& entry, const measure::EngineCatalog& catalog,
                                     const std::filesystem::path& observed, const Context& context) {
  measure::WorkerTask task;
  task.kind = measure::WorkerTask::Kind::calibrate;
  task.plugin = catalog.plugins.at(entry.engine);
  task.entry = entry;
  task.model_path = std::filesystem::absolute(observed).string();
  task.percentile = command.method == "percentile" ? command.percentile : 100;
  task.evaluation.data = {std::filesystem::absolute(command.images),
                          command.labels.empty() ? "" : std::filesystem::absolute(command.labels), command.limit};
  task.evaluation.changes = preprocessing_changes(command.preprocessing);
  if (const zoo::Network* network = entry.model.zoo ? zoo::find(entry.model.name) : nullptr) {
    task.evaluation.own = network->preprocessing;
    task.evaluation.own_input = network->input_size;
  }
  Progress progress(context.messages, progress_style(context.quiet), 1);
  const measure::WorkerOutcome outcome = measure::run_worker(
      task, measure::limits_of(entry.limits), [&](std::size_t done, std::size_t all) { progress.begin("observing ranges", done, all); });
  if (outcome.status != measure::Status::passed) {
    throw Error(outcome.error.value_or(ErrorCode::engine_failure), one_line(fmt::format("{}: {}", entry.engine, outcome.reason)),
                outcome.hint);
  }
  return outcome.answer.at("calibration").get<measure::CalibrationRecord>();
}

/// Throws Error{interrupted} before anything is written to the file that is asked for.
void quantize(const QuantizeCommand& command, const Context& context) {
  if (lower(std::filesystem::path(command.output).extension().string()) != ".onnx")
    throw Error(ErrorCode::usage, fmt::format("{}: an int8 model is an .onnx file", one_line(command.output)), "for example: -o int8.onnx");
  const measure::EngineCatalog catalog = measure::ask_engines(engine::plugin_folder());
  const measure::Entry entry = entry_of(command, catalog);
  const graph::Model model = model_to_quantize(entry.model);
  end_if_stopped();
  const formats::QuantizationPlan plan = formats::plan_quantization(model);

  measure::CalibrationRecord record;
  {
    const PassingFile observed(command.output);
    formats::write_onnx_with_activations(model, plan, observed.path());
    end_if_stopped();
    record = calibrate(command, entry, catalog, observed.path(), context);
  }
  formats::ActivationRanges ranges;
  for (const std::string& name : plan.activations) {
    const auto found = record.ranges.find(name);
    if (found == record.ranges.end())
      throw Error(ErrorCode::engine_failure, one_line(fmt::format("{} gave no values of tensor {}", entry.engine, name)));
    ranges[name] = {static_cast<float>(found->second.low), static_cast<float>(found->second.high)};
  }
  const int steps = command.weight_range == "full" ? 127 : 63;
  end_if_stopped();
  formats::write_quantized_onnx(model, ranges, command.output, {.weight_steps = steps, .producer_version = INFEROMETER_VERSION});

  std::vector<std::string> damaged;
  for (const measure::DamagedImage& image : record.damaged) damaged.push_back(image.reason);
  if (!damaged.empty()) context.say(fmt::format("{} damaged images left out: {}", damaged.size(), measure::some_names(damaged, 3)));
  context.say(fmt::format("preprocessing: {}", record.preprocessing));
  context.say(fmt::format("wrote {}: {:.1f} MB, {} layers in int8, ranges of {} activations from {} images", command.output,
                          static_cast<double>(std::filesystem::file_size(command.output)) / 1e6, plan.layers, plan.activations.size(),
                          record.images));
}

}  // namespace

void add_quantize(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("quantize", "Write a network as an int8 ONNX file, with ranges observed on pictures");
  const auto state = std::make_shared<QuantizeCommand>();
  command->add_option("MODEL", state->models, "A zoo network, or an .onnx or .prototxt file")->required()->expected(1)->type_name("MODEL");
  command->add_option("--images", state->images, "Pictures to calibrate with, as evaluate takes them; not those it is then judged by")
      ->required()
      ->type_name("DIR|FILE");
  command->add_option("--labels", state->labels, "Only chooses the pictures and their order")->type_name("FILE");
  command->add_option("--limit", state->limit, "Only the first N pictures")->check(CLI::Range(1, 1'000'000'000))->type_name("N");
  command
      ->add_option("--method", state->method,
                   "Ranges: minmax holds every value seen, percentile leaves out the outermost (default: minmax)")
      ->check(CLI::IsMember({"minmax", "percentile"}))
      ->type_name("METHOD");
  command->add_option("--percentile", state->percentile, "Share of the values that a range holds (default: 99.99)")
      ->check(CLI::Range(50.0, 100.0))
      ->type_name("PERCENT");
  command
      ->add_option("--weight-range", state->weight_range,
                   "full: 8 bits; reduced: 7, for processors without VNNI, whose sums saturate (default: full)")
      ->check(CLI::IsMember({"full", "reduced"}))
      ->type_name("RANGE");
  command->add_option("-o,--output", state->output, "The .onnx file to write")->required()->type_name("FILE");
  add_preprocessing_options(*command, state->preprocessing);
  add_run_options(*command, state->options,
                  {"--engine", "--threads", "--input", "--classes", "--weights", "--shape", "--load-timeout-s", "--request-timeout-s",
                   "--memory-limit-mib"});
  command->footer(example_footer("inferometer quantize squeezenet1_1 --weights squeezenet.pth --images pictures -o int8.onnx"));
  command->callback([state, &context] {
    install_interrupt_handler();
    told_when_stopped([&] { quantize(*state, context); }, [] { return "nothing was written"; });
  });
}

}  // namespace inferometer::cli
