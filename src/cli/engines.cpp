#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/context.h"
#include "cli/subcommands.h"
#include "engine/loader.h"
#include "measure/engines_here.h"

namespace inferometer::cli {
namespace {

std::vector<std::string> device_names(const engine::EngineInfo& info) {
  std::vector<std::string> names;
  for (const engine::DeviceInfo& device : info.devices) names.push_back(device.name);
  return names;
}

/// One for each device: "cuda:0: fp32 fp16".
std::vector<std::string> precision_texts(const engine::EngineInfo& info) {
  std::vector<std::string> texts;
  for (const engine::DeviceInfo& device : info.devices) texts.push_back(device.name + ": " + join(device.precisions, " "));
  return texts;
}

void list_engines(const Context& context) {
  Table table;
  table.columns = {"engine", "version", "built", "loadable", "usable", "reason", "devices", "precisions"};
  for (const measure::EngineHere& here : measure::ask_engines(engine::plugin_folder()).engines) {
    const auto text = [](const std::string& value) { return value.empty() ? Cell() : Cell(value); };
    table.rows.push_back({here.info.name, text(here.info.version), here.built, here.loadable, here.info.usable,
                          text(here.info.usable ? "" : here.info.reason), device_names(here.info), precision_texts(here.info)});
  }
  context.write(table);
}

}  // namespace

void add_engines(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("engines", "List the engines: built, loadable and usable here, with the reason when not");
  command->footer(example_footer("inferometer engines --format json"));
  command->callback([&context] { list_engines(context); });
}

}  // namespace inferometer::cli
