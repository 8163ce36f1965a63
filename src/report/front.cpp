#include "report/front.h"

#include <algorithm>
#include <array>

namespace inferometer::report {

stats::Wish wish_of(std::string_view column) {
  // "images_per_s" ends in a unit of time and is none.
  constexpr std::array<std::string_view, 9> kMore{"_per_s",       "_per_w",      "_per_j", "_per_s_low", "_per_s_high",
                                                  "cpu_mhz_mean", "cpu_mhz_min", "_ratio", "_density"};
  constexpr std::array<std::string_view, 11> kLess{"_ms", "_ns", "_us", "_s", "_mb", "_mib", "_bytes", "_w", "_j", "_j_per_image", "_c"};
  constexpr std::array<std::string_view, 9> kCosts{"parameters", "parameters_m", "mparams",   "macs",         "gmacs",
                                                   "gflops",     "activations",  "operators", "weight_layers"};
  const auto ends = [&](std::string_view ending) { return column.ends_with(ending); };
  if (std::any_of(kMore.begin(), kMore.end(), ends)) return stats::Wish::largest;
  const bool less = std::any_of(kLess.begin(), kLess.end(), ends) || std::find(kCosts.begin(), kCosts.end(), column) != kCosts.end() ||
                    column == "ms_per_image";
  return less ? stats::Wish::smallest : stats::Wish::largest;
}

Series front_series(const std::vector<Point>& points, stats::Wish for_x, stats::Wish for_y) {
  std::vector<double> x, y;
  for (const Point& point : points) {
    x.push_back(point.x);
    y.push_back(point.y);
  }
  Series front{.name = "not beaten", .kind = SeriesKind::line, .points = {}, .color = kNeutral, .marker = std::nullopt};
  for (const std::size_t i : stats::pareto_front(x, y, for_x, for_y)) front.points.push_back({.x = x[i], .y = y[i]});
  return front;
}

}  // namespace inferometer::report
