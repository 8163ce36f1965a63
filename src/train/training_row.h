/// One epoch of a training, with what was trained and how.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "measure/row_fields.h"
#include "train/task.h"
#include "train/training_state.h"

namespace inferometer::train {

/// Columns in the order of docs/training.md, which says what each one means. nullopt is JSON's null; accuracies are percent.
struct TrainingRow {
  std::string training, model;
  std::optional<std::int64_t> epoch, epochs;
  std::optional<double> learning_rate, train_loss, train_top1, validation_loss, validation_top1, validation_top1_low, validation_top1_high;
  std::optional<std::int64_t> best;  ///< 1: the best of all so far
  std::optional<std::int64_t> images, validation_images;
  std::optional<double> images_per_s, seconds;
  std::string engine, engine_version, device;
  std::optional<std::int64_t> threads, batch;
  std::string optimizer, schedule, weights;
  std::optional<std::int64_t> seed, classes, input;
  std::optional<std::int64_t> parameters;
  std::string data, data_sha256, validation_data;
  std::string folder, platform, started_at, repro, inferometer_version;
};

/// Every field of TrainingRow in column order; training_row.cpp checks that none is missing.
inline constexpr std::tuple kTrainingFields{
    measure::RowField{"training", &TrainingRow::training},
    measure::RowField{"model", &TrainingRow::model},
    measure::RowField{"epoch", &TrainingRow::epoch},
    measure::RowField{"epochs", &TrainingRow::epochs},
    measure::RowField{"learning_rate", &TrainingRow::learning_rate},
    measure::RowField{"train_loss", &TrainingRow::train_loss},
    measure::RowField{"train_top1", &TrainingRow::train_top1},
    measure::RowField{"validation_loss", &TrainingRow::validation_loss},
    measure::RowField{"validation_top1", &TrainingRow::validation_top1},
    measure::RowField{"validation_top1_low", &TrainingRow::validation_top1_low},
    measure::RowField{"validation_top1_high", &TrainingRow::validation_top1_high},
    measure::RowField{"best", &TrainingRow::best},
    measure::RowField{"images", &TrainingRow::images},
    measure::RowField{"validation_images", &TrainingRow::validation_images},
    measure::RowField{"images_per_s", &TrainingRow::images_per_s},
    measure::RowField{"seconds", &TrainingRow::seconds},
    measure::RowField{"engine", &TrainingRow::engine},
    measure::RowField{"engine_version", &TrainingRow::engine_version},
    measure::RowField{"device", &TrainingRow::device},
    measure::RowField{"threads", &TrainingRow::threads},
    measure::RowField{"batch", &TrainingRow::batch},
    measure::RowField{"optimizer", &TrainingRow::optimizer},
    measure::RowField{"schedule", &TrainingRow::schedule},
    measure::RowField{"weights", &TrainingRow::weights},
    measure::RowField{"seed", &TrainingRow::seed},
    measure::RowField{"classes", &TrainingRow::classes},
    measure::RowField{"input", &TrainingRow::input},
    measure::RowField{"parameters", &TrainingRow::parameters},
    measure::RowField{"data", &TrainingRow::data},
    measure::RowField{"data_sha256", &TrainingRow::data_sha256},
    measure::RowField{"validation_data", &TrainingRow::validation_data},
    measure::RowField{"folder", &TrainingRow::folder},
    measure::RowField{"platform", &TrainingRow::platform},
    measure::RowField{"started_at", &TrainingRow::started_at},
    measure::RowField{"repro", &TrainingRow::repro},
    measure::RowField{"inferometer_version", &TrainingRow::inferometer_version},
};

/// Call `visit(field)` for every field in column order.
template <typename Visitor>
constexpr void for_each_training_field(Visitor&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, kTrainingFields);
}

const std::vector<std::string>& training_columns();

/// The kind of a column; nullopt when TrainingRow has no such column.
std::optional<measure::ColumnKind> training_column_kind(std::string_view name);

/// The figures of an epoch into a row that has the training's own.
void fill_figures(TrainingRow& row, const EpochRecord& record);

}  // namespace inferometer::train
