#include "stats/studentized_range.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <unordered_map>

#include <boost/math/quadrature/trapezoidal.hpp>

#include "base/error.h"
#include "stats/distributions.h"
#include "stats/sum.h"

namespace inferometer::stats {
namespace {

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("studentized range: ") + what);
}

double normal_density(double z) { return std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi); }

/// P(range of k normal values > w). z is the largest of them.
double range_upper_p(double w, double k) {
  if (w <= 0) return 1;
  const auto integrand = [&](double z) {
    const double below = normal_upper_p(-z);
    if (below <= 0) return 0.0;
    const double share = std::min(1.0, normal_upper_p(w - z) / below);
    // Phi^(k-1) - (Phi - Phi(z-w))^(k-1), without cancellation. At share 1 the second term is 0.
    const double difference = share < 1 ? -std::expm1((k - 1) * std::log1p(-share)) : 1;
    return k * normal_density(z) * std::pow(below, k - 1) * difference;
  };
  // Both factors are below 1e-20 of the peak, which lies between 0 and w / 2 + 4, outside these limits.
  const double half_width = 12;
  return std::min(1.0, boost::math::quadrature::trapezoidal(integrand, w / 2 - half_width, w / 2 + half_width, 1e-12, 14));
}

/// ln of the density of ln s, where s^2 is chi squared over its degrees of freedom.
double log_density(double u, double degrees) {
  const double half = degrees / 2;
  return std::log(2.0) + half * std::log(half) - std::lgamma(half) + degrees * u - half * std::exp(2 * u);
}

class Tail {
 public:
  Tail(std::size_t means, double degrees)
      : k_(static_cast<double>(means)), degrees_(degrees), step_(std::min(0.1, 0.4 / std::sqrt(2 * degrees))) {}

  double at(double q) {
    if (q <= 0) return 1;
    // Below e^-50 of the peak there is nothing to add. Where q is large the peak moves from s = 1 to `centre`.
    const double centre = 0.5 * std::log(degrees_ / (degrees_ + q * q / 2));
    const double low = centre - 50 / degrees_ - 1;
    double high = 0.1;
    while (degrees_ * (high - std::exp(2 * high) / 2 + 0.5) > -50) high += 0.1;
    const double log_q = std::log(q);
    Sum sum;
    const auto first = static_cast<std::int64_t>(std::floor((low + log_q) / step_));
    const auto last = static_cast<std::int64_t>(std::ceil((high + log_q) / step_));
    for (std::int64_t i = first; i <= last; ++i) {
      const double log_w = static_cast<double>(i) * step_;
      sum.add(std::exp(log_density(log_w - log_q, degrees_)) * range_tail(i, std::exp(log_w)));
    }
    return std::clamp(sum.total() * step_, 0.0, 1.0);
  }

 private:
  double range_tail(std::int64_t place, double w) {
    const auto [found, is_new] = cache_.try_emplace(place, 0);
    if (is_new) found->second = range_upper_p(w, k_);
    return found->second;
  }

  double k_, degrees_, step_;
  std::unordered_map<std::int64_t, double> cache_;  ///< by place on the grid of ln w, which all q share
};

}  // namespace

std::vector<double> studentized_range_upper_p(std::span<const double> q, std::size_t means, double degrees_of_freedom) {
  require(means >= 2, "fewer than two means");
  require(degrees_of_freedom >= 1, "fewer than one degree of freedom");
  require(std::all_of(q.begin(), q.end(), [](double value) { return value >= 0; }), "a q is negative or not a number");
  std::vector<double> tails;
  tails.reserve(q.size());
  if (std::isinf(degrees_of_freedom)) {
    for (const double value : q) tails.push_back(range_upper_p(value, static_cast<double>(means)));
    return tails;
  }
  Tail tail(means, degrees_of_freedom);
  for (const double value : q) tails.push_back(std::isinf(value) ? 0 : tail.at(value));
  return tails;
}

}  // namespace inferometer::stats
