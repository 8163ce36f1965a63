/// Describe one sample: location, spread, quantiles and their exact bounds.
///
/// Pure functions, any thread. Inputs need not be sorted unless the name says so, and are never changed. A value that is NaN or infinite,
/// an unsorted input where a sorted one is asked for, and a p or confidence out of range are a caller's mistake (Error{internal}).
/// Where a figure is not defined for the number of values given, the result is nullopt.
/// Cost: O(n) for moments, O(n log n) for what needs order, and O(n) for the ..._sorted forms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace inferometer::stats {

struct Interval {
  double low = 0;
  double high = 0;
};

std::optional<double> mean(std::span<const double> x);             ///< n >= 1
std::optional<double> sample_variance(std::span<const double> x);  ///< n >= 2, divisor n-1, two passes
std::optional<double> sample_stddev(std::span<const double> x);
std::optional<double> median(std::span<const double> x);  ///< n >= 1
/// Hyndman & Fan (1996) type 7, linear interpolation at (n-1)p; p in [0, 1], n >= 1.
std::optional<double> quantile_type7(std::span<const double> x, double p);
std::optional<double> quantile_type7_sorted(std::span<const double> sorted, double p);
/// median |x - median| (unscaled), n >= 1.
std::optional<double> median_absolute_deviation(std::span<const double> x);

/// Exact two-sided distribution-free interval of the median from order statistics (binomial, David & Nagaraja 2003, 7.1):
/// the narrowest symmetric pair of ranks with coverage >= confidence. nullopt below the n that allows it (6 for 0.95).
/// Of paired differences or log ratios it is the interval of the sign test.
/// The ranks themselves, counted from 1: low and n + 1 - low.
std::optional<std::size_t> median_interval_low_rank(std::size_t n, double confidence = 0.95);
std::optional<Interval> median_interval(std::span<const double> x, double confidence = 0.95);
std::optional<Interval> median_interval_sorted(std::span<const double> sorted, double confidence = 0.95);

/// Smallest n for which the largest value bounds the p-quantile from above: n >= ln(1-confidence)/ln(p). 459 for p99 at 0.99.
/// p and confidence in (0, 1). Agrees with quantile_upper_bound(): that is nullopt just below this n.
std::int64_t samples_needed_for_quantile(double p, double confidence = 0.99);
/// One-sided upper confidence bound of the p-quantile: the smallest order statistic X(k) with P(Bin(n,p) < k) >= confidence.
std::optional<double> quantile_upper_bound(std::span<const double> x, double p, double confidence = 0.99);
std::optional<double> quantile_upper_bound_sorted(std::span<const double> sorted, double p, double confidence = 0.99);

/// Wilson's score interval of a proportion (Wilson 1927), without continuity correction. nullopt for n = 0;
/// successes outside 0..n are Error{internal}.
std::optional<Interval> wilson_interval(std::int64_t successes, std::int64_t n, double confidence = 0.95);

/// Split values into two clusters at the widest relative gap of all those that leave the medians of both more than `ratio`
/// apart (the lowest of equals). nullopt: one cluster only. Values must be positive, else Error{internal}.
struct TwoClusters {
  double low_centre = 0, high_centre = 0;  ///< medians
  double boundary = 0;                     ///< geometric mean of the gap's two ends
};
std::optional<TwoClusters> two_clusters(std::span<const double> positive, double ratio = 1.5);

}  // namespace inferometer::stats
