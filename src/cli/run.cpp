#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "base/child_process.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/evaluation_tables.h"
#include "cli/layer_times.h"
#include "cli/ledger.h"
#include "cli/open_store.h"
#include "cli/plan_table.h"
#include "cli/progress.h"
#include "cli/run_options.h"
#include "cli/stopped.h"
#include "cli/study.h"
#include "cli/study_evaluations.h"
#include "cli/subcommands.h"
#include "cli/throughput_search.h"
#include "engine/loader.h"
#include "measure/engines_here.h"
#include "measure/models.h"
#include "measure/platform.h"
#include "measure/runner.h"
#include "report/rows.h"
#include "report/study_report.h"
#include "store/store.h"
#include "zoo/zoo.h"

namespace inferometer::cli {
namespace {

struct RunCommand {
  std::string study_path;
  RunOptions options;
  StudyEvaluationOptions evaluations;
  std::vector<std::string> only;
  std::int64_t limit = 0;  ///< entries at most; 0: all
  bool dry_run = false;
  bool search_throughput = false;
  bool layers = false;  ///< time layers too
  measure::RunnerOptions runner;
};

/// What to measure, and how to show it.
struct Plan {
  std::vector<measure::PlannedEntry> entries;
  std::vector<PlannedEvaluation> evaluations;  ///< of a study, done after the entries
  std::size_t left_out = 0;                    ///< by --limit
  report::StudyPlan report;                    ///< of a study; else empty
};

std::size_t evaluation_count(const Plan& plan) {
  std::size_t count = 0;
  for (const PlannedEvaluation& evaluation : plan.evaluations) count += evaluation.entries.size();
  return count;
}

/// Leave the first so many entries; those of the evaluations come last.
void limit_plan(Plan& plan, std::size_t most) {
  const std::size_t before = plan.entries.size() + evaluation_count(plan);
  const auto limit = [&most](std::vector<measure::PlannedEntry>& entries) {
    if (entries.size() > most) entries.resize(most);
    most -= entries.size();
  };
  limit(plan.entries);
  for (PlannedEvaluation& evaluation : plan.evaluations) limit(evaluation.entries);
  std::erase_if(plan.evaluations, [](const PlannedEvaluation& evaluation) { return evaluation.entries.empty(); });
  plan.left_out = before - plan.entries.size() - evaluation_count(plan);
}

/// A network in place of a study is what other commands take there.
void refuse_network(const std::string& study) {
  std::error_code ignored;
  const bool is_name = zoo::find(study) != nullptr && !std::filesystem::exists(study, ignored);
  if (!is_name && !study.ends_with(".onnx") && !measure::is_prototxt(study)) return;
  throw Error(ErrorCode::usage, fmt::format("{} is no study file", one_line(study, 200)),
              "a network is named by an option: --model " + shell_quote(study));
}

Plan make_plan(const RunCommand& command, const measure::EngineCatalog& catalog, const Context& context) {
  Plan plan;
  if (command.study_path.empty()) {
    if (!command.only.empty())
      throw Error(ErrorCode::usage, "--only names runs of a study", "give a study file: inferometer run STUDY.toml --only NAME");
    refuse_study_evaluation_options(command.evaluations, "is for the [[evaluate]] blocks of a study, and no study is named");
    if (!command.options.given.contains("--model")) {
      throw Error(ErrorCode::usage, "nothing to run", "name models with --model, or a study file; `inferometer run --help` has examples");
    }
    plan.entries = measure::expand({run_spec(command.options)}, catalog.engines, measure::MissingEngine::is_error);
  } else {
    refuse_network(command.study_path);
    const Study study = read_study(command.study_path);
    std::vector<measure::RunSpec> specs = select_runs(study, command.only);
    for (measure::RunSpec& spec : specs) apply_run_options(command.options, spec);
    // Engines named on the command line must be here; those of a study file may be absent.
    const auto missing = command.options.given.contains("--engine") ? measure::MissingEngine::is_error : measure::MissingEngine::is_skipped;
    plan.entries = measure::expand(specs, catalog.engines, missing);
    plan.evaluations = plan_study_evaluations(study, command.only, command.options, command.evaluations, catalog, context);
    plan.report = study.report;
  }
  if (command.limit > 0) limit_plan(plan, static_cast<std::size_t>(command.limit));
  return plan;
}

void print_plan(const Plan& plan, const Context& context) {
  context.write(plan_table(plan.entries, plan.evaluations));
  context.say(fmt::format("{} entries{}", plan.entries.size(),
                          plan.evaluations.empty() ? "" : fmt::format(", {} evaluations", evaluation_count(plan))));
}

std::string outcome_text(const measure::Row& row) {
  if (row.status == "passed" && row.mode == "throughput" && row.images_per_s)
    return fmt::format("{} images/s, {}", rounded_text(*row.images_per_s), row.verdict.value_or(""));
  if (row.status == "passed" && row.per_image_ms)
    return fmt::format("{} ms an image, {}", rounded_text(*row.per_image_ms), row.verdict.value_or(""));
  return row.reasons.empty() ? row.status : fmt::format("{}: {}", row.status, row.reasons.front());
}

/// The entry, with what was obtained in place of what was asked.
std::string row_text(const measure::Entry& entry, const measure::Row& row) {
  measure::Entry obtained = entry;
  obtained.device = row.device;
  obtained.threads = static_cast<int>(row.threads.value_or(entry.threads));
  obtained.streams = static_cast<int>(row.streams.value_or(entry.streams));
  if (!row.precision.empty()) {
    obtained.precision = row.precision;
    obtained.model.stored_as.clear();
  }
  return measure::describe(obtained);
}

/// Feeds the progress bar: its pieces are starts, its results rows.
class ProgressObserver : public measure::RunObserver {
 public:
  explicit ProgressObserver(Progress& progress) : progress_(progress) {}
  void start_begins(const measure::Entry& entry, int start_index, std::size_t done, std::size_t total) override {
    progress_.begin(fmt::format("{} start {}/{}", measure::describe(entry), start_index + 1, entry.starts), done, total);
  }
  void row_ready(const measure::Entry& entry, const measure::Row& row, bool fresh) override {
    if (fresh) {
      progress_.finish(row_text(entry, row), outcome_text(row));
    } else {
      progress_.skip(1);
    }
  }
  void waits(const std::string& line) override { progress_.message(line); }

