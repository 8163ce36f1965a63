#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/child_process.h"
#include "base/error.h"
#include "base/text.h"
#include "base/clock.h"
#include "cli/calibration_tables.h"
#include "cli/context.h"
#include "cli/lists.h"
#include "cli/progress.h"
#include "cli/run_options.h"
#include "cli/stopped.h"
#include "cli/subcommands.h"
#include "engine/loader.h"
#include "measure/engines_here.h"
#include "measure/models.h"
#include "measure/plan.h"
#include "measure/platform.h"
#include "predict/calibration.h"
#include "predict/fit.h"

namespace inferometer::cli {
namespace {

constexpr std::string_view kOptions[] = {"--engine", "--device",         "--precision",         "--threads",
                                         "--cpus",   "--load-timeout-s", "--request-timeout-s", "--memory-limit-mib"};

struct CalibrateCommand {
  RunOptions shared;
  std::string batches = "1,8", probes = "default", networks, output;
  std::uint64_t seed = 1;
  bool networks_table = false;
};

predict::CalibrationPlan plan_of(const CalibrateCommand& command, const measure::EngineCatalog& catalog) {
  measure::RunSpec spec = run_spec(command.shared);
  if (spec.engines.size() != 1)
    throw Error(ErrorCode::usage, "--engine: one engine is calibrated at a time", "for example --engine onnxruntime");
  predict::CalibrationPlan plan;
  plan.batches = parse_integers(command.batches, kBatchLimits, "--batches");
  std::sort(plan.batches.begin(), plan.batches.end());
  plan.seed = command.seed;
  plan.probes = command.probes == "default" ? predict::kDefaultProbes
                : command.probes == "few"   ? predict::kFewProbes
                                            : static_cast<std::size_t>(parse_limited_integer(command.probes, {1, 100'000}, "--probes"));
  plan.networks =
      command.networks.empty() ? predict::default_networks() : measure::expand_names(parse_words(command.networks, "--networks"));
  // Any network stands for the entry: only its engine, device and settings are used.
  spec.models = {"lenet5"};
  const std::vector<measure::PlannedEntry> entries = measure::expand({spec}, catalog.engines, measure::MissingEngine::is_error);
  if (entries.size() != 1)
    throw Error(ErrorCode::usage, fmt::format("{} settings at once; a calibration has one", entries.size()), "give every option one value");
  if (entries.front().settled) throw Error(ErrorCode::input, entries.front().reason);
  plan.entry = entries.front().entry;
  return plan;
}

predict::Model model_of(const predict::CalibrationPlan& plan, const predict::Journal& journal, const measure::Platform& platform) {
  std::vector<std::string> left_out;
  predict::Model model =
      fit_model(observations_of(plan, summarize_timings(journal.timings()), predict::block_channels_here(), left_out), plan.batches);
  const measure::Entry& entry = plan.entry;
  model.engine = entry.engine;
  model.engine_version = entry.engine_version;
  model.engine_settings = entry.engine_settings;
  model.device = entry.device;
  model.precision = entry.precision;
  model.threads = entry.threads;
  model.machine = platform.identity;
  model.machine_name = platform.name;
  model.calibrated_at = utc_timestamp();
  model.inferometer_version = INFEROMETER_VERSION;
  model.left_out = std::move(left_out);
  return model;
}

void calibrate(const CalibrateCommand& command, Context& context) {
  install_interrupt_handler();
  const measure::EngineCatalog catalog = measure::ask_engines(engine::plugin_folder());
  const predict::CalibrationPlan plan = plan_of(command, catalog);
  if (command.output.empty() && !plan.entry.engine_settings.empty())
    throw Error(ErrorCode::usage,
                "-o: an engine with settings needs a file of its own, or `predict --engine` would take it for the plain one's",
                "-o FILE.json, then `predict --calibration FILE.json`");
  const measure::Platform platform = measure::read_platform();
  const measure::Entry& entry = plan.entry;
  const std::filesystem::path path = command.output.empty()
                                         ? predict::default_model_path(entry.engine, entry.device, entry.precision, entry.threads)
                                         : std::filesystem::path(command.output);
  predict::Journal journal(path.string() + ".timings", journal_key(plan, platform.identity));
  {
    Progress progress(context.messages, progress_style(context.quiet), 0);
    const auto time = [&] {
      time_missing(plan, catalog, journal,
                   [&](const std::string& what, std::size_t done, std::size_t all) { progress.begin(what, done, all); },
                   {[&](const std::string& line) { progress.message(line); }});
    };
    told_when_stopped(time, [] { return "what was timed is kept; the same command goes on"; });
  }
  const predict::Model model = model_of(plan, journal, platform);
  save_model(model, path);
  context.say(fmt::format("written: {}", path.string()));
  context.write(command.networks_table ? held_out_table(model) : scores_table(model));
}

}  // namespace

void add_calibrate(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("calibrate", "Time probes on an engine and fit the model that `predict` uses");
  const auto state = std::make_shared<CalibrateCommand>();
  add_run_options(*command, state->shared, {std::begin(kOptions), std::end(kOptions)});
  command->add_option("-o,--output", state->output, "The model to write; its timings are kept beside it (default: where `predict` looks)")
      ->type_name("FILE.json");
  command->add_option("--batches", state->batches, "Batches to time; predictions lie between them (default: 1,8)")->type_name("LIST");
  command->add_option("--probes", state->probes, "Micro-networks to time (default: 280)")->type_name("N|few");
  command
      ->add_option("--networks", state->networks, "Networks of the zoo that set the scale and the intervals (default: 20 of 13 families)")
      ->type_name("LIST");
  command->add_option("--seed", state->seed, "Seed of the probes' sizes and of the order (default: 1)")
      ->check(CLI::Range(0, 2147483647))
      ->type_name("SEED");
  command->add_flag("--networks-table", state->networks_table, "Print each network that was held out in place of the summary");
  command->footer(example_footer("inferometer calibrate --engine onnxruntime --threads 2"));
  command->callback([state, &context] { calibrate(*state, context); });
}

}  // namespace inferometer::cli
