#include "train/training_row.h"

#include "stats/sample.h"

namespace inferometer::train {
namespace {

constexpr std::size_t size_of_fields() {
  std::size_t bytes = 0;
  for_each_training_field([&]<typename Value>(const measure::RowField<TrainingRow, Value>&) { bytes += sizeof(Value); });
  return bytes;
}
static_assert(size_of_fields() == sizeof(TrainingRow), "a member of TrainingRow is missing from kTrainingFields");

double percent(std::int64_t part, std::int64_t whole) { return 100 * static_cast<double>(part) / static_cast<double>(whole); }

}  // namespace

const std::vector<std::string>& training_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> names;
    for_each_training_field([&](const auto& field) { names.emplace_back(field.name); });
    return names;
  }();
  return columns;
}

std::optional<measure::ColumnKind> training_column_kind(std::string_view name) {
  std::optional<measure::ColumnKind> kind;
  for_each_training_field([&](const auto& field) {
    if (field.name == name) kind = measure::kind_of(field.member);
  });
  return kind;
}

void fill_figures(TrainingRow& row, const EpochRecord& record) {
  row.epoch = record.epoch;
  row.learning_rate = record.learning_rate;
  row.train_loss = record.loss;
  row.train_top1 = percent(record.correct, record.images);
  row.images = record.images;
  row.best = record.best ? 1 : 0;
  row.threads = record.threads;
  row.engine_version = record.engine_version;
  row.seconds = record.seconds;
  row.images_per_s.reset();
  if (record.seconds > 0) row.images_per_s = static_cast<double>(record.images) / record.seconds;
  row.validation_images = record.validation_images;
  if (record.validation_images == 0) return;
  row.validation_loss = record.validation_loss;
  row.validation_top1 = percent(record.validation_correct, record.validation_images);
  const stats::Interval interval = *stats::wilson_interval(record.validation_correct, record.validation_images);
  row.validation_top1_low = 100 * interval.low;
  row.validation_top1_high = 100 * interval.high;
}

}  // namespace inferometer::train
