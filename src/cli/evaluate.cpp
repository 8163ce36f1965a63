#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/child_process.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/evaluation_tables.h"
#include "cli/preprocessing_options.h"
#include "cli/progress.h"
#include "cli/run_options.h"
#include "cli/subcommands.h"
#include "dataset/data_set.h"
#include "engine/loader.h"
#include "measure/evaluator.h"
#include "store/store.h"

namespace inferometer::cli {
namespace {

struct EvaluateCommand {
  std::vector<std::string> models;
  std::string images, labels;
  std::int64_t limit = 0, confusions = 0;
  std::int64_t class_offset = -1;  ///< -1: found
  bool per_class = false, confidences = false, pairs = false, across_models = false, strict = false;
  RunOptions options;
  PreprocessingOptions preprocessing;
};

/// Feeds the progress bar: its pieces are images, its results rows.
class EvaluationProgress : public measure::EvaluationObserver {
 public:
  explicit EvaluationProgress(Progress& progress) : progress_(progress) {}
  void progress(const measure::Entry& entry, std::size_t done, std::size_t total, double images_per_s) override {
    progress_.begin(fmt::format("{} {:.1f} images/s", measure::describe(entry), images_per_s), done, total);
  }
  void row_ready(const measure::EvaluationRow& row) override {
    const std::string name = fmt::format("{} {} {}", row.model, row.engine, row.precision_requested);
    if (row.top1) {
      progress_.finish(name, fmt::format("{} of {} right, {} images/s", row.correct_top1.value_or(0), row.images.value_or(0),
                                         rounded_text(row.images_per_s.value_or(0))));
    } else {
      progress_.finish(name, row.reasons.empty() ? row.status : fmt::format("{}: {}", row.status, row.reasons.front()));
    }
  }

