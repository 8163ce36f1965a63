#include "measure/row.h"

#include <cmath>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "measure/row_fields.h"

namespace inferometer::measure {
namespace {

// Every member is a multiple of the pointer's size, so a Row has no padding and its size tells whether the list is whole.
constexpr std::size_t size_of_fields() {
  std::size_t bytes = 0;
  for_each_row_field([&]<typename Value>(const RowField<Row, Value>&) { bytes += sizeof(Value); });
  return bytes;
}
static_assert(size_of_fields() == sizeof(Row), "a member of Row is missing from kRowFields");

template <typename Json>
void write(Json& json, const Row& row) {
  json = Json::object();
  for_each_row_field([&]<typename Value>(const RowField<Row, Value>& field) {
    const Value& value = row.*field.member;
    Json& slot = json[std::string(field.name)];
    if constexpr (std::is_same_v<Value, std::string> || std::is_same_v<Value, std::vector<std::string>>) {
      slot = value;
    } else if (value.has_value()) {
      slot = *value;
      // JSON has no word for these; null is what a figure that does not exist is called here.
      if constexpr (std::is_same_v<Value, std::optional<double>>) {
        if (!std::isfinite(*value)) slot = nullptr;
      }
    }
  });
}

[[noreturn]] void reject(std::string_view column, const std::string& expected, const nlohmann::json& value) {
  throw Error(ErrorCode::input, "row: " + std::string(column) + " is " + value.type_name() + " where " + expected + " is expected");
}

void read(const nlohmann::json& value, std::string& out, std::string_view column) {
  if (!value.is_string()) reject(column, "text", value);
  out = value.get<std::string>();
}

void read(const nlohmann::json& value, std::int64_t& out, std::string_view column) {
  const bool too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX};
  if (!value.is_number_integer() || too_large) reject(column, "a 64-bit integer", value);
  out = value.get<std::int64_t>();
}

void read(const nlohmann::json& value, double& out, std::string_view column) {
  if (!value.is_number()) reject(column, "a number", value);
  out = value.get<double>();
}

void read(const nlohmann::json& value, std::vector<std::string>& out, std::string_view column) {
  if (!value.is_array()) reject(column, "a list of text", value);
  out.clear();
  for (const nlohmann::json& element : value) read(element, out.emplace_back(), column);
}

template <typename Value>
void read(const nlohmann::json& value, std::optional<Value>& out, std::string_view column) {
  out.reset();
  if (!value.is_null()) read(value, out.emplace(), column);
}

}  // namespace

const std::vector<std::string>& row_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> names;
    for_each_row_field([&](const auto& field) { names.emplace_back(field.name); });
    return names;
  }();
  return columns;
}

std::optional<ColumnKind> column_kind(std::string_view name) {
  std::optional<ColumnKind> kind;
  for_each_row_field([&](const auto& field) {
    if (field.name == name) kind = kind_of(field.member);
  });
  return kind;
}

void to_json(nlohmann::json& json, const Row& row) { write(json, row); }
void to_json(nlohmann::ordered_json& json, const Row& row) { write(json, row); }

void from_json(const nlohmann::json& json, Row& row) {
  if (!json.is_object()) throw Error(ErrorCode::input, std::string("row: ") + json.type_name() + " where an object is expected");
  row = Row{};
  for_each_row_field([&](const auto& field) {
    const auto found = json.find(field.name);
    if (found != json.end()) read(*found, row.*field.member, field.name);
  });
}

}  // namespace inferometer::measure
