#include "stats/sample.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>

#include "base/error.h"

namespace inferometer::stats {
namespace {

using Values = std::span<const double>;

/// Two probabilities that differ by less than this share are one: 1 - 0.99 is not exactly 0.01.
constexpr double kRelativeSlack = 1e-9;

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("statistics: ") + what);
}

void require_finite(Values x) {
  require(std::all_of(x.begin(), x.end(), [](double value) { return std::isfinite(value); }), "a value is not a finite number");
}

void require_sorted(Values x) {
  require_finite(x);
  require(std::is_sorted(x.begin(), x.end()), "values are not sorted");
}

void require_inside(double probability, const char* what) { require(probability > 0 && probability < 1, what); }

std::vector<double> sorted_copy(Values x) {
  require_finite(x);
  std::vector<double> sorted(x.begin(), x.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

/// Reorders; n >= 1.
double median_in_place(std::vector<double>& x) {
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  return x.size() % 2 == 1 ? *middle : std::midpoint(*std::max_element(x.begin(), middle), *middle);
}

double median_of_sorted(Values sorted) {
  const auto half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : std::midpoint(sorted[half - 1], sorted[half]);
}

/// The smallest k in 1..n+1 with P(Bin(n, p) >= k) <= most.
///
/// Probabilities come from the recurrence between neighbours, outwards from the mode and divided by their sum: no gamma
/// function, no cancellation, and only the O(sqrt(n)) of them that matter to a double.
std::size_t upper_tail_rank(std::size_t n, double p, double most) {
  constexpr double kNegligible = 1e-30;
  const double count = static_cast<double>(n);
  const double odds = p / (1 - p);
  const auto mode = std::min(n, static_cast<std::size_t>((count + 1) * p));
  std::vector<double> above;  // P(mode), P(mode + 1), ... over P(mode)
  double weight = 1;
  for (auto k = mode; weight > kNegligible; ++k) {
    above.push_back(weight);
    if (k == n) break;
    weight *= (count - static_cast<double>(k)) / static_cast<double>(k + 1) * odds;
  }
  std::vector<double> below;  // P(mode - 1), P(mode - 2), ...
  weight = 1;
  for (auto k = mode; k > 0; --k) {
    weight *= static_cast<double>(k) / (count - static_cast<double>(k - 1)) / odds;
    if (weight <= kNegligible) break;
    below.push_back(weight);
  }
  // Smallest first, so that nothing is lost.
  const double sum = std::accumulate(below.rbegin(), below.rend(), 0.0) + std::accumulate(above.rbegin(), above.rend(), 0.0);
  const double limit = most * sum * (1 + kRelativeSlack);
  double tail = 0;
  for (auto i = above.size(); i-- > 0;) {
    tail += above[i];
    if (tail > limit) return mode + i + 1;
  }
  for (std::size_t i = 0; i < below.size(); ++i) {
    tail += below[i];
    if (tail > limit) return mode - i;
  }
  return 1;
}

/// The z with P(|Z| > z) = `outside` for a standard normal Z; bisection to the last bit, since erfc is monotonic and accurate.
double two_sided_normal_quantile(double outside) {
  double low = 0, high = 40;
  while (true) {
    const double middle = std::midpoint(low, high);
    if (middle <= low || middle >= high) return middle;
    (std::erfc(middle / std::numbers::sqrt2) > outside ? low : high) = middle;
  }
}

}  // namespace

std::optional<double> mean(Values x) {
  require_finite(x);
  if (x.empty()) return std::nullopt;
  const double count = static_cast<double>(x.size());
  const double rough = std::accumulate(x.begin(), x.end(), 0.0) / count;
  // What rounding lost in the first pass is the mean of the deviations from it.
  const double correction = std::accumulate(x.begin(), x.end(), 0.0, [&](double sum, double value) { return sum + (value - rough); });
  return rough + correction / count;
}

std::optional<double> sample_variance(Values x) {
  require_finite(x);
  if (x.size() < 2) return std::nullopt;
  const double centre = *mean(x);
  const double squares =
      std::accumulate(x.begin(), x.end(), 0.0, [&](double sum, double value) { return sum + (value - centre) * (value - centre); });
  return squares / static_cast<double>(x.size() - 1);
}

std::optional<double> sample_stddev(Values x) {
  const auto variance = sample_variance(x);
  if (!variance) return std::nullopt;
  return std::sqrt(*variance);
}

std::optional<double> median(Values x) {
  require_finite(x);
  if (x.empty()) return std::nullopt;
  std::vector<double> copy(x.begin(), x.end());
  return median_in_place(copy);
}

std::optional<double> quantile_type7(Values x, double p) { return quantile_type7_sorted(sorted_copy(x), p); }

std::optional<double> quantile_type7_sorted(Values sorted, double p) {
  require_sorted(sorted);
  require(p >= 0 && p <= 1, "a quantile's p is not in [0, 1]");
  if (sorted.empty()) return std::nullopt;
  const double position = static_cast<double>(sorted.size() - 1) * p;
  const auto index = static_cast<std::size_t>(position);
  if (index + 1 >= sorted.size()) return sorted.back();
  return std::lerp(sorted[index], sorted[index + 1], position - static_cast<double>(index));
}

std::optional<double> median_absolute_deviation(Values x) {
  require_finite(x);
  if (x.empty()) return std::nullopt;
  std::vector<double> deviations(x.begin(), x.end());
  const double centre = median_in_place(deviations);
  for (double& value : deviations) value = std::abs(value - centre);
  return median_in_place(deviations);
}

std::optional<std::size_t> median_interval_low_rank(std::size_t n, double confidence) {
  require_inside(confidence, "a confidence is not in (0, 1)");
  if (n == 0) return std::nullopt;
  const auto high = upper_tail_rank(n, 0.5, (1 - confidence) / 2);
  if (high > n) return std::nullopt;
  return n + 1 - high;
}

std::optional<Interval> median_interval(Values x, double confidence) { return median_interval_sorted(sorted_copy(x), confidence); }

std::optional<Interval> median_interval_sorted(Values sorted, double confidence) {
  require_sorted(sorted);
  const auto low = median_interval_low_rank(sorted.size(), confidence);
  if (!low) return std::nullopt;
  return Interval{sorted[*low - 1], sorted[sorted.size() - *low]};
}

std::int64_t samples_needed_for_quantile(double p, double confidence) {
  require_inside(p, "a quantile's p is not in (0, 1)");
  require_inside(confidence, "a confidence is not in (0, 1)");
  const double needed = std::ceil((std::log1p(-confidence) + std::log1p(kRelativeSlack)) / std::log(p));
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(needed));
}

