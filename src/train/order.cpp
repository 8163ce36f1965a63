#include "train/order.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace inferometer::train {
namespace {

std::vector<std::size_t> indices(const PictureRange& range, std::size_t images, const char* option) {
  std::vector<std::size_t> chosen(images);
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  if (!range.given()) return chosen;
  if (range.last > static_cast<std::int64_t>(images)) {
    throw Error(ErrorCode::usage, fmt::format("{} {}-{}: the data set has {} pictures", option, range.first, range.last, images),
                "pictures are counted from 1");
  }
  return {chosen.begin() + (range.first - 1), chosen.begin() + range.last};
}

/// Of `from` without `without`; both ascending.
std::vector<std::size_t> rest(const std::vector<std::size_t>& from, const std::vector<std::size_t>& without) {
  std::vector<std::size_t> left;
  std::set_difference(from.begin(), from.end(), without.begin(), without.end(), std::back_inserter(left));
  return left;
}

void take_share(Selection& selection, const TrainTask& task) {
  const std::size_t all = selection.training.size();
  const auto count = static_cast<std::size_t>(std::llround(task.validation_share * static_cast<double>(all)));
  if (count == 0)
    throw Error(ErrorCode::usage, fmt::format("--validation-share {}: of {} pictures that is none", task.validation_share, all));
  std::vector<std::size_t> order = shuffled(all, generator(task.seed, Draw::validation));
  order.resize(count);
  std::sort(order.begin(), order.end());
  for (const std::size_t place : order) selection.validation.push_back(selection.training[place]);
  selection.training = rest(selection.training, selection.validation);
}

}  // namespace

stats::CounterRandom generator(std::uint64_t seed, Draw draw, std::int64_t epoch, std::size_t position) {
  const std::uint64_t stream =
      static_cast<std::uint64_t>(draw) << 56 | static_cast<std::uint64_t>(epoch) << 32 | static_cast<std::uint64_t>(position);
  return stats::CounterRandom(seed, stream);
}

std::vector<std::size_t> shuffled(std::size_t count, stats::CounterRandom random) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t left = count; left > 1; --left) std::swap(order[left - 1], order[random.below(left)]);
  return order;
}

Selection select(const TrainTask& task, std::size_t training_images, std::size_t validation_images) {
  Selection selection;
  selection.training = indices(task.training.range, training_images, "--train-range");
  if (!task.validation.images.empty()) {
    selection.validation = indices(task.validation.range, validation_images, "--validation-range");
  } else if (task.validation.range.given()) {
    selection.validation = indices(task.validation.range, training_images, "--validation-range");
    std::vector<std::size_t> left = rest(selection.training, selection.validation);
    if (task.training.range.given() && left.size() != selection.training.size()) {
      throw Error(ErrorCode::usage,
                  fmt::format("--validation-range {}-{}: {} of these pictures are trained on too", task.validation.range.first,
                              task.validation.range.last, selection.training.size() - left.size()),
                  "what was learned by heart proves nothing; let the ranges not overlap");
    }
    selection.training = std::move(left);
  } else if (task.validation_share > 0) {
    take_share(selection, task);
  }
  if (selection.training.empty()) throw Error(ErrorCode::usage, "no picture is left to train on", "take fewer for validation");
  return selection;
}

}  // namespace inferometer::train
