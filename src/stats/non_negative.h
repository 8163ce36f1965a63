/// Fit y = X b by least squares with no coefficient below zero: costs that add up, with or without a charge on their size.
///
/// Pure, any thread; the same input gives the same bits. The active-set method of Lawson & Hanson, "Solving Least Squares Problems" (1974),
/// chapter 23, on columns scaled to one length, each step solved by orthogonal factors, never by normal equations.
#pragma once

#include <span>
#include <vector>

#include "stats/linear_model.h"

namespace inferometer::stats {

struct NonNegativeFit {
  std::vector<double> coefficients;  ///< in the order of the columns, each >= 0; 0 for a column that is zero everywhere
  std::vector<double> residuals;     ///< y - fitted
  double residual_ss = 0;
};

/// Rows may be fewer than columns. Of columns that are sums of others some get 0, of equal ones all but the first. Lengths that differ, no
/// column, values that are not finite and a negative penalty are Error{internal}. Cost: about columns times O(rows columns), more where
/// columns in use are left again.
/// @param penalty  what is minimised is |X b - y|^2 / 2 + penalty |y| sum of b_i |x_i|: a column must point along the residual by more than
///   this share of y's length to be used (the lasso of Tibshirani, Journal of the Royal Statistical Society B 58, 1996, on coefficients
///   that are positive)
NonNegativeFit fit_non_negative(DesignColumns columns, std::span<const double> y, double penalty = 0);

}  // namespace inferometer::stats
