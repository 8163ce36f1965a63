#include "store/trainings.h"

#include "base/clock.h"
#include "store/row_table.h"

namespace inferometer::store {
namespace {

using train::TrainingRow;

constexpr auto kFields = [](auto&& visit) { train::for_each_training_field(visit); };

}  // namespace

void replace_epoch(Database& database, std::int64_t platform_id, const TrainingRow& row) {
  Statement remove = database.prepare("DELETE FROM training_epochs WHERE training = ? AND epoch = ?");
  remove.with(std::string_view(row.training), row.epoch.value_or(0)).run();
  Statement insert = prepare_insert(database, "training_epochs", {"platform_id", "created_at"}, train::training_columns());
  insert.with(platform_id, std::string_view(utc_timestamp()));
  bind_columns(insert, 3, row, kFields);
  insert.run();
}

std::vector<TrainingRow> read_epochs(const Database& database, const TrainingQuery& query) {
  Selection selection{"training_epochs WHERE 1", {}};
  for (const Condition& condition : query.where) append(selection, condition, training_column_set());
  selection.sql += " ORDER BY (SELECT min(id) FROM training_epochs AS other WHERE other.training = training_epochs.training), epoch";
  return read_rows<TrainingRow>(database, selection, train::training_columns(), kFields);
}

}  // namespace inferometer::store