std::optional<double> quantile_upper_bound(Values x, double p, double confidence) {
  return quantile_upper_bound_sorted(sorted_copy(x), p, confidence);
}

std::optional<double> quantile_upper_bound_sorted(Values sorted, double p, double confidence) {
  require_sorted(sorted);
  require_inside(p, "a quantile's p is not in (0, 1)");
  require_inside(confidence, "a confidence is not in (0, 1)");
  if (sorted.empty()) return std::nullopt;
  // P(Bin < k) >= confidence is P(Bin >= k) <= 1 - confidence.
  const auto rank = upper_tail_rank(sorted.size(), p, 1 - confidence);
  if (rank > sorted.size()) return std::nullopt;
  return sorted[rank - 1];
}

std::optional<Interval> wilson_interval(std::int64_t successes, std::int64_t n, double confidence) {
  require_inside(confidence, "a confidence is not in (0, 1)");
  require(n >= 0 && successes >= 0 && successes <= n, "successes are not in 0..n");
  if (n == 0) return std::nullopt;
  const double count = static_cast<double>(n);
  const double share = static_cast<double>(successes) / count;
  const double z = two_sided_normal_quantile(1 - confidence);
  const double scale = 1 + z * z / count;
  const double centre = (share + z * z / (2 * count)) / scale;
  const double half = z / scale * std::sqrt(share * (1 - share) / count + z * z / (4 * count * count));
  // At the ends the formula is exactly 0 and 1; rounding must not say otherwise.
  return Interval{successes == 0 ? 0.0 : centre - half, successes == n ? 1.0 : centre + half};
}

std::optional<TwoClusters> two_clusters(Values positive, double ratio) {
  const auto sorted = sorted_copy(positive);
  require(sorted.empty() || sorted.front() > 0, "a value to be clustered is not positive");
  require(ratio >= 1, "the ratio of two clusters is below 1");
  std::optional<TwoClusters> best;
  double widest = 1;
  for (std::size_t split = 1; split < sorted.size(); ++split) {
    const double gap = sorted[split] / sorted[split - 1];
    if (gap <= widest) continue;
    const double low = median_of_sorted(Values(sorted).first(split));
    const double high = median_of_sorted(Values(sorted).subspan(split));
    if (high <= ratio * low) continue;
    widest = gap;
    best = TwoClusters{low, high, std::sqrt(sorted[split]) * std::sqrt(sorted[split - 1])};
  }
  return best;
}

}  // namespace inferometer::stats
