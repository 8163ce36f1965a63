#include "measure/evaluation_summary.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "stats/accuracy.h"
#include "stats/sample.h"

namespace inferometer::measure {
namespace {

constexpr std::int64_t kOutputsWithBackground = 1001;

}  // namespace

std::int64_t class_offset(const EvaluationRecord& record, const dataset::DataSet& data, std::optional<std::int64_t> asked) {
  if (asked) return *asked;
  return record.classes == kOutputsWithBackground && data.classes != kOutputsWithBackground ? 1 : 0;
}

std::vector<JudgedImage> judge_images(const EvaluationRecord& record, const dataset::DataSet& data, std::int64_t offset) {
  if (record.images != data.images.size()) {
    throw Error(ErrorCode::input, fmt::format("the data set {} changed while it was evaluated: {} images, then {}", data.name,
                                              data.images.size(), record.images));
  }
  if (data.classes && *data.classes + offset != record.classes) {
    throw Error(ErrorCode::input,
                fmt::format("the data set {} has {} classes, the network {} outputs", data.name, *data.classes, record.classes),
                "a network with other outputs before the classes takes --class-offset N");
  }
  std::vector<JudgedImage> judged;
  for (const ImageAnswer& answer : record.answers) {
    const dataset::Image& image = data.images.at(answer.image);
    if (!image.label) throw Error(ErrorCode::input, fmt::format("{} has no label", image.name), "give --labels FILE");
    const std::int64_t wanted = *image.label + offset;
    if (wanted >= record.classes || wanted < 0) {
      throw Error(ErrorCode::input,
                  fmt::format("{} has the label {}, the network {} outputs{}", image.name, *image.label, record.classes,
                              offset != 0 ? fmt::format(" (class offset {})", offset) : ""),
                  "labels count from 0; the network must know the data set's classes");
    }
    JudgedImage one{answer.image, *image.label, answer.best.front().index - offset, false, false, answer.right_probability};
    one.right_top1 = answer.best.front().index == wanted;
    one.right_top5 = std::any_of(answer.best.begin(), answer.best.end(), [&](const RankedClass& ranked) { return ranked.index == wanted; });
    judged.push_back(one);
  }
  return judged;
}

void fill_figures(EvaluationRow& row, std::span<const JudgedImage> images, const EvaluationRecord& record) {
  const auto n = static_cast<std::int64_t>(images.size());
  const std::int64_t top1 = std::count_if(images.begin(), images.end(), [](const JudgedImage& image) { return image.right_top1; });
  const std::int64_t top5 = std::count_if(images.begin(), images.end(), [](const JudgedImage& image) { return image.right_top5; });
  row.images = n;
  row.skipped_images = static_cast<std::int64_t>(record.damaged.size());
  if (n == 0) return;
  row.correct_top1 = top1;
  row.correct_top5 = top5;
  const auto set = [n](std::int64_t right, auto& value, auto& low, auto& high) {
    const stats::Interval limits = *stats::wilson_interval(right, n);
    value = 100.0 * static_cast<double>(right) / static_cast<double>(n);
    low = 100 * limits.low;
    high = 100 * limits.high;
  };
  set(top1, row.top1, row.top1_low, row.top1_high);
  set(top5, row.top5, row.top5_low, row.top5_high);
  if (const auto density = stats::accuracy_density(top1, n, row.parameters.value_or(0))) {
    row.accuracy_density = density->value;
    row.accuracy_density_low = density->low;
    row.accuracy_density_high = density->high;
  }
  if (record.seconds > 0) row.images_per_s = static_cast<double>(n) / record.seconds;
}

std::vector<ClassCounts> count_by_class(std::span<const JudgedImage> images) {
  std::map<std::int64_t, ClassCounts> counts;
  for (const JudgedImage& image : images) {
    ClassCounts& own = counts[image.label];
    ++own.images;
    own.correct_top1 += image.right_top1 ? 1 : 0;
    own.correct_top5 += image.right_top5 ? 1 : 0;
    if (!image.right_top1) ++counts[image.predicted].wrongly_predicted;
  }
  std::vector<ClassCounts> result;
  for (auto& [label, each] : counts) {
    if (each.images == 0) continue;
    each.label = label;
    result.push_back(each);
  }
  return result;
}

std::vector<Confusion> confusions(std::span<const JudgedImage> images, std::size_t most) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> counts;
  for (const JudgedImage& image : images) {
    if (!image.right_top1) ++counts[{image.label, image.predicted}];
  }
  std::vector<Confusion> result;
  for (const auto& [pair, count] : counts) result.push_back({pair.first, pair.second, count});
  std::stable_sort(result.begin(), result.end(), [](const Confusion& a, const Confusion& b) { return a.images > b.images; });
  result.resize(std::min(result.size(), most));
  return result;
}

PairedCounts compare_judged(std::span<const JudgedImage> first, std::span<const JudgedImage> second) {
  PairedCounts counts;
  auto other = second.begin();
  for (const JudgedImage& image : first) {
    while (other != second.end() && other->image < image.image) ++other;
    if (other == second.end() || other->image != image.image) continue;
    ++counts.images;
    if (image.right_top1 && other->right_top1) ++counts.both;
    if (image.right_top1 && !other->right_top1) ++counts.only_first;
    if (!image.right_top1 && other->right_top1) ++counts.only_second;
    if (!image.right_top1 && !other->right_top1) ++counts.neither;
  }
  counts.p_value = stats::mcnemar_exact_p(counts.only_first, counts.only_second);
  return counts;
}

}  // namespace inferometer::measure
