/// Measure how two columns go together: Pearson, Spearman, Kendall, each with a p and an interval.
///
/// Pure functions, any thread; the same input and seed give the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "stats/sample.h"

namespace inferometer::stats {

enum class CorrelationMethod : std::uint8_t {
  pearson,   ///< product moment
  spearman,  ///< Pearson's of midranks
  kendall,   ///< tau-b (Kendall 1945): corrected for ties
};
std::string_view name(CorrelationMethod method);
std::optional<CorrelationMethod> correlation_method(std::string_view name);

/// How a p or an interval came about.
enum class CorrelationBasis : std::uint8_t {
  none,
  student_t,  ///< r sqrt((n - 2) / (1 - r^2)) by t with n - 2 degrees of freedom: exact for Pearson and normal data, else an approximation
  exact,      ///< all orders of one column equally likely: no ties, Spearman n <= 9, Kendall n <= 50
  normal,     ///< Kendall's S over its standard deviation with ties (Kendall 1970), no continuity correction
  fisher_z,   ///< tanh(atanh r +- z / sqrt(n - 3)) (Fisher 1921); n >= 4
  bootstrap,  ///< percentiles of 2000 resamples of pairs; n <= 1000
  bonett_wright,  ///< Spearman, n > 1000: Fisher's with variance (1 + r^2 / 2) / (n - 3) (Bonett & Wright 2000)
  fieller,        ///< Kendall, n > 1000: Fisher's with variance 0.437 / (n - 4) (Fieller, Hartley & Pearson 1957)
};
std::string_view describe(CorrelationBasis basis);  ///< "Student's t, n - 2 degrees of freedom"; "" for none

struct Correlation {
  std::size_t n = 0;
  std::optional<double> coefficient;  ///< nullopt: n < 2 or a constant column
  std::optional<double> p;            ///< two-sided, of no association; nullopt: n < 3
  CorrelationBasis p_basis = CorrelationBasis::none;
  std::optional<Interval> interval;  ///< nullopt: too few values, or a perfect Pearson correlation, of which Fisher's formula says nothing
  CorrelationBasis interval_basis = CorrelationBasis::none;
};

/// @param x, y  equal lengths, finite (else Error{internal})
/// @param seed  of the bootstrap
Correlation correlate(CorrelationMethod method, std::span<const double> x, std::span<const double> y, double confidence = 0.95,
                      std::uint64_t seed = 1);

/// Ranks from 1; equal values share the mean of theirs.
std::vector<double> midranks(std::span<const double> x);

/// Coefficients alone; nullopt as above. Kendall's costs O(n log n) (Knight 1966).
std::optional<double> pearson_r(std::span<const double> x, std::span<const double> y);
std::optional<double> spearman_rho(std::span<const double> x, std::span<const double> y);
std::optional<double> kendall_tau_b(std::span<const double> x, std::span<const double> y);

}  // namespace inferometer::stats
