#include "store/loads.h"

#include "base/clock.h"
#include "store/row_table.h"

namespace inferometer::store {
namespace {

constexpr auto kFields = [](auto&& visit) { for_each_load_field(visit); };

}  // namespace

void insert_load(Database& database, const std::string& identity, std::int64_t platform_id, const LoadRow& row) {
  Statement insert = prepare_insert(database, "loads", {"identity", "platform_id", "created_at"}, load_columns());
  insert.with(std::string_view(identity), platform_id, std::string_view(utc_timestamp()));
  bind_columns(insert, 4, row, kFields);
  insert.run();
}

std::vector<LoadRow> read_loads(const Database& database, const LoadQuery& query) {
  Selection selection{"loads WHERE 1", {}};
  if (query.newest_only) selection.sql += " AND id IN (SELECT max(id) FROM loads GROUP BY identity)";
  for (const Condition& condition : query.where) append(selection, condition, load_column_set());
  selection.sql += " ORDER BY id";
  return read_rows<LoadRow>(database, selection, load_columns(), kFields);
}

}  // namespace inferometer::store
