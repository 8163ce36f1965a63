#include "store/layers.h"

#include "base/clock.h"
#include "store/row_table.h"

namespace inferometer::store {
namespace {

using measure::LayerRow;

constexpr auto kFields = [](auto&& visit) { measure::for_each_layer_field(visit); };

}  // namespace

void insert_layers(Database& database, const std::string& identity, std::int64_t platform_id, const std::vector<LayerRow>& rows) {
  Statement newest = database.prepare("SELECT coalesce(max(profile), 0) FROM layers");
  newest.step();
  const std::int64_t profile = newest.integer(0) + 1;
  const std::string now = utc_timestamp();
  for (const LayerRow& row : rows) {
    Statement insert = prepare_insert(database, "layers", {"identity", "platform_id", "profile", "created_at"}, measure::layer_columns());
    insert.with(std::string_view(identity), platform_id, profile, std::string_view(now));
    bind_columns(insert, 5, row, kFields);
    insert.run();
  }
}

std::vector<LayerRow> read_layers(const Database& database, const LayerQuery& query) {
  Selection selection{"layers WHERE 1", {}};
  if (query.newest_only) selection.sql += " AND profile IN (SELECT max(profile) FROM layers GROUP BY identity)";
  append_identities(selection, query.identities);
  for (const Condition& condition : query.where) append(selection, condition, layer_column_set());
  selection.sql += " ORDER BY profile, position";
  return read_rows<LayerRow>(database, selection, measure::layer_columns(), kFields);
}

bool has_layers(const Database& database, const std::string& identity) {
  Statement statement = database.prepare("SELECT 1 FROM layers WHERE identity = ? LIMIT 1");
  return statement.with(std::string_view(identity)).step();
}

}  // namespace inferometer::store
