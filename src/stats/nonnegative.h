/// Minimise |X b - y| over b >= 0, with or without a charge on the size of b.
///
/// Pure, any thread; the same input gives the same bits.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace inferometer::stats {

struct NonnegativeFit {
  std::vector<double> coefficients;  ///< in the order of the columns; 0 where a smaller one would fit better
  std::vector<double> residuals;     ///< y - fitted
  double residual_ss = 0;
};

/// The active-set method of Lawson & Hanson (Solving Least Squares Problems, 1974, chapter 23), on the normal equations of columns that
/// were scaled to unit length, as Bro & de Jong (Journal of Chemometrics 11, 1997) have it. A column of zeros has coefficient 0; of columns
/// that are multiples of each other one gets it all.
/// @param design  rows x columns, row-major
/// @param penalty  at least 0: what is minimised is |X b - y|^2 / 2 + penalty |y| sum of b_i |x_i|, so that a column must point along the residual
///   by more than this share of y's length to be used, and of several that would do the one most like y is taken (the lasso of Tibshirani, 1996)
/// Lengths that contradict each other and values that are not finite are Error{internal}.
NonnegativeFit fit_nonnegative(std::span<const double> design, std::span<const double> y, std::size_t columns, double penalty = 0);

}  // namespace inferometer::stats
