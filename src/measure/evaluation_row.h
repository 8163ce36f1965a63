/// One evaluated model: how often it was right, on what, and how surely.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "measure/row_fields.h"

namespace inferometer::measure {

/// Columns in the order of docs/evaluating.md. nullopt is JSON's null. Percent is 0 to 100; limits are Wilson's at 95 %.
struct EvaluationRow {
  std::string model, engine, precision;
  std::optional<std::int64_t> images;          ///< that were answered
  std::optional<std::int64_t> skipped_images;  ///< damaged
  std::optional<std::int64_t> correct_top1, correct_top5;
  std::optional<double> top1, top1_low, top1_high, top5, top5_low, top5_high;           ///< percent
  std::optional<double> accuracy_density, accuracy_density_low, accuracy_density_high;  ///< percent per million parameters
  std::optional<double> images_per_s;                                                   ///< decoding, preprocessing and inference together
  std::string status;
  std::vector<std::string> reasons, notes;
  std::string model_sha256;
  std::optional<std::int64_t> parameters, macs, input_height, input_width;
  std::string engine_version, engine_settings, device, precision_requested;
  std::optional<std::int64_t> threads, streams, batch;
  std::string data, data_sha256, preprocessing;
  std::optional<std::int64_t> class_offset;       ///< what is added to a label to find the network's output
  std::optional<std::int64_t> absent_images;      ///< named by the labels, not there
  std::optional<std::int64_t> unlabelled_images;  ///< there, not named by the labels
  std::optional<double> load_ms;
  std::string platform, started_at, inferometer_version;
};

/// Every field of EvaluationRow in column order; evaluation_row.cpp checks that none is missing.
inline constexpr std::tuple kEvaluationFields{
    RowField{"model", &EvaluationRow::model},
    RowField{"engine", &EvaluationRow::engine},
    RowField{"precision", &EvaluationRow::precision},
    RowField{"images", &EvaluationRow::images},
    RowField{"skipped_images", &EvaluationRow::skipped_images},
    RowField{"correct_top1", &EvaluationRow::correct_top1},
    RowField{"correct_top5", &EvaluationRow::correct_top5},
    RowField{"top1", &EvaluationRow::top1},
    RowField{"top1_low", &EvaluationRow::top1_low},
    RowField{"top1_high", &EvaluationRow::top1_high},
    RowField{"top5", &EvaluationRow::top5},
    RowField{"top5_low", &EvaluationRow::top5_low},
    RowField{"top5_high", &EvaluationRow::top5_high},
    RowField{"accuracy_density", &EvaluationRow::accuracy_density},
    RowField{"accuracy_density_low", &EvaluationRow::accuracy_density_low},
    RowField{"accuracy_density_high", &EvaluationRow::accuracy_density_high},
    RowField{"images_per_s", &EvaluationRow::images_per_s},
    RowField{"status", &EvaluationRow::status},
    RowField{"reasons", &EvaluationRow::reasons},
    RowField{"notes", &EvaluationRow::notes},
    RowField{"model_sha256", &EvaluationRow::model_sha256},
    RowField{"parameters", &EvaluationRow::parameters},
    RowField{"macs", &EvaluationRow::macs},
    RowField{"input_height", &EvaluationRow::input_height},
    RowField{"input_width", &EvaluationRow::input_width},
    RowField{"engine_version", &EvaluationRow::engine_version},
    RowField{"engine_settings", &EvaluationRow::engine_settings},
    RowField{"device", &EvaluationRow::device},
    RowField{"precision_requested", &EvaluationRow::precision_requested},
    RowField{"threads", &EvaluationRow::threads},
    RowField{"streams", &EvaluationRow::streams},
    RowField{"batch", &EvaluationRow::batch},
    RowField{"data", &EvaluationRow::data},
    RowField{"data_sha256", &EvaluationRow::data_sha256},
    RowField{"preprocessing", &EvaluationRow::preprocessing},
    RowField{"class_offset", &EvaluationRow::class_offset},
    RowField{"absent_images", &EvaluationRow::absent_images},
    RowField{"unlabelled_images", &EvaluationRow::unlabelled_images},
    RowField{"load_ms", &EvaluationRow::load_ms},
    RowField{"platform", &EvaluationRow::platform},
    RowField{"started_at", &EvaluationRow::started_at},
    RowField{"inferometer_version", &EvaluationRow::inferometer_version},
};

/// Call `visit(field)` for every field in column order.
template <typename Visitor>
constexpr void for_each_evaluation_field(Visitor&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, kEvaluationFields);
}

/// What one picture was given.
struct PictureAnswer {
  std::string picture;         ///< its name in the data set
  std::int64_t label = 0;      ///< the right class, as the data set has it
  std::int64_t predicted = 0;  ///< the best class, in the labels' numbering
  std::optional<double> right_probability;
};

/// An evaluation picture by picture.
struct AnsweredPictures {
  EvaluationRow evaluation;
  std::vector<PictureAnswer> answers;  ///< in the order of the data set
};

const std::vector<std::string>& evaluation_columns();

/// The kind of a column; nullopt when EvaluationRow has no such column.
std::optional<ColumnKind> evaluation_column_kind(std::string_view name);

/// SHA-256 (hex) of everything that decides the counts and the rate, with the machine's identity.
std::string identity(const EvaluationRow& row, const std::string& machine_identity);

}  // namespace inferometer::measure
