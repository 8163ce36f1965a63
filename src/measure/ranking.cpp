#include "measure/ranking.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace inferometer::measure {

std::vector<RankedClass> rank_classes(std::span<const float> scores, std::size_t most) {
  if (std::any_of(scores.begin(), scores.end(), [](float score) { return std::isnan(score); })) {
    throw Error(ErrorCode::engine_failure, "the outputs hold values that are no numbers (NaN)");
  }
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t count = std::min(most, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
  std::vector<RankedClass> best;
  for (std::size_t i = 0; i < count; ++i) best.push_back({static_cast<std::int64_t>(order[i]), scores[order[i]]});
  return best;
}

std::optional<double> class_probability(std::span<const float> scores, std::size_t index) {
  if (index >= scores.size()) throw Error(ErrorCode::internal, "a class beyond the scores");
  const auto [least, most] = std::minmax_element(scores.begin(), scores.end());
  if (!std::isfinite(*most)) return std::nullopt;
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  if (*least >= 0 && *most <= 1 && std::abs(sum - 1) < 0.01) return scores[index];
  double total = 0;
  for (const float score : scores) total += std::exp(static_cast<double>(score) - static_cast<double>(*most));
  return std::exp(static_cast<double>(scores[index]) - static_cast<double>(*most)) / total;
}

}  // namespace inferometer::measure
