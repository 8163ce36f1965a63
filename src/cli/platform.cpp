#include "measure/platform.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/context.h"
#include "cli/subcommands.h"
#include "measure/meter.h"

namespace inferometer::cli {
namespace {

Cell cell_of(const nlohmann::ordered_json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return {};
  if (!value.is_array()) return value.dump();
  std::vector<std::string> list;
  for (const auto& part : value) list.push_back(part.is_string() ? part.get<std::string>() : part.dump());
  return list;
}

/// One line for each: "rapl: the processor and memory", "nvml: cannot be read: no NVIDIA GPU".
std::vector<std::string> meter_texts() {
  std::vector<std::string> texts;
  for (const measure::MeterFound& meter : measure::find_meters()) {
    const std::string covers = meter.covers.empty() ? "" : " (" + meter.covers + ")";
    texts.push_back(meter.readable ? meter.name + covers : fmt::format("{}{} cannot be read: {}", meter.name, covers, meter.reason));
  }
  return texts;
}

void print_platform(const Context& context) {
  const measure::Platform platform = measure::read_platform();
  std::vector<std::pair<std::string, Cell>> properties{{"name", platform.name}, {"identity", platform.identity}};
  const auto details = nlohmann::ordered_json::parse(platform.details_json);
  for (const auto& [key, value] : details.items()) properties.emplace_back(key, cell_of(value));
  const std::vector<std::string> meters = meter_texts();
  // People read one meter a line.
  if (is_for_people(context.format())) {
    for (const std::string& meter : meters) properties.emplace_back("power_meters", meter);
  } else {
    properties.emplace_back("power_meters", meters);
  }

  // One machine: people read it downwards, programs get one object.
  Table table;
  if (is_for_people(context.format())) {
    table.columns = {"property", "value"};
    for (auto& [key, value] : properties) table.rows.push_back({key, std::move(value)});
  } else {
    table.rows.emplace_back();
    for (auto& [key, value] : properties) {
      table.columns.push_back(key);
      table.rows.back().push_back(std::move(value));
    }
  }
  context.write(table);
}

}  // namespace

void add_platform(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("platform", "Show what is known of this machine");
  command->footer(example_footer("inferometer platform --format json"));
  command->callback([&context] { print_platform(context); });
}

}  // namespace inferometer::cli
