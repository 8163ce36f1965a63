#include "cli/study_report_blocks.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/study_keys.h"
#include "cli/study_values.h"
#include "report/rows.h"

namespace inferometer::cli {
namespace {

const BlockRule& rule_of(std::string_view name) {
  const auto rules = block_rules();
  return *std::find_if(rules.begin(), rules.end(), [&](const BlockRule& rule) { return rule.name == name; });
}

/// Layer times have a table of their own, and their figure draws from no other.
std::string usual_source(const toml::table& block) {
  const bool layers = block["type"].value_or(std::string()) == report::kFromLayers;
  return std::string(layers ? report::kFromLayers : report::kFromRows);
}

StudySource source_of(const toml::table& block, const report::StudyPlan& plan) {
  StudySource source;
  source.names = {std::string(report::kFromRows), std::string(report::kFromNetworks), std::string(report::kFromLayers),
                  std::string(report::kFromPictures), std::string(report::kFromTrainings)};
  for (const report::PublishedSpec& published : plan.published) source.names.push_back(published.name);
  const std::string from = block["from"].value_or(usual_source(block));
  source.columns = report::known_columns(from);
  if (from == report::kFromRows) {
    for (const report::ColumnSpec& column : plan.columns) source.columns.push_back(column.name);
  }
  return source;
}

report::StudyBlock read_block(const StudyFile& file, const toml::table& block, const BlockRule& rule, const report::StudyPlan& plan) {
  const nlohmann::ordered_json json = checked_block(file, block, rule.keys, source_of(block, plan));
  if (!rule.types.empty()) {
    const std::string type = json.at("type").get<std::string>();
    const std::vector<std::string> types(rule.types.begin(), rule.types.end());
    if (std::find(types.begin(), types.end(), type) == types.end()) {
      std::string hint = did_you_mean(type, types);
      file.fail(file.place(block.source()), fmt::format("unknown {} type '{}'", rule.name, one_line(type, 60)),
                (hint.empty() ? "" : hint + "; ") + "known types: " + join(types, ", "));
    }
  }
  try {
    return {rule.make(json), json.value("from", usual_source(block)), static_cast<std::size_t>(block.source().begin.line)};
  } catch (const Error& error) {
    file.fail(file.place(block.source()), error.what(), error.hint());
  }
}

}  // namespace

report::PublishedSpec read_published(const StudyFile& file, const toml::table& block) {
  const nlohmann::ordered_json json = checked_block(file, block, rule_of("published").keys, {});
  const std::filesystem::path path = json.at("file").get<std::string>();
  report::PublishedSpec spec{path, json.value("name", path.stem().string()), static_cast<std::size_t>(block.source().begin.line)};
  if (report::is_source(spec.name))
    file.fail(file.place(block.source()), fmt::format("'{}' is no name for a table: it has a meaning", spec.name), "give it another name");
  return spec;
}

report::ColumnSpec read_column(const StudyFile& file, const toml::table& block) {
  const nlohmann::ordered_json json = checked_block(file, block, rule_of("column").keys, {});
  report::ColumnSpec spec;
  spec.name = json.at("name");
  spec.of = json.at("of");
  spec.values = json.at("values").get<std::map<std::string, std::string>>();
  spec.other = json.value("other", std::string());
  spec.line = static_cast<std::size_t>(block.source().begin.line);
  const std::vector<std::string> taken = report::known_columns(report::kFromRows);
  if (std::find(taken.begin(), taken.end(), spec.name) != taken.end())
    file.fail(file.place(block.source()), fmt::format("the rows have a column '{}' already", one_line(spec.name, 60)),
              "give it another name");
  require_known(file, file.place(block.source()) + ": of", spec.of, taken);
  return spec;
}

void read_report_blocks(const StudyFile& file, const toml::table& root, report::StudyPlan& plan) {
  std::vector<std::pair<toml::source_position, report::StudyBlock>> read;
  for (const auto& [key, node] : root) {
    const auto rules = block_rules();
    const auto rule = std::find_if(rules.begin(), rules.end(), [name = key.str()](const BlockRule& each) { return each.name == name; });
    if (rule == rules.end() || rule->make == nullptr) continue;
    for (const toml::table* block : file.blocks(key, node)) read.emplace_back(block->source().begin, read_block(file, *block, *rule, plan));
  }
  std::stable_sort(read.begin(), read.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [position, block] : read) plan.blocks.push_back(std::move(block));
}

}  // namespace inferometer::cli
