#include "stats/shapiro_wilk.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numbers>
#include <vector>

#include "base/error.h"
#include "stats/distributions.h"
#include "stats/sample.h"
#include "stats/sum.h"

namespace inferometer::stats {
namespace {

constexpr std::size_t kLeast = 3, kMost = 5000;

/// c0 + c1 x + c2 x^2 + ...
double polynomial(std::initializer_list<double> coefficients, double x) {
  double value = 0;
  for (auto c = std::rbegin(coefficients); c != std::rend(coefficients); ++c) value = value * x + *c;
  return value;
}

/// Weights of the upper half, largest value first; those of the lower half are their negatives. The outermost ones are Royston's (1992)
/// polynomials in 1 / sqrt(n), the others Blom's scores, scaled so that all squares sum to 1.
std::vector<double> weights(std::size_t n) {
  if (n == 3) return {std::sqrt(0.5)};
  const double count = static_cast<double>(n);
  std::vector<double> scores(n / 2);
  Sum squares;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = -normal_quantile((static_cast<double>(i + 1) - 0.375) / (count + 0.25));
    squares.add(2 * scores[i] * scores[i]);
  }
  const double all = squares.total(), root = std::sqrt(all), u = 1 / std::sqrt(count);
  const double first = polynomial({scores[0] / root, 0.221157, -0.147981, -2.071190, 4.434685, -2.706056}, u);
  std::vector<double> found = scores;
  found[0] = first;
  std::size_t rest = 1;
  double scale = (all - 2 * scores[0] * scores[0]) / (1 - 2 * first * first);
  if (n > 5) {
    const double second = polynomial({scores[1] / root, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633}, u);
    found[1] = second;
    rest = 2;
    scale = (all - 2 * scores[0] * scores[0] - 2 * scores[1] * scores[1]) / (1 - 2 * first * first - 2 * second * second);
  }
  for (std::size_t i = rest; i < found.size(); ++i) found[i] = scores[i] / std::sqrt(scale);
  return found;
}

/// P of a W as small as this one, by the normalising transformations of Royston 1992 (n <= 11) and 1995.
double p_of(double w, double complement, std::size_t n) {
  const double count = static_cast<double>(n);
  if (n == 3) return std::clamp(6 / std::numbers::pi * (std::asin(std::sqrt(w)) - std::asin(std::sqrt(0.75))), 0.0, 1.0);
  if (complement <= 0) return 1;
  if (n <= 11) {
    const double limit = polynomial({-2.273, 0.459}, count);
    const double rest = limit - std::log(complement);
    if (rest <= 0) return 0;  // W is smaller than the approximation reaches
    const double centre = polynomial({0.5440, -0.39978, 0.025054, -0.0006714}, count);
    const double deviation = std::exp(polynomial({1.3822, -0.77857, 0.062767, -0.0020322}, count));
    return normal_upper_p((-std::log(rest) - centre) / deviation);
  }
  const double x = std::log(count);
  const double centre = polynomial({-1.5861, -0.31082, -0.083751, 0.0038915}, x);
  const double deviation = std::exp(polynomial({-0.4803, -0.082676, 0.0030302}, x));
  return normal_upper_p((std::log(complement) - centre) / deviation);
}

}  // namespace

std::optional<ShapiroWilk> shapiro_wilk(std::span<const double> values) {
  if (!std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); }))
    throw Error(ErrorCode::internal, "Shapiro-Wilk: a value is not a finite number");
  const std::size_t n = values.size();
  if (n < kLeast || n > kMost) return std::nullopt;
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const double range = sorted.back() - sorted.front();
  if (!(range > 0)) return std::nullopt;
  // W does not depend on place and scale.
  const double first = sorted.front();
  for (double& value : sorted) value = (value - first) / range;
  const double centre = *mean(sorted);
  const std::vector<double> a = weights(n);
  Sum slope, squares;
  for (std::size_t i = 0; i < a.size(); ++i) slope.add(a[i] * (sorted[n - 1 - i] - sorted[i]));
  for (const double value : sorted) squares.add((value - centre) * (value - centre));
  const double root = std::sqrt(squares.total());
  const double ratio = slope.total() / root;
  const double w = std::min(1.0, ratio * ratio);
  return ShapiroWilk{w, p_of(w, (1 - ratio) * (1 + ratio), n)};
}

}  // namespace inferometer::stats
