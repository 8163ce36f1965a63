#include "measure/doctor.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/child_process.h"
#include "cli/context.h"
#include "cli/subcommands.h"
#include "engine/loader.h"
#include "measure/doctor_starts.h"
#include "measure/engines_here.h"

namespace inferometer::cli {
namespace {

struct DoctorCommand {
  double seconds = 20;
  int starts = 5;
};

/// For people effect and remedy are sentences below the table, which would be too wide with them.
Table findings_table(const std::vector<measure::Finding>& findings, bool for_people) {
  Table table;
  table.columns = {"check", "level", "figure"};
  if (!for_people) table.columns.insert(table.columns.end(), {"effect", "remedy"});
  const auto text = [](const std::string& value) { return value.empty() ? Cell() : Cell(value); };
  for (const measure::Finding& finding : findings) {
    std::vector<Cell>& row = table.rows.emplace_back();
    row = {finding.check, std::string(name_of(finding.level)), finding.figure};
    if (!for_people) row.insert(row.end(), {text(finding.effect), text(finding.remedy)});
    if (for_people && !finding.effect.empty())
      table.notes.push_back(fmt::format("{}: {}. What helps: {}.", finding.check, finding.effect, finding.remedy));
  }
  return table;
}

void examine(const DoctorCommand& command, Context& context) {
  install_interrupt_handler();
  context.say(fmt::format("watching this machine for {:g} s", command.seconds));
  measure::MachineReadings readings = measure::watch_machine(command.seconds, interrupt_requested);
  if (command.starts > 0) {
    context.say(fmt::format("measuring {} starts of a small network", command.starts));
    measure::measure_starts(measure::ask_engines(engine::plugin_folder()), command.starts, readings,
                            {[&](const std::string& line) { context.say(line); }});
  }
  const std::vector<measure::Finding> findings = measure::diagnose(readings);
  context.write(findings_table(findings, is_for_people(context.format())));
  const bool disturbed =
      std::any_of(findings.begin(), findings.end(), [](const measure::Finding& f) { return f.level == measure::FindingLevel::fault; });
  if (disturbed) context.exit_code = 1;
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("doctor", "Say what makes this machine unsteady, measured, and what helps");
  const auto state = std::make_shared<DoctorCommand>();
  command->add_option("--seconds", state->seconds, "How long the machine is watched (default: 20)")
      ->check(CLI::Range(0.2, 3600.0))
      ->type_name("SECONDS");
  command->add_option("--starts", state->starts, "Starts of a small network that are compared; 0: none (default: 5)")
      ->check(CLI::Range(0, 1000))
      ->type_name("N");
  command->footer(example_footer("inferometer doctor --seconds 60 --format json\n\nExit code 1: something disturbs measurements now."));
  command->callback([state, &context] { examine(*state, context); });
}

}  // namespace inferometer::cli
