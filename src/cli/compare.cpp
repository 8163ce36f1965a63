#include "measure/compare.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "base/child_process.h"
#include "base/text.h"
#include "cli/compare_sides.h"
#include "cli/context.h"
#include "cli/open_store.h"
#include "cli/progress.h"
#include "cli/stopped.h"
#include "cli/subcommands.h"
#include "engine/loader.h"
#include "report/comparison.h"
#include "store/store.h"

namespace inferometer::cli {
namespace {

struct CompareCommand {
  RunOptions shared;
  std::array<std::string, measure::kSides> sides;
  measure::CompareOptions options;
  std::vector<std::string> metrics;
  bool one_pair = false;
  bool replicates_table = false;
  std::string folder;
};

std::string repro_of(const CompareCommand& command) {
  std::string text = "inferometer compare";
  for (const auto& [option, values] : command.shared.given) text += fmt::format(" {} {}", option, shell_quote(join(values, ",")));
  for (std::size_t side = 0; side < measure::kSides; ++side) {
    text += fmt::format(" --{} {}", measure::kSideNames[side], shell_quote(command.sides[side]));
  }
  const measure::CompareOptions& options = command.options;
  text +=
      fmt::format(" --replicates {} --blocks {} --block-s {} --seed {}", options.replicates, options.blocks, options.block_s, options.seed);
  if (!command.metrics.empty()) text += " --metrics " + join(command.metrics, ",");
  if (command.one_pair) text += " --one-pair";
  return text;
}

std::vector<measure::Metric> metrics_of(const std::vector<std::string>& names) {
  std::vector<measure::Metric> metrics;
  for (const std::string& name : names) {
    const measure::Metric metric = *measure::metric(name);  // checked while parsing
    if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end()) metrics.push_back(metric);
  }
  return metrics;
}

/// Core round trips that the store has seen on this machine; a comparison makes no store.
std::vector<double> known_roundtrips(const Context& context, const measure::Platform& platform) {
  if (!std::filesystem::exists(context.database)) return {};
  const store::Store store = open_existing(context.database);
  const auto id = store.platform(platform.identity);
  return id ? store.core_roundtrips(*id) : std::vector<double>{};
}

void compare(const CompareCommand& command, Context& context) {
  install_interrupt_handler();
  if (!command.folder.empty()) report::require_report_folder(command.folder);
  const measure::EngineCatalog catalog = measure::ask_engines(engine::plugin_folder());
  const auto entries = compared_entries(command.shared, command.sides, catalog.engines);
  measure::CompareOptions options = command.options;
  options.fresh_starts = !command.one_pair;
  if (!command.metrics.empty()) options.metrics = metrics_of(command.metrics);
  const measure::Platform platform = measure::read_platform();
  if (measure::identity(entries[0], platform.identity) == measure::identity(entries[1], platform.identity)) {
    context.say("--a and --b are the same entry: what is shown is how often chance alone looks like a difference");
  }
  const std::string text = fmt::format("{} against {}", measure::describe(entries[0]), measure::describe(entries[1]));
  measure::Comparison result;
  {
    Progress progress(context.messages, progress_style(context.quiet), options.replicates);
    const auto compared = [&] {
      return measure::compare(entries, catalog, platform, options, known_roundtrips(context, platform),
                              [&](std::size_t counted, std::size_t wanted) { progress.begin(text, counted, wanted); },
                              {[&](const std::string& line) { progress.message(line); }});
    };
    result = told_when_stopped(compared, [] { return "nothing is kept of a comparison that is stopped"; });
  }
  const std::string repro = repro_of(command);
  context.write(command.replicates_table ? report::replicates_table(result) : report::comparison_table(result, repro, context.format()));
  if (!command.folder.empty()) {
    const report::ReportFiles files = report::write_report(report::comparison_report(result, repro), command.folder, {});
    context.say(fmt::format("written: {}", files.page.string()));
  }
  if (measure::is_bad(result)) context.exit_code = 1;
}

std::string known_metric(const std::string& name) {
  if (measure::metric(name)) return {};
  return fmt::format("'{}' is none of per_image_ms, per_image_p90_ms, load_ms, model_memory_mb", one_line(name, 40));
}

}  // namespace

void add_compare(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("compare", "Measure two entries in turns: faster, slower, or no difference shown");
  const auto state = std::make_shared<CompareCommand>();
  add_run_options(*command, state->shared, {compared_options().begin(), compared_options().end()});
  const char* const kSideHelp[] = {"What the first entry has of its own: options below as key=value, separated by commas",
                                   "What the second has of its own; ratios are b / a"};
  for (std::size_t side = 0; side < measure::kSides; ++side) {
    command->add_option(fmt::format("--{}", measure::kSideNames[side]), state->sides[side], kSideHelp[side])
        ->required()
        ->type_name("KEY=VALUE,...");
  }
  measure::CompareOptions& options = state->options;
  command->add_option("--replicates", options.replicates, "Pairs of fresh starts (default: 10; 6 are the fewest)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  command->add_option("--blocks", options.blocks, "Blocks of each side in a replicate, in turns (default: 3)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  command->add_option("--block-s", options.block_s, "How long a block lasts (default: 0.2)")
      ->check(CLI::Range(0.001, 3600.0))
      ->type_name("SECONDS");
  command->add_option("--metrics", state->metrics, "What is compared (default: per_image_ms)")
      ->delimiter(',')
      ->check(known_metric)
      ->type_name("per_image_ms|per_image_p90_ms|load_ms|model_memory_mb");
  command->add_option("--seed", options.seed, "Seed of the order within pairs (default: 1)")
      ->check(CLI::Range(0, 2147483647))
      ->type_name("SEED");
  command->add_flag("--one-pair", state->one_pair, "All replicates from one pair of starts: quicker, and says nothing of other starts");
  command->add_flag("--replicates-table", state->replicates_table, "Print the replicates in place of the comparison");
  command->add_option("-o,--output", state->folder, "Also write a page with both tables and a figure here")->type_name("DIR");
  command->footer(
      example_footer("inferometer compare --model resnet18 --batch 4 --a engine=onnxruntime --b engine=openvino\n"
                     "  inferometer compare --model resnet18 --engine openvino --a batch=1 --b batch=8 -o comparison"));
  command->callback([state, &context] { compare(*state, context); });
}

}  // namespace inferometer::cli
