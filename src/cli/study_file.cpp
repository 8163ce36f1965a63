#include "cli/study_file.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::cli {
namespace {

std::string_view type_text(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

}  // namespace

std::string StudyFile::place(const toml::source_region& source) const {
  return fmt::format("{}:{}:{}", path_.string(), source.begin.line, source.begin.column);
}

std::string StudyFile::where(const toml::key& key) const { return fmt::format("{}: {}", place(key.source()), one_line(key.str(), 60)); }

void StudyFile::fail(const std::string& at, const std::string& message, std::string hint) const {
  throw Error(ErrorCode::input, fmt::format("{}: {}", at, message), std::move(hint));
}

void StudyFile::unknown_key(const toml::key& key, const std::vector<std::string>& known) const {
  std::string hint = did_you_mean(key.str(), known);
  if (hint.empty()) hint = "known keys: " + join(known, ", ");
  fail(place(key.source()), fmt::format("unknown key '{}'", one_line(key.str(), 60)), hint);
}

void StudyFile::wrong_type(const toml::key& key, const toml::node& node, std::string_view expected) const {
  fail(where(key), fmt::format("must be {}, not {}", expected, type_text(node)));
}

std::string StudyFile::text(const toml::key& key, const toml::node& node) const {
  const auto value = node.value_exact<std::string>();
  if (!value) wrong_type(key, node, "a string");
  return *value;
}

std::vector<std::string> StudyFile::texts(const toml::key& key, const toml::node& node) const {
  const toml::array* list = node.as_array();
  if (list == nullptr) {
    if (!node.is_string()) wrong_type(key, node, "a string or a list of strings");
    return {text(key, node)};
  }
  if (list->empty()) fail(where(key), "the list is empty");
  std::vector<std::string> values;
  for (const toml::node& part : *list) values.push_back(text(key, part));
  return values;
}

std::vector<const toml::table*> StudyFile::blocks(const toml::key& key, const toml::node& node) const {
  const toml::array* list = node.as_array();
  const std::string expected = fmt::format("written [[{0}]], once for each {0}", key.str());
  if (list == nullptr) wrong_type(key, node, expected);
  std::vector<const toml::table*> tables;
  for (const toml::node& part : *list) {
    if (!part.is_table()) wrong_type(key, part, expected);
    tables.push_back(part.as_table());
  }
  return tables;
}

double StudyFile::finite(const toml::key& key, const toml::node& node) const {
  if (!node.is_number()) wrong_type(key, node, "a number");
  const double value = *node.value<double>();
  if (!std::isfinite(value)) fail(where(key), "must be a finite number");
  return value;
}

}  // namespace inferometer::cli
