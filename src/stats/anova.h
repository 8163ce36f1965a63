/// Compare the means of groups: one-way analysis of variance, tests of equal variances, Welch's test.
///
/// Pure functions, any thread. Every sum is taken of deviations from the first value and in two passes, so that a large common
/// offset costs no digits (NIST StRD's SmLs sets).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "stats/sample.h"

namespace inferometer::stats {

/// Values with the number of the group that each belongs to, 0 ... groups - 1. A view: values and codes must outlive it.
struct Grouped {
  std::span<const double> values;
  std::span<const std::size_t> codes;  ///< as long as values
  std::size_t groups = 0;              ///< every group has a value
};

struct GroupSummary {
  std::size_t n = 0;
  double mean = 0;
  std::optional<double> sample_stddev, standard_error;  ///< n >= 2
  std::optional<Interval> interval;                     ///< of the mean, by t with n - 1 degrees of freedom
  double minimum = 0, maximum = 0;
};
std::vector<GroupSummary> summarize_groups(const Grouped& data, double confidence = 0.95);

struct OneWay {
  std::size_t n = 0, groups = 0;
  double ss_between = 0, ss_within = 0;
  std::size_t df_between = 0, df_within = 0;  ///< groups - 1, n - groups
  double ms_between = 0;
  std::optional<double> ms_within;      ///< nullopt: one value in each group
  std::optional<double> f, p;           ///< nullopt too where nothing varies within the groups
  std::optional<double> eta_squared;    ///< SS between / SS total; nullopt: all values equal
  std::optional<double> omega_squared;  ///< (SS between - df between MS within) / (SS total + MS within)
};

/// Throws Error{internal}: fewer than two groups, an empty one, codes out of range, a value that is not finite; also below.
OneWay one_way(const Grouped& data);

struct TestResult {
  double statistic = 0;
  double df_numerator = 0, df_denominator = 0;
  double p = 0;
};

enum class Centre { mean, median };
/// Levene's test: one-way analysis of |value - centre of its group|. Mean: Levene (1960), as SPSS; median: Brown & Forsythe (1974).
/// nullopt where it is not defined: the distances do not vary within any group (at most two values in each, for example).
std::optional<TestResult> levene(const Grouped& data, Centre centre);

/// Welch's F for groups of unequal variances (Welch 1951). nullopt: a group with one value, or one whose values are all equal.
std::optional<TestResult> welch(const Grouped& data);

/// Each value less the mean of its group.
std::vector<double> residuals(const Grouped& data);

}  // namespace inferometer::stats
