#include "predict/predict.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/lists.h"
#include "cli/model_argument.h"
#include "cli/subcommands.h"
#include "engine/loader.h"
#include "formats/onnx.h"
#include "measure/engines_here.h"
#include "measure/models.h"
#include "measure/plan.h"
#include "measure/platform.h"
#include "predict/model.h"

namespace inferometer::cli {
namespace {

struct PredictCommand {
  std::vector<std::string> models;
  std::string engine, calibration, batches = "1", input = "default", classes = "default";
  std::optional<std::string> device, precision, threads;  ///< of the calibration that --engine finds
  bool explain = false;
};

/// A misspelt name, before it is said not to be calibrated.
void require_engine(const std::string& name) {
  const measure::EngineCatalog catalog = measure::ask_engines(engine::plugin_folder());
  if (catalog.find(name) != nullptr) return;
  std::vector<std::string> names;
  for (const measure::EngineHere& here : catalog.engines) names.push_back(here.info.name);
  throw Error(ErrorCode::missing_engine, fmt::format("there is no engine '{}' here", one_line(name, 60)), did_you_mean(name, names));
}

predict::Model find_calibration(const PredictCommand& command) {
  if (command.engine.empty() == command.calibration.empty()) {
    throw Error(ErrorCode::usage,
                command.engine.empty() ? "--engine: no engine is named" : "--engine: --calibration names an engine already",
                "--engine onnxruntime, or --calibration FILE.json");
  }
  const std::pair<const char*, const std::optional<std::string>&> asked[] = {
      {"--device", command.device}, {"--precision", command.precision}, {"--threads", command.threads}};
  if (!command.calibration.empty()) {
    for (const auto& [option, value] : asked)
      if (value) throw Error(ErrorCode::usage, fmt::format("{}: --calibration has one already", option), "leave it out");
    return predict::load_model(command.calibration);
  }
  if (command.engine.find(':') != std::string::npos)
    throw Error(ErrorCode::usage, fmt::format("--engine: {}: an engine with settings is named by its file", one_line(command.engine, 60)),
                "--calibration FILE.json, as `calibrate -o FILE.json` wrote it");
  require_engine(command.engine);
  const auto asked_threads = static_cast<int>(parse_integer_or_default(command.threads.value_or("default"), kThreadLimits, "--threads"));
  const int threads = asked_threads == 0 ? measure::default_threads() : asked_threads;
  const std::string device = command.device.value_or("cpu"), precision = command.precision.value_or("fp32");
  const std::filesystem::path path = predict::default_model_path(command.engine, device, precision, threads);
  if (!std::filesystem::exists(path)) {
    std::string hint = "inferometer calibrate --engine " + shell_quote(command.engine);
    for (const auto& [option, value] : asked)
      if (value) hint += fmt::format(" {} {}", option, shell_quote(*value));
    throw Error(ErrorCode::input,
                one_line(fmt::format("{} was not calibrated on {} in {} with {} threads: {} is not there", command.engine, device,
                                     precision, threads, path.string())),
                hint);
  }
  return predict::load_model(path);
}

/// What makes a prediction less certain than its interval says.
std::vector<std::string> doubts_of(const predict::Model& model) {
  std::vector<std::string> doubts;
  const measure::Platform platform = measure::read_platform();
  if (platform.identity != model.machine) doubts.push_back(fmt::format("calibrated on another machine ({})", model.machine_name));
  const measure::EngineCatalog catalog = measure::ask_engines(engine::plugin_folder());
  const measure::EngineHere* here = catalog.find(model.engine);
  if (here == nullptr || !here->built) {
    doubts.push_back(fmt::format("{} is not here", model.engine));
  } else if (here->info.version != model.engine_version) {
    doubts.push_back(fmt::format("calibrated with {} {}, {} is here", model.engine, model.engine_version, here->info.version));
  }
  for (std::string& doubt : doubts) doubt = one_line(doubt);
  return doubts;
}

/// Why a file is another thing than the calibration timed; empty: it is not.
std::string precision_doubt(const ModelArgument& argument, const predict::Model& model) {
  if (argument.network != nullptr || measure::is_prototxt(argument.name) || model.precision != "fp32") return {};
  if (!formats::summarize_onnx(argument.name).half) return {};
  return "its floats are of 16 bits, and what was calibrated is fp32";
}

/// A network at one input size.
struct Subject {
  std::string name;  ///< with the input size where that is asked for and has no column of its own
  std::int64_t parameters = 0;
  InputSize input;
};

/// "delay_ms=5:x=1", as rows have it.
std::string settings_text(const predict::Model& model) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : model.engine_settings) parts.push_back(fmt::format("{}={}", key, value));
  return join(parts, ":");
}

/// What a program needs besides to put a prediction among measured rows (`recommend --predicted`).
std::vector<std::string> columns_for_programs() { return {"engine_settings", "platform", "input_height", "input_width", "parameters"}; }

