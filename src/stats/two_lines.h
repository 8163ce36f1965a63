/// Fit two straight lines to one cloud of points, each point belonging to the nearer.
///
/// Pure functions, any thread; the same input gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace inferometer::stats {

struct TwoLines {
  struct Line {
    double intercept = 0, slope = 0;
    std::size_t n = 0;  ///< points that belong to it
    /// As if it had been known beforehand which points belong to it: they do not contain the uncertainty of the split. 0 for a perfect
    /// line.
    double intercept_standard_error = 0, slope_standard_error = 0;
  };
  Line first, second;              ///< the steeper first
  std::vector<std::uint8_t> line;  ///< of each point: 0 or 1
  double residual_ss = 0;          ///< over all points, from their own lines
  double single_residual_ss = 0;   ///< from one line through all points, for comparison
};

/// Clusterwise linear regression (Spaeth 1979): points go to the line with the smaller residual in y, lines are least squares through
/// their points, in turns until nothing changes, from the line pairs through `starts` pairs of pairs of points drawn with `seed`; the
/// smallest residual sum of squares counts. Both lines keep at least three points with two distinct x.
/// Throws Error{input} for fewer than 6 points, fewer than 4 distinct x, or where no split gives two such lines; x and y of other
/// lengths or values that are not finite are a caller's mistake (Error{internal}). Cost: O(starts * n); above 1000 points
/// fewer starts are made, 2 million over n but at least 50.
TwoLines fit_two_lines(std::span<const double> x, std::span<const double> y, std::size_t starts = 2000, std::uint64_t seed = 1);

}  // namespace inferometer::stats
