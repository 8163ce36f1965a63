/// Find rows that no other beats in two figures, and draw them.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "report/chart_names.h"
#include "stats/pareto.h"

namespace inferometer::report {

/// Whether less or more of a column is better, by its name: less of times, memory, power, energy and cost; more of all else (images_per_s,
/// top1).
stats::Wish wish_of(std::string_view column);

/// A line through the points that no other beats, in order of x; without marks, since the points have theirs.
/// @param points  all of them; must be numbers
Series front_series(const std::vector<Point>& points, stats::Wish for_x, stats::Wish for_y);

}  // namespace inferometer::report
