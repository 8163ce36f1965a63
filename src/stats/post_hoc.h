/// Compare groups pair by pair after an analysis of variance.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace inferometer::stats {

/// One estimated mean of several, on a common error variance.
struct ComparedMean {
  double mean = 0;
  double n = 0;  ///< values behind it: its variance is the error's over n
};

struct PairComparison {
  std::size_t a = 0, b = 0;  ///< a < b
  double difference = 0;     ///< mean of a less that of b
  // nullopt: the error variance is zero or unknown
  std::optional<double> standard_error;
  std::optional<double> p_lsd;                 ///< Fisher's least significant difference: t on the pooled error, no correction (SPSS's LSD)
  std::optional<double> low, high;             ///< of the difference, LSD's interval
  std::optional<double> p_bonferroni, p_holm;  ///< p_lsd corrected for all pairs: times their number; step-down (Holm 1979)
  std::optional<double> p_tukey;               ///< Tukey's honest difference; Tukey & Kramer's for unequal n
};

/// All pairs, (0, 1), (0, 2), ... (1, 2), ...
/// @param error_variance  mean square within (nullopt: none) and its degrees of freedom
std::vector<PairComparison> compare_pairs(std::span<const ComparedMean> means, std::optional<double> error_variance,
                                          std::size_t degrees_of_freedom, double confidence = 0.95);

/// The same where differences have standard errors of their own (adjusted means): standard_errors[i] belongs to the i-th pair in that
/// order.
std::vector<PairComparison> compare_pairs(std::span<const double> means, std::span<const double> standard_errors,
                                          std::size_t degrees_of_freedom, double confidence = 0.95);

/// Holm's step-down p, in the order given.
std::vector<double> holm(std::span<const double> p);

}  // namespace inferometer::stats
