/// Group points that lie near each other: k-means with a silhouette, Ward's hierarchy, main clusters of groups.
///
/// Pure functions, any thread; the same input and seed give the same bits. Points are rows of a row-major matrix with `dimensions` columns;
/// distances are Euclidean. Sizes that contradict each other and values that are not finite are a caller's mistake (Error{internal}).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace inferometer::stats {

/// Every column less its mean, over its sample standard deviation. Throws Error{input} for a column that is the same in every row.
std::vector<double> z_scores(std::span<const double> points, std::size_t dimensions);

struct KMeans {
  std::size_t dimensions = 0;
  std::vector<std::size_t>
      cluster;  ///< of each point; clusters are numbered from the largest to the smallest, equal ones by their first point
  std::vector<double> centroids;  ///< a row a cluster
  std::vector<std::size_t> sizes;
  std::vector<double> within_ss;  ///< of each cluster, about its centroid
  double total_within_ss = 0;
  /// Of each point: (b - a) / max(a, b), a its mean distance to its own cluster's others and b the least mean distance to another cluster;
  /// 0 for a cluster of one (Rousseeuw 1987). Empty above kMostForSilhouette points.
  std::vector<double> silhouettes;
  std::optional<double> silhouette;  ///< their mean
};

/// Silhouettes need every distance.
inline constexpr std::size_t kMostForSilhouette = 10'000;

/// What can be said of a partition that came from elsewhere. Clusters from 0 on, none empty, at least two (Error{internal}).
KMeans described_partition(std::span<const double> points, std::size_t dimensions, std::vector<std::size_t> cluster);

/// Lloyd's iteration from k-means++ seeds (Arthur & Vassilvitskii 2007), then single points moved while that helps (Hartigan & Wong 1979);
/// the smallest total within SS of `restarts` counts. Throws Error{input}: fewer than two clusters, more than there are distinct points.
KMeans k_means(std::span<const double> points, std::size_t dimensions, std::size_t clusters, std::uint64_t seed = 1,
               std::size_t restarts = 50);

/// What each number of clusters gives.
struct ClusterChoice {
  std::size_t clusters = 0;
  double silhouette = 0, total_within_ss = 0;
};
struct ChosenKMeans {
  KMeans best;
  std::vector<ClusterChoice> choices;  ///< 2 ... min(10, n - 1), no more than there are distinct points
};
/// The number of clusters with the largest silhouette, the smallest number of equals. Throws Error{input}: fewer than three points, fewer
/// than two distinct ones, more than kMostForSilhouette.
ChosenKMeans k_means_by_silhouette(std::span<const double> points, std::size_t dimensions, std::uint64_t seed = 1,
                                   std::size_t restarts = 50);

/// One step of a hierarchy. Clusters are numbered: a point is itself, merge i makes cluster n + i.
struct Merge {
  std::size_t left = 0, right = 0;
  double height = 0;  ///< sqrt(2 x the growth of the within SS): the distance where both are single points (R's ward.D2)
  std::size_t size = 0;
};
struct Dendrogram {
  std::vector<Merge> merges;  ///< n - 1, by height
  std::vector<std::size_t>
      leaf_order;  ///< points so that no branches cross; of two branches the tighter comes first, then the one with the first point
};
/// A full distance matrix is kept.
inline constexpr std::size_t kMostForWard = 5'000;

/// Ward's method (Ward 1963) by the Lance-Williams formula along nearest-neighbour chains (Murtagh 1983): O(n^2) time and memory.
/// Throws Error{input} for fewer than two points and more than kMostForWard.
Dendrogram ward(std::span<const double> points, std::size_t dimensions);

/// The cluster of each point when the last merges are undone, numbered as in KMeans. 1 <= clusters <= points.
std::vector<std::size_t> cut(const Dendrogram& dendrogram, std::size_t clusters);

/// The largest cluster of the values of one group.
struct MainCluster {
  double group = 0;
  double centroid = 0;         ///< mean of the values in it
  std::size_t n = 0, all = 0;  ///< values in it, and in the group
  std::size_t clusters = 1;    ///< that the group was split into
  std::vector<bool> inside;    ///< of the group's values in their order, whether they are in it
};
/// For each distinct group, increasing: its values are clustered by k_means (into `clusters`, or as many as the silhouette says), and the
/// largest cluster is the main one. A group of fewer than three values, or of fewer distinct ones than clusters, is its own main cluster.
std::vector<MainCluster> main_clusters(std::span<const double> group, std::span<const double> value,
                                       std::optional<std::size_t> clusters = std::nullopt, std::uint64_t seed = 1);

}  // namespace inferometer::stats