void append_prediction(Table& table, const Subject& subject, const predict::Model& model, const predict::Prediction& prediction,
                       std::vector<std::string> notes, const std::string& precision_doubt, bool for_people) {
  const bool inside = prediction.outside.empty() && precision_doubt.empty();
  if (!precision_doubt.empty()) notes.push_back(precision_doubt);
  constexpr std::size_t kMostNamed = 3;
  for (std::size_t i = 0; i < std::min(kMostNamed, prediction.outside.size()); ++i)
    notes.push_back("outside what was timed: " + prediction.outside[i]);
  if (prediction.outside.size() > kMostNamed) notes.push_back(fmt::format("and {} more layers", prediction.outside.size() - kMostNamed));
  const double per_image = prediction.latency_ms / static_cast<double>(prediction.batch);
  table.rows.push_back({subject.name, model.engine, model.engine_version, model.device, model.precision,
                        static_cast<std::int64_t>(model.threads), prediction.batch, prediction.latency_ms, to_cell(prediction.low_ms),
                        to_cell(prediction.high_ms), per_image, 1000 / per_image, to_cell(prediction.peak_memory_mb),
                        to_cell(prediction.memory_low_mb), to_cell(prediction.memory_high_mb), inside, notes});
  if (for_people) return;
  std::vector<Cell>& line = table.rows.back();
  line.insert(line.end(), {settings_text(model), model.machine_name, subject.input.height, subject.input.width, subject.parameters});
}

void append_layers(Table& table, const std::string& name, const predict::Model& model, const predict::Prediction& prediction) {
  std::vector<predict::UnitCost> units = prediction.units;
  std::stable_sort(units.begin(), units.end(), [](const auto& a, const auto& b) { return a.ms > b.ms; });
  for (const predict::UnitCost& unit : units) {
    if (unit.ms <= 0) continue;
    table.rows.push_back({name, model.engine, static_cast<std::int64_t>(model.threads), prediction.batch, unit.layer, unit.operation,
                          unit.kind, unit.ms, unit.ms / prediction.latency_ms, unit.outside.empty() ? Cell() : Cell(unit.outside)});
  }
}

void print_predictions(const PredictCommand& command, Context& context) {
  const predict::Model model = find_calibration(command);
  const std::vector<std::int64_t> batches = parse_integers(command.batches, kBatchLimits, "--batch");
  const std::vector<std::int64_t> inputs =
      command.input == "default" ? std::vector<std::int64_t>{0} : parse_integers(command.input, kInputLimits, "--input");
  const std::int64_t classes = parse_integer_or_default(command.classes, kClassLimits, "--classes");
  const std::vector<std::string> doubts = doubts_of(model);
  for (const std::string& doubt : doubts) context.say("warning: " + doubt);
  const bool for_people = report::is_for_people(context.format());
  Table table;
  if (command.explain) {
    table.columns = {"model",  "engine", "threads", "batch", "layer", "operator", "kind", "predicted_ms", "predicted_share_ratio",
                     "outside"};
  } else {
    table.columns = {"model",
                     "engine",
                     "engine_version",
                     "device",
                     "precision",
                     "threads",
                     "batch",
                     "predicted_latency_ms",
                     "predicted_latency_low_ms",
                     "predicted_latency_high_ms",
                     "predicted_per_image_ms",
                     "predicted_images_per_s",
                     "predicted_peak_memory_mb",
                     "predicted_peak_memory_low_mb",
                     "predicted_peak_memory_high_mb",
                     "in_calibrated_range",
                     "notes"};
    if (!for_people)
      for (const std::string& column : columns_for_programs()) table.columns.push_back(column);
  }
  for (const ModelArgument& argument : resolve_models(command.models)) {
    const std::string precision = precision_doubt(argument, model);
    for (const std::int64_t input : inputs) {
      const graph::Graph graph = graph_of(argument, {.height = input, .width = input, .classes = classes});
      const bool is_named_so = input == 0 || (!for_people && !command.explain);
      const Subject subject{is_named_so ? argument.name : fmt::format("{}@{}", argument.name, input),
                            graph::compute_cost(graph).total.parameters, input_size(graph)};
      for (const std::int64_t batch : batches) {
        const predict::Prediction prediction = predict_latency(model, graph, batch);
        if (command.explain) {
          append_layers(table, subject.name, model, prediction);
        } else {
          append_prediction(table, subject, model, prediction, doubts, precision, for_people);
        }
      }
    }
  }
  if (!model.engine_settings.empty()) table.notes.push_back(fmt::format("{} with {}", model.engine, settings_text(model)));
  table.notes.push_back("predicted, not measured; low and high: 90 % interval from networks of other families (docs/predicting.md)");
  context.write(table);
}

}  // namespace

void add_predict(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("predict", "Predict latency and memory of networks that were not run");
  const auto state = std::make_shared<PredictCommand>();
  command->add_option("MODEL", state->models, "Zoo networks, patterns such as 'resnet*', .onnx and .prototxt files")
      ->required()
      ->type_name("MODEL");
  command->add_option("--engine", state->engine, "Engine that was calibrated here")->type_name("NAME");
  command->add_option("--calibration", state->calibration, "The model that `calibrate -o` wrote, in place of --engine")
      ->type_name("FILE.json");
  command->add_option("--device", state->device, "Device of the calibration (default: cpu)")->type_name("NAME");
  command->add_option("--precision", state->precision, "Precision of the calibration (default: fp32)")->type_name("NAME");
  command->add_option("--threads", state->threads, "Threads of the calibration (default: the physical cores)")->type_name("N|default");
  command->add_option("--batch", state->batches, "Images a request, between the calibrated batches (default: 1)")->type_name("LIST");
  command->add_option("--input", state->input, "Heights and widths of zoo networks' input (default: each one's own)")
      ->type_name("LIST|default");
  command->add_option("--classes", state->classes, "Classes of zoo networks (default: each one's own)")->type_name("N|default");
  command->add_flag("--explain", state->explain, "One row for each layer, the costliest first");
  command->footer(example_footer("inferometer predict resnet18 'mobilenet*' --engine onnxruntime --batch 1,4"));
  command->callback([state, &context] { print_predictions(*state, context); });
}

}  // namespace inferometer::cli
