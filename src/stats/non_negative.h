/// Fit y = X b by least squares with no coefficient below zero: costs that add up.
///
/// Pure, any thread; the same input gives the same bits. The active-set method of Lawson & Hanson, "Solving Least Squares Problems" (1974),
/// chapter 23, on columns scaled to one length.
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

/// Rows may be fewer than columns. Of columns that are sums of others some get 0. Lengths that differ, no column, and values that are not finite are
/// Error{internal}. Cost: about columns solutions of O(rows columns^2).
NonNegativeFit fit_non_negative(DesignColumns columns, std::span<const double> y);

}  // namespace inferometer::stats
