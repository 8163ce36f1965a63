#include "cli/study_values.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "measure/row_fields.h"
#include "report/frame_where.h"
#include "report/rows.h"

namespace inferometer::cli {
namespace {

std::string condition(const StudyFile& file, const toml::key& key, const std::string& text, const std::vector<std::string>& known) {
  try {
    for (const std::string& column : report::where_columns(text)) require_known(file, file.where(key), column, known);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::usage) throw;
    file.fail(file.where(key), error.what(), error.hint());
  }
  return text;
}

}  // namespace

void require_known(const StudyFile& file, const std::string& at, const std::string& name, const std::vector<std::string>& known) {
  if (known.empty() || std::find(known.begin(), known.end(), name) != known.end()) return;
  std::string hint = did_you_mean(name, known);
  if (hint.empty()) hint = "docs/columns.md and docs/studies.md list the columns";
  file.fail(at, fmt::format("there is no column '{}'", one_line(name, 60)), hint);
}

nlohmann::ordered_json checked_value(const StudyFile& file, const toml::key& key, const toml::node& node, ValueKind kind,
                                     const StudySource& source) {
  switch (kind) {
    case ValueKind::text: return file.text(key, node);
    case ValueKind::file: return file.beside_study(file.text(key, node)).string();
    case ValueKind::condition: return condition(file, key, file.text(key, node), source.columns);
    case ValueKind::number: return file.finite(key, node);
    case ValueKind::source: {
      const std::string name = file.text(key, node);
      if (std::find(source.names.begin(), source.names.end(), name) == source.names.end()) {
        std::string hint = did_you_mean(name, source.names);
        file.fail(file.where(key), fmt::format("there is no table '{}'", one_line(name, 60)),
                  hint.empty() ? "known: " + join(source.names, ", ") : hint);
      }
      return name;
    }
    case ValueKind::column:
    case ValueKind::numeric_column: {
      const std::string name = file.text(key, node);
      require_known(file, file.where(key), name, source.columns);
      const auto held = measure::column_kind(name);
      if (kind == ValueKind::numeric_column && held && !report::is_numeric_column(name))
        file.fail(file.where(key), fmt::format("the column '{}' holds no numbers", name), "per_image_ms is the usual one");
      return name;
    }
    case ValueKind::columns: {
      std::vector<std::string> names = file.texts(key, node);
      for (const std::string& name : names) require_known(file, file.where(key), name, source.columns);
      return names;
    }
    case ValueKind::flag: {
      const auto value = node.value_exact<bool>();
      if (!value) file.wrong_type(key, node, "true or false");
      return *value;
    }
    case ValueKind::integer: {
      const auto value = node.value_exact<std::int64_t>();
      if (!value) file.wrong_type(key, node, "a whole number");
      if (*value < 0) file.fail(file.where(key), "must not be below 0");
      return *value;
    }
    case ValueKind::fit: {
      if (node.is_string()) return {{"model", file.text(key, node)}};
      const toml::table* table = node.as_table();
      if (table == nullptr) file.wrong_type(key, node, "a model's name, or a table such as { model = \"logarithmic\", bands = true }");
      return checked_block(file, *table, fit_keys(), source);
    }
    case ValueKind::marks: {
      constexpr const char* kExpected = "a list such as [{ at = 25, label = \"25 fps\" }]";
      if (!node.is_array()) file.wrong_type(key, node, kExpected);
      nlohmann::ordered_json list = nlohmann::ordered_json::array();
      for (const toml::node& part : *node.as_array()) {
        if (!part.is_table()) file.wrong_type(key, part, kExpected);
        list.push_back(checked_block(file, *part.as_table(), mark_keys(), source));
      }
      return list;
    }
    case ValueKind::words: break;
  }
  const toml::table* table = node.as_table();
  if (table == nullptr) file.wrong_type(key, node, "a table of strings such as { Nano = \"GPU\" }");
  nlohmann::ordered_json words = nlohmann::ordered_json::object();
  for (const auto& [word, meaning] : *table) words[std::string(word.str())] = file.text(word, meaning);
  return words;
}

nlohmann::ordered_json checked_block(const StudyFile& file, const toml::table& block, std::span<const KeyRule> rules,
                                     const StudySource& source) {
  std::vector<std::string> known;
  for (const KeyRule& rule : rules) known.emplace_back(rule.key);
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [key, node] : block) {
    const auto rule = std::find_if(rules.begin(), rules.end(), [name = key.str()](const KeyRule& each) { return each.key == name; });
    if (rule == rules.end()) file.unknown_key(key, known);
    json[std::string(key.str())] = checked_value(file, key, node, rule->kind, source);
  }
  for (const KeyRule& rule : rules) {
    if (rule.required && !json.contains(rule.key))
      file.fail(file.place(block.source()), fmt::format("the key '{}' is missing here", rule.key));
  }
  return json;
}

}  // namespace inferometer::cli
