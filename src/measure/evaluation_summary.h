/// Count right answers, and compare who gave them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dataset/data_set.h"
#include "measure/entry.h"
#include "measure/evaluation.h"
#include "measure/evaluation_row.h"
#include "measure/models.h"

namespace inferometer::measure {

/// What of one answered image counts.
struct JudgedImage {
  std::size_t image = 0;
  std::int64_t label = 0;      ///< as the data set has it
  std::int64_t predicted = 0;  ///< best class, in the labels' numbering (the offset taken off)
  bool right_top1 = false, right_top5 = false;
  std::optional<double> right_probability;  ///< of the label's class, when it was asked for
};

/// Added to a label to find the network's output: what was asked; else 1 for 1001 outputs on labels that are not known to be of 1001
/// classes, where class 0 is a background; else 0.
std::int64_t class_offset(const EvaluationRecord& record, const dataset::DataSet& data, std::optional<std::int64_t> asked);

/// Judge every answer. Throws Error{input}: a label beyond the outputs, a data set that says it has another number of classes than the
/// network, an image without a label, a data set that changed since the worker read it.
std::vector<JudgedImage> judge_images(const EvaluationRecord& record, const dataset::DataSet& data, std::int64_t offset);

/// The figures of one evaluation in `row`: counts, limits, rate. Without answers they stay null.
void fill_figures(EvaluationRow& row, std::span<const JudgedImage> images, const EvaluationRecord& record);

/// Counts by class: images of it, those right, and how often it was the answer to others.
struct ClassCounts {
  std::int64_t label = 0, images = 0, correct_top1 = 0, correct_top5 = 0, wrongly_predicted = 0;
};
std::vector<ClassCounts> count_by_class(std::span<const JudgedImage> images);  ///< classes with images, ascending

/// How often one class was taken for another, most often first, then by label and prediction; at most `most`.
struct Confusion {
  std::int64_t label = 0, predicted = 0, images = 0;
};
std::vector<Confusion> confusions(std::span<const JudgedImage> images, std::size_t most);

/// Two classifiers on the images that both answered.
struct PairedCounts {
  std::int64_t images = 0, both = 0, only_first = 0, only_second = 0, neither = 0;  ///< right by top-1
  double p_value = 1;                                                               ///< exact McNemar, two-sided
};
/// Both ascending by image, as judge_images() gives them.
PairedCounts compare_judged(std::span<const JudgedImage> first, std::span<const JudgedImage> second);

}  // namespace inferometer::measure