 private:
  Progress& progress_;
};

void print_result(const measure::RunResult& result, const Plan& plan, const Context& context) {
  const bool for_people = is_for_people(context.format());
  const std::vector<Table> tables = for_people ? report::measured_tables(plan.report, result.rows, context.format()) : std::vector<Table>();
  if (tables.empty()) context.write(report::rows_table(result.rows, context.format()));
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (i > 0) context.out << '\n';
    context.write(tables[i]);
  }
  std::map<std::string, int> counts;
  for (const measure::Row& row : result.rows) ++counts[row.verdict.value_or(row.status)];
  std::string text;
  for (const auto& [name, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
  context.say(fmt::format("{} rows: {}; kept in {}", result.rows.size(), text, context.database));
  if (counts.contains("unstable")) {
    const std::string store = context.database == kDefaultDatabase ? "" : " --db " + shell_quote(context.database);
    context.say(
        fmt::format("unstable rows say why in `inferometer results --format json{}`; `--retry unstable` measures them again", store));
  }
}

std::string kept_of(const RunCommand& command) {
  return command.runner.again ? "what was measured is kept; with --again the same command measures rows that are done once more"
                              : "what was measured is kept; the same command goes on";
}

[[noreturn]] void say_interrupted(const std::string& how_far, const RunCommand& command) {
  throw Error(ErrorCode::interrupted, "interrupted after " + how_far, kept_of(command));
}

void search(const RunCommand& command, const measure::EngineCatalog& catalog, Context& context) {
  for (const auto& [conflicts, name] : {std::pair{!command.study_path.empty(), "a study"}, std::pair{command.dry_run, "--dry-run"},
                                        std::pair{command.limit > 0, "--limit"}, std::pair{command.layers, "--layers"}}) {
    if (conflicts) throw Error(ErrorCode::usage, fmt::format("--search-throughput does not go with {}", name), "give --model and --engine");
  }
  refuse_study_evaluation_options(command.evaluations, "does not go with --search-throughput");
  const auto& given = command.options.given;
  if (!given.contains("--model")) throw Error(ErrorCode::usage, "nothing to search", "name models with --model");
  measure::RunSpec spec = run_spec(command.options);
  if (!given.contains("--mode")) spec.mode = measure::Mode::throughput;
  const auto is_given = [&](const char* option) { return given.contains(option); };
  const measure::Platform platform = measure::read_platform();
  store::Store store = open_to_write(context);
  StoreLedger ledger(store, store.save_platform(platform.identity, platform.name, platform.details_json));
  SearchedEntries searched;
  {
    Progress progress(context.messages, progress_style(context.quiet), most_measurements(spec, is_given, catalog.engines));
    ProgressObserver observer(progress);
    const auto measure_plan = [&](const std::vector<measure::PlannedEntry>& plan) {
      return measure::run_plan(plan, catalog, platform, ledger, command.runner, observer);
    };
    searched = search_entries(spec, is_given, catalog.engines, measure_plan);
  }
  for (measure::Row& row : searched.rows) store.add_accuracy(row);
  context.write(report::rows_table(searched.rows, context.format()));
  for (const std::string& line : searched.summaries) context.say(line);
  if (searched.interrupted) say_interrupted(fmt::format("{} searches", searched.summaries.size() / 2), command);
  if (searched.rows.empty()) context.exit_code = 1;
}

void measure_plan(const RunCommand& command, const Plan& plan, const EvaluationPlace& place, Context& context) {
  StoreLedger ledger(place.store, place.platform_id);
  measure::RunResult result;
  {
    Progress progress(context.messages, progress_style(context.quiet), plan.entries.size());
    ProgressObserver observer(progress);
    result = measure::run_plan(plan.entries, place.catalog, place.platform, ledger, command.runner, observer);
  }
  for (measure::Row& row : result.rows) place.store.add_accuracy(row);
  const bool nothing_to_show = result.interrupted && result.rows.empty() && is_for_people(context.format());
  if (!nothing_to_show && (!command.layers || is_for_people(context.format()))) print_result(result, plan, context);
  if (result.interrupted) {
    say_interrupted(fmt::format("{} of {} rows", result.rows.size(), plan.entries.size()), command);
  }
  if (std::any_of(result.rows.begin(), result.rows.end(), measure::is_bad)) context.exit_code = 1;
  if (!command.layers) return;
  const auto time = [&] {
    return time_layers(plan.entries, command.runner.again, place.catalog, place.platform, place.platform_id, place.store, context);
  };
  const LayerTimes layers = told_when_stopped(time, [&] { return kept_of(command); });
  if (is_for_people(context.format())) context.out << '\n';
  print_layers(layers, context);
  if (layers.failed) context.exit_code = 1;
}

/// A format for programs holds one table: that of the evaluations where nothing else is asked for.
void evaluate_plans(const RunCommand& command, const Plan& plan, const EvaluationPlace& place, Context& context) {
  const KeptEvaluations kept = command.runner.again ? KeptEvaluations::again : KeptEvaluations::taken;
  const std::vector<measure::Evaluated> evaluated = do_study_evaluations(plan.evaluations, kept, place, context);
  if (std::any_of(evaluated.begin(), evaluated.end(), [](const measure::Evaluated& each) { return is_bad(each); })) context.exit_code = 1;
  const bool for_people = is_for_people(context.format());
  if (for_people ? evaluated.empty() : !plan.entries.empty()) return;
  std::vector<measure::EvaluationRow> rows;
  for (const measure::Evaluated& each : evaluated) rows.push_back(each.row);
  if (!plan.entries.empty()) context.out << '\n';
  context.write(evaluations_table(rows, context.format()));
}

void run(const RunCommand& command, Context& context) {
  install_interrupt_handler();
  const measure::EngineCatalog catalog = measure::ask_engines(engine::plugin_folder());
  if (command.search_throughput) {
    search(command, catalog, context);
    return;
  }
  const Plan plan = make_plan(command, catalog, context);
  if (plan.left_out > 0) {
    const std::size_t left = plan.entries.size() + evaluation_count(plan);
    context.say(fmt::format("--limit: the first {} of {} entries of the plan", left, left + plan.left_out));
  }
  if (command.dry_run) {
    print_plan(plan, context);
    return;
  }
  const measure::Platform platform = measure::read_platform();
  store::Store store = open_to_write(context);
  const EvaluationPlace place{catalog, platform, store.save_platform(platform.identity, platform.name, platform.details_json), store};
  if (!plan.entries.empty() || plan.evaluations.empty()) measure_plan(command, plan, place, context);
  if (!plan.evaluations.empty()) evaluate_plans(command, plan, place, context);
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("run", "Measure networks on engines; entries already in the store are not measured again");
  const auto state = std::make_shared<RunCommand>();
  command->add_option("STUDY", state->study_path, "A study file; options below change all of its runs")->type_name("STUDY.toml");
  add_run_options(*command, state->options);
  add_study_evaluation_options(*command, state->evaluations);
  command->add_option("--only", state->only, "Only these [[run]]s and [[evaluate]]s of the study")->delimiter(',')->type_name("NAME");
  command->add_option("--limit", state->limit, "Only the first so many entries of the plan")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  command->add_option("--order-seed", state->runner.order_seed, "Seed of the shuffled order of measurements")->type_name("SEED");
  command->add_flag("--again", state->runner.again, "Measure entries that the store has too");
  const auto retry = std::make_shared<std::string>();
  command->add_option("--retry", *retry, "Measure again what is unstable; failed and timed-out entries always are")
      ->check(CLI::IsMember({"unstable"}))
      ->type_name("unstable");
  command->add_flag("--search-throughput", state->search_throughput,
                    "Find the threads, streams, requests and batch of most images a second with few measurements");
  command->add_flag("--layers", state->layers,
                    "Also time every layer, in a start of its own for each entry; programs get the layers' table");
  command->add_flag("--dry-run", state->dry_run, "Print the plan and measure nothing");
  command->footer(
      example_footer("inferometer run --model 'resnet*,vgg16' --engine onnxruntime,openvino --batch 1-8*2\n"
                     "  inferometer run studies/quick.toml --dry-run"));
  command->callback([state, retry, &context] {
    state->runner.retry_unstable = !retry->empty();
    run(*state, context);
  });
}

}  // namespace inferometer::cli
