#include "store/fields.h"

#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace inferometer::store {

using nlohmann::json;

void bind_field(Statement& statement, int parameter, const std::string& value) { statement.bind(parameter, std::string_view(value)); }

void bind_field(Statement& statement, int parameter, const std::vector<std::string>& lines) {
  statement.bind(parameter, std::string_view(json(lines).dump(-1, ' ', false, json::error_handler_t::replace)));
}

void bind_field(Statement& statement, int parameter, const std::optional<std::string>& value) {
  if (value)
    bind_field(statement, parameter, *value);
  else
    statement.bind(parameter, nullptr);
}

void bind_field(Statement& statement, int parameter, const std::optional<std::int64_t>& value) { statement.bind(parameter, value); }
void bind_field(Statement& statement, int parameter, const std::optional<double>& value) { statement.bind(parameter, value); }

void read_field(const Statement& statement, int column, const std::string&, std::string& out) { out = statement.text(column); }

void read_field(const Statement& statement, int column, const std::string&, std::optional<std::string>& out) {
  if (!statement.is_null(column)) out = statement.text(column);
}

void read_field(const Statement& statement, int column, const std::string&, std::optional<std::int64_t>& out) {
  if (!statement.is_null(column)) out = statement.integer(column);
}

void read_field(const Statement& statement, int column, const std::string&, std::optional<double>& out) {
  if (!statement.is_null(column)) out = statement.number(column);
}

void read_field(const Statement& statement, int column, const std::string& file, std::vector<std::string>& out) {
  const std::string_view text = statement.text(column);
  if (text == "[]") return;  // nearly all of them
  try {
    json::parse(text).get_to(out);
  } catch (const json::exception&) {
    throw Error(ErrorCode::input, fmt::format("{} is damaged: a row's list of notes or reasons is no JSON list of text", file),
                "restore it from a copy");
  }
}

}  // namespace inferometer::store
