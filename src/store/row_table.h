/// Keep rows in a table that has a column for each of their fields, and read them back. Header only.
///
/// Internal to the store. `fields` calls its argument for every field of a row: measure::for_each_layer_field and the like.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "store/fields.h"
#include "store/query.h"
#include "store/sqlite.h"

namespace inferometer::store {

/// "INSERT INTO table(keys..., columns...) VALUES (...)": bind the keys, then bind_columns().
inline Statement prepare_insert(const Database& database, std::string_view table, std::vector<std::string> keys,
                                const std::vector<std::string>& columns) {
  keys.insert(keys.end(), columns.begin(), columns.end());
  return database.prepare(
      fmt::format("INSERT INTO {}({}) VALUES ({})", table, join(keys, ", "), join(std::vector<std::string>(keys.size(), "?"), ", ")));
}

/// @param parameter  of the first column
template <typename Row, typename Fields>
void bind_columns(Statement& statement, int parameter, const Row& row, Fields fields) {
  fields([&](const auto& field) { bind_field(statement, parameter++, row.*field.member); });
}

template <typename Row, typename Fields>
std::vector<Row> read_rows(const Database& database, const Selection& selection, const std::vector<std::string>& columns, Fields fields) {
  Statement statement = prepare(database, join(columns, ", "), selection);
  std::vector<Row> rows;
  while (statement.step()) {
    Row& row = rows.emplace_back();
    int column = 0;
    fields([&](const auto& field) { read_field(statement, column++, database.name(), row.*field.member); });
  }
  return rows;
}

}  // namespace inferometer::store
