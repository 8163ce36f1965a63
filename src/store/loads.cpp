#include "store/loads.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/fields.h"
#include "store/query.h"

namespace inferometer::store {
namespace {

const std::string& column_list() {
  static const std::string list = join(load_columns(), ", ");
  return list;
}

}  // namespace

void insert_load(Database& database, const std::string& identity, std::int64_t platform_id, const LoadRow& row) {
  std::string marks;
  for (std::size_t i = 0; i < load_columns().size(); ++i) marks += ", ?";
  Statement insert =
      database.prepare(fmt::format("INSERT INTO loads(identity, platform_id, created_at, {}) VALUES (?, ?, ?{})", column_list(), marks));
  insert.with(std::string_view(identity), platform_id, std::string_view(utc_timestamp()));
  int parameter = 4;
  for_each_load_field([&](const auto& field) { bind_field(insert, parameter++, row.*field.member); });
  insert.run();
}

std::vector<LoadRow> read_loads(const Database& database, const LoadQuery& query) {
  Selection selection{"loads WHERE 1", {}};
  if (query.newest_only) selection.sql += " AND id IN (SELECT max(id) FROM loads GROUP BY identity)";
  for (const Condition& condition : query.where) append(selection, condition, load_column_set());
  selection.sql += " ORDER BY id";
  Statement statement = prepare(database, column_list(), selection);
  std::vector<LoadRow> rows;
  while (statement.step()) {
    LoadRow& row = rows.emplace_back();
    int column = 0;
    for_each_load_field([&](const auto& field) { read_field(statement, column++, database.name(), row.*field.member); });
  }
  return rows;
}

}  // namespace inferometer::store
