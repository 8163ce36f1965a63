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
#include "cli/evaluation.h"
#include "cli/evaluation_tables.h"
#include "cli/open_store.h"
#include "cli/preprocessing_options.h"
#include "cli/run_options.h"
#include "cli/subcommands.h"
#include "dataset/data_set.h"
#include "engine/loader.h"
#include "measure/evaluator.h"
#include "store/store.h"

namespace inferometer::cli {
namespace {

struct EvaluateCommand {
  EvaluationRequest request;  ///< its specification is made of `options` when parsing has ended
  std::vector<std::string> models;
  std::int64_t confusions = 0;
  bool per_class = false, pairs = false, across_models = false;
  RunOptions options;
};

/// Which table a program gets: it can take one.
void require_one_table(const EvaluateCommand& command, const Context& context) {
  const int asked =
      (command.per_class ? 1 : 0) + (command.request.confidences ? 1 : 0) + (command.confusions > 0 ? 1 : 0) + (command.pairs ? 1 : 0);
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
  if (command.request.confidences) further.push_back(confidences_table(evaluated, data));
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
  EvaluationRequest request = command.request;
  request.spec = run_spec(command.options);
  request.spec.models = command.models;
  request.streams_are_asked = command.options.given.contains("--streams");
  (void)preprocessing_changes(request.preprocessing);  // a mistake there is told before anything is opened
  const dataset::DataSet data = open_labelled(request, context);

  const measure::EngineCatalog catalog = measure::ask_engines(engine::plugin_folder());
  const std::vector<measure::PlannedEntry> plan = plan_evaluation(request, catalog, measure::MissingEngine::is_error);
  const measure::Platform platform = measure::read_platform();
  store::Store store = open_to_write(context);
  const std::int64_t platform_id = store.save_platform(platform.identity, platform.name, platform.details_json);
  const std::vector<measure::Evaluated> evaluated =
      evaluate_plan(request, plan, data, KeptEvaluations::again, {catalog, platform, platform_id, store}, context).evaluated;
  print(command, evaluated, data, context);
  context.say(fmt::format("{} of {}: {} images; kept in {}", evaluated.size(), plan.size(), data.images.size(), context.database));
  if (std::any_of(evaluated.begin(), evaluated.end(), is_bad)) context.exit_code = 1;
}

}  // namespace

void add_evaluate(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("evaluate", "Count how often networks name labelled pictures rightly");
  const auto state = std::make_shared<EvaluateCommand>();
  command->add_option("MODEL", state->models, "Zoo names, patterns such as 'resnet*', paths of model files")
      ->required()
      ->type_name("MODEL...");
  command->add_option("--images", state->request.images, "A folder of pictures or of a folder for each class; F.csv; IDX; CIFAR's .bin")
      ->required()
      ->type_name("DIR|FILE");
  command->add_option("--labels", state->request.labels, "Lines `file index`, counted from 0; for IDX the file of labels")
      ->type_name("FILE");
  command->add_option("--limit", state->request.limit, "Only the first N pictures")->check(CLI::Range(1, 1'000'000'000))->type_name("N");
  command
      ->add_option("--class-offset", state->request.class_offset,
                   "What is added to a label to find the network's output (default: 1 for 1001 outputs, else 0)")
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("N");
  command->add_flag("--strict", state->request.strict, "Damaged pictures, and labels or pictures without the other, are errors");
  command->add_flag("--per-class", state->per_class, "Counts of every class too");
  command->add_flag("--confidences", state->request.confidences, "The probability that each image's right class was given too");
  command->add_option("--confusions", state->confusions, "The N most frequent wrong answers too")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  command->add_flag("--pairs", state->pairs, "McNemar's test between every two engines and precisions of a model (people always see it)");
  command->add_flag("--across-models", state->across_models, "These pairs of different models too, such as a network and its int8 file");
  add_preprocessing_options(*command, state->request.preprocessing);
  const auto names = evaluation_run_options();
  add_run_options(*command, state->options, {names.begin(), names.end()});
  command->footer(
      example_footer("inferometer evaluate squeezenet.onnx --images val --labels val.txt --engine onnxruntime,openvino --resize warp:256"));
  command->callback([state, &context] { evaluate(*state, context); });
}

}  // namespace inferometer::cli
