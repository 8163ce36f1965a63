#include "stats/accuracy.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "stats/sample.h"

namespace inferometer::stats {

double mcnemar_exact_p(std::int64_t only_first, std::int64_t only_second) {
  if (only_first < 0 || only_second < 0) {
    throw Error(ErrorCode::internal, "McNemar's test got the counts " + std::to_string(only_first) + " and " + std::to_string(only_second));
  }
  const std::int64_t smaller = std::min(only_first, only_second), n = only_first + only_second;
  // From the tail's largest term downwards, each relative to the one before, so that nothing overflows for any n.
  const auto real = [](std::int64_t value) { return static_cast<double>(value); };
  double sum = 0, term = 1;
  for (std::int64_t k = smaller; k >= 0; --k) {
    sum += term;
    if (term < 1e-18 * sum) break;
    term *= real(k) / real(n - k + 1);
  }
  const double log_largest = std::lgamma(real(n) + 1) - std::lgamma(real(smaller) + 1) - std::lgamma(real(n - smaller) + 1);
  const double tail = std::exp(log_largest - real(n) * std::log(2.0)) * sum;
  return std::min(1.0, 2 * tail);
}

std::optional<AccuracyDensity> accuracy_density(std::int64_t right, std::int64_t n, std::int64_t parameters, double confidence) {
  const std::optional<Interval> interval = wilson_interval(right, n, confidence);
  if (!interval || parameters <= 0) return std::nullopt;
  const double percent_per_share = 100.0 / (static_cast<double>(parameters) * 1e-6);
  const double share = static_cast<double>(right) / static_cast<double>(n);
  return AccuracyDensity{share * percent_per_share, interval->low * percent_per_share, interval->high * percent_per_share};
}

}  // namespace inferometer::stats
