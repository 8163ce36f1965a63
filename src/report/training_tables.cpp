#include "report/training_tables.h"

#include "report/field_cells.h"

namespace inferometer::report {

Table epochs_table(const std::vector<train::TrainingRow>& rows, Format format) {
  Table table;
  if (is_for_people(format)) {
    table.columns = {"training",   "model",           "epoch",           "learning_rate",       "train_loss",
                     "train_top1", "validation_loss", "validation_top1", "validation_top1_low", "validation_top1_high",
                     "best",       "images_per_s"};
  } else {
    table.columns = train::training_columns();
  }
  for (const train::TrainingRow& row : rows)
    table.rows.push_back(field_cells(row, table.columns, [](auto&& visit) { train::for_each_training_field(visit); }));
  return table;
}

}  // namespace inferometer::report
