/// Show evaluations as tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/context.h"
#include "measure/evaluation_row.h"
#include "measure/evaluator.h"

namespace inferometer::cli {

/// "resnet18 onnxruntime:graph=basic int8": what people are told of which evaluation it is; the precision is the one obtained.
std::string evaluation_name(const measure::EvaluationRow& row);

/// All columns for programs; for people a readable part with the settings in which rows differ that look alike, reasons and notes below.
Table evaluations_table(const std::vector<measure::EvaluationRow>& rows, Format format);

/// One line for each class that has images, of every evaluation that passed.
Table per_class_table(const std::vector<measure::Evaluated>& evaluated);

/// The probability that every evaluation gave each image's right class. `data` is the set that was evaluated.
Table confidences_table(const std::vector<measure::Evaluated>& evaluated, const dataset::DataSet& data);

/// The `most` most frequent wrong answers of every evaluation that passed.
Table confusions_table(const std::vector<measure::Evaluated>& evaluated, std::size_t most);

/// Which evaluations are compared with each other.
enum class PairedModels : std::uint8_t { same, all };

/// McNemar's test between every two evaluations of one model, or of all; below 0.05 the difference is called more than chance.
Table pairs_table(const std::vector<measure::Evaluated>& evaluated, PairedModels models);

}  // namespace inferometer::cli
