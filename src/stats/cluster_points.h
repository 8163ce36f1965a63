/// What the methods of cluster.h share.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace inferometer::stats {

/// A view of points as rows. Throws Error{internal} for a size that is no multiple of the dimensions and values that are not finite.
struct Points {
  Points(std::span<const double> all_values, std::size_t all_dimensions);
  std::size_t size() const { return values.size() / dimensions; }
  std::span<const double> row(std::size_t i) const { return values.subspan(i * dimensions, dimensions); }

  std::span<const double> values;
  std::size_t dimensions;
};

double squared_distance(std::span<const double> a, std::span<const double> b);
std::size_t distinct_points(const Points& points);

/// Renumber clusters from the largest to the smallest, equal ones by their first point.
void number_by_size(std::vector<std::size_t>& cluster);

/// Of each point, as cluster.h says. At least two clusters, none empty. O(n^2 dimensions).
std::vector<double> silhouettes(const Points& points, const std::vector<std::size_t>& cluster, std::size_t clusters);

}  // namespace inferometer::stats
