/// Fit y = X b by least squares.
///
/// Pure functions, any thread. Columns are scaled to unit length before they are decomposed, so that units do not matter.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace inferometer::stats {

/// Columns of a design matrix, each as long as y. A constant term is a column of ones that the caller gives.
using DesignColumns = std::span<const std::vector<double>>;

struct LinearModel {
  std::vector<double> coefficients, standard_errors;  ///< in the order of the columns; standard errors are 0 where the fit is perfect
  std::vector<double> covariance;                     ///< of the coefficients, row-major, scaled by the residual variance
  std::vector<double> fitted, residuals;
  std::size_t n = 0, degrees_of_freedom = 0;  ///< n - columns
  double residual_ss = 0;
  double residual_stddev = 0;       ///< sqrt(residual_ss / degrees_of_freedom)
  std::optional<double> r_squared;  ///< 1 - residual SS / SS about the mean, or about 0 where `centred` is false; nullopt: y does not vary
};

/// By linear_least_squares(). Throws Error{input}: fewer rows than columns + 1, or columns of which one is (nearly) a sum of others.
/// Lengths that differ and values that are not finite are Error{internal}.
/// @param centred  whether a constant term is among the columns: what R squared compares with
LinearModel fit_linear(DesignColumns columns, std::span<const double> y, bool centred = true);

/// What each column adds to the fit of those before it.
struct SequentialFit {
  /// In the order of the columns: the squared length of y along what is new in the column, nullopt where nothing is (it is a sum of earlier
  /// ones).
  std::vector<std::optional<double>> squares;
  std::vector<double> residuals;
  double residual_ss = 0;
};

/// Gram-Schmidt, each column projected twice. Costs O(rows columns^2).
SequentialFit fit_sequentially(DesignColumns columns, std::span<const double> y);

}  // namespace inferometer::stats
