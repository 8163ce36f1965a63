#include "stats/cluster_points.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace inferometer::stats {

Points::Points(std::span<const double> all_values, std::size_t all_dimensions) : values(all_values), dimensions(all_dimensions) {
  const bool finite = std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
  if (dimensions == 0 || values.size() % dimensions != 0 || !finite)
    throw Error(ErrorCode::internal, "clusters: points must be finite and complete");
}

double squared_distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

std::size_t distinct_points(const Points& points) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(points.row(a).begin(), points.row(a).end(), points.row(b).begin(), points.row(b).end());
  };
  std::sort(order.begin(), order.end(), before);
  const auto last = std::unique(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return !before(a, b); });
  return static_cast<std::size_t>(last - order.begin());
}

void number_by_size(std::vector<std::size_t>& cluster) {
  if (cluster.empty()) return;
  const std::size_t clusters = 1 + *std::max_element(cluster.begin(), cluster.end());
  std::vector<std::size_t> size(clusters, 0), first(clusters, cluster.size()), order(clusters), number(clusters);
  for (std::size_t i = cluster.size(); i-- > 0;) {
    ++size[cluster[i]];
    first[cluster[i]] = i;
  }
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return size[a] != size[b] ? size[a] > size[b] : first[a] < first[b]; });
  for (std::size_t i = 0; i < clusters; ++i) number[order[i]] = i;
  for (std::size_t& each : cluster) each = number[each];
}

std::vector<double> silhouettes(const Points& points, const std::vector<std::size_t>& cluster, std::size_t clusters) {
  std::vector<std::size_t> size(clusters, 0);
  for (const std::size_t each : cluster) ++size[each];
  std::vector<double> result(points.size(), 0);
  std::vector<double> distance(clusters);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (size[cluster[i]] < 2) continue;
    std::fill(distance.begin(), distance.end(), 0);
    for (std::size_t j = 0; j < points.size(); ++j) distance[cluster[j]] += std::sqrt(squared_distance(points.row(i), points.row(j)));
    const double own = distance[cluster[i]] / static_cast<double>(size[cluster[i]] - 1);
    double other = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < clusters; ++c) {
      if (c != cluster[i]) other = std::min(other, distance[c] / static_cast<double>(size[c]));
    }
    const double larger = std::max(own, other);
    result[i] = larger > 0 ? (other - own) / larger : 0;
  }
  return result;
}

}  // namespace inferometer::stats