 private:
  Progress& progress_;
};

dataset::DataSet open_labelled(const EvaluateCommand& command, const Context& context) {
  dataset::DataSet data = dataset::open_data_set({command.images, command.labels, command.limit});
  const auto bare = std::find_if(data.images.begin(), data.images.end(), [](const auto& image) { return !image.label; });
  if (bare != data.images.end()) {
    throw Error(ErrorCode::usage, fmt::format("--images {}: nothing says what {} shows", command.images, bare->name),
                "give --labels FILE with lines `file index`, or name a folder with one folder for each class");
  }
  const auto complain = [&](const std::vector<std::string>& names, const char* what) {
    if (names.empty()) return;
    const std::string text = fmt::format("{} {}: {}", names.size(), what, measure::some_names(names));
    if (command.strict) throw Error(ErrorCode::input, text, "without --strict these are left out and named");
    context.say(text);
  };
  complain(data.absent, "labels without an image");
  complain(data.unlabelled, "images without a label");
  return data;
}

/// Entries to evaluate; streams are ours to choose where the user does not.
std::vector<measure::PlannedEntry> make_plan(const EvaluateCommand& command, const measure::EngineCatalog& catalog,
                                             bool streams_are_asked) {
  measure::RunSpec spec = run_spec(command.options);
  spec.models = command.models;
  if (spec.batches.size() != 1 || spec.threads.size() > 1 || spec.streams.size() != 1) {
    throw Error(ErrorCode::usage, "--batch, --threads and --streams: evaluate takes one value of each");
  }
  const int streams = spec.streams.front();
  spec.streams = {1};  // a plan of latency has one; these decide only how the cores are shared
  std::vector<measure::PlannedEntry> plan = measure::expand({spec}, catalog.engines, measure::MissingEngine::is_error);
  for (measure::PlannedEntry& planned : plan) planned.entry.streams = streams_are_asked ? streams : planned.entry.threads;
  return plan;
}

/// Which table a program gets: it can take one.
void require_one_table(const EvaluateCommand& command, const Context& context) {
  const int asked =
      (command.per_class ? 1 : 0) + (command.confidences ? 1 : 0) + (command.confusions > 0 ? 1 : 0) + (command.pairs ? 1 : 0);
  if (asked > 1 && !is_for_people(context.format())) {
    throw Error(ErrorCode::usage, "--per-class, --confidences, --confusions and --pairs: a format for programs holds one table",
                "ask for one of them at a time");
  }
}

void print(const EvaluateCommand& command, const std::vector<measure::Evaluated>& evaluated, const dataset::DataSet& data,
           const Context& context) {
  std::vector<measure::EvaluationRow> rows;
  for (const measure::Evaluated& each : evaluated) rows.push_back(each.row);
  std::vector<Table> further;
  if (command.per_class) further.push_back(per_class_table(evaluated));
  if (command.confidences) further.push_back(confidences_table(evaluated, data));
  if (command.confusions > 0) further.push_back(confusions_table(evaluated, static_cast<std::size_t>(command.confusions)));
  const bool for_people = is_for_people(context.format());
  if (Table pairs = pairs_table(evaluated, command.across_models ? PairedModels::all : PairedModels::same);
      command.pairs || (for_people && !pairs.rows.empty()))
    further.push_back(std::move(pairs));
  if (!for_people && !further.empty()) return context.write(further.front());
  context.write(evaluations_table(rows, context.format()));
  for (const Table& table : further) {
    context.out << '\n';
    context.write(table);
  }
}

void evaluate(const EvaluateCommand& command, Context& context) {
  install_interrupt_handler();
  require_one_table(command, context);
  measure::EvaluatorOptions options;
  options.task.data = {std::filesystem::absolute(command.images), command.labels.empty() ? "" : std::filesystem::absolute(command.labels),
                       command.limit};
  options.task.changes = preprocessing_changes(command.preprocessing);
  options.task.strict = command.strict;
  options.task.confidences = command.confidences;
  if (command.class_offset >= 0) options.class_offset = command.class_offset;
  options.streams_are_asked = command.options.given.contains("--streams");
  const dataset::DataSet data = open_labelled(command, context);

  const measure::EngineCatalog catalog = measure::ask_engines(engine::plugin_folder());
  const std::vector<measure::PlannedEntry> plan = make_plan(command, catalog, options.streams_are_asked);
  const std::string data_sha256 = dataset::content_hash(data);
  const measure::Platform platform = measure::read_platform();
  store::Store store{std::filesystem::path(context.database)};
  const std::int64_t platform_id = store.save_platform(platform.identity, platform.name, platform.details_json);

  std::vector<measure::Evaluated> evaluated;
  {
    Progress progress(context.messages, progress_style(context.quiet), plan.size());
    EvaluationProgress observer(progress);
    for (const measure::PlannedEntry& planned : plan) {
      evaluated.push_back(measure::evaluate_entry(planned, catalog, data, data_sha256, platform, options, observer));
      store.save_evaluation(evaluated.back().identity, platform_id, evaluated.back().row,
                            measure::picture_answers(evaluated.back(), planned.entry, data));
    }
  }
  print(command, evaluated, data, context);
  context.say(fmt::format("{} of {}: {} images; kept in {}", evaluated.size(), plan.size(), data.images.size(), context.database));
  const auto is_bad = [](const measure::Evaluated& each) {
    return each.row.status == "failed" || each.row.status == "timed_out" || each.row.status == "out_of_memory";
  };
  if (std::any_of(evaluated.begin(), evaluated.end(), is_bad)) context.exit_code = 1;
}

}  // namespace

void add_evaluate(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("evaluate", "Count how often networks name labelled pictures rightly");
  const auto state = std::make_shared<EvaluateCommand>();
  command->add_option("MODEL", state->models, "Zoo names, patterns such as 'resnet*', paths of model files")
      ->required()
      ->type_name("MODEL...");
  command->add_option("--images", state->images, "A folder of pictures or of a folder for each class; F.csv; IDX; CIFAR's .bin")
      ->required()
      ->type_name("DIR|FILE");
  command->add_option("--labels", state->labels, "Lines `file index`, counted from 0; for IDX the file of labels")->type_name("FILE");
  command->add_option("--limit", state->limit, "Only the first N pictures")->check(CLI::Range(1, 1'000'000'000))->type_name("N");
  command
      ->add_option("--class-offset", state->class_offset,
                   "What is added to a label to find the network's output (default: 1 for 1001 outputs, else 0)")
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("N");
  command->add_flag("--strict", state->strict, "Damaged pictures, and labels or pictures without the other, are errors");
  command->add_flag("--per-class", state->per_class, "Counts of every class too");
  command->add_flag("--confidences", state->confidences, "The probability that each image's right class was given too");
  command->add_option("--confusions", state->confusions, "The N most frequent wrong answers too")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  command->add_flag("--pairs", state->pairs, "McNemar's test between every two engines and precisions of a model (people always see it)");
  command->add_flag("--across-models", state->across_models, "These pairs of different models too, such as a network and its int8 file");
  add_preprocessing_options(*command, state->preprocessing);
  add_run_options(*command, state->options,
                  {"--engine", "--device", "--precision", "--batch", "--threads", "--streams", "--input", "--classes", "--weights",
                   "--cpus", "--shape", "--load-timeout-s", "--request-timeout-s", "--memory-limit-mib"});
  command->footer(
      example_footer("inferometer evaluate squeezenet.onnx --images val --labels val.txt --engine onnxruntime,openvino --resize warp:256"));
  command->callback([state, &context] { evaluate(*state, context); });
}

}  // namespace inferometer::cli
