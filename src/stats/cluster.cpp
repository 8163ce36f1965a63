#include "stats/cluster.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "stats/cluster_points.h"
#include "stats/random.h"
#include "stats/sample.h"

namespace inferometer::stats {
namespace {

constexpr int kMostTurns = 200;
constexpr std::size_t kMostClustersTried = 10;

using Clusters = std::vector<std::size_t>;

struct Partition {
  Clusters cluster;
  std::vector<double> centroids;
  std::vector<std::size_t> sizes;
  double within_ss = std::numeric_limits<double>::infinity();
};

std::vector<double> row_of(const Points& points, std::size_t i) { return {points.row(i).begin(), points.row(i).end()}; }

/// Each further seed is drawn with a probability that grows with the square of its distance to the nearest one so far.
std::vector<double> plus_plus_seeds(const Points& points, std::size_t clusters, CounterRandom& random) {
  std::vector<double> seeds = row_of(points, random.below(points.size()));
  std::vector<double> nearest(points.size(), std::numeric_limits<double>::infinity());
  while (seeds.size() < clusters * points.dimensions) {
    const std::span<const double> last(seeds.end() - static_cast<std::ptrdiff_t>(points.dimensions), seeds.end());
    double sum = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      nearest[i] = std::min(nearest[i], squared_distance(points.row(i), last));
      sum += nearest[i];
    }
    double left = random.uniform() * sum;
    std::size_t chosen = static_cast<std::size_t>(std::max_element(nearest.begin(), nearest.end()) - nearest.begin());
    for (std::size_t i = 0; i < points.size(); ++i) {
      left -= nearest[i];
      if (left >= 0 || nearest[i] == 0) continue;
      chosen = i;
      break;
    }
    const std::vector<double> seed = row_of(points, chosen);
    seeds.insert(seeds.end(), seed.begin(), seed.end());
  }
  return seeds;
}

std::span<const double> centroid(const Partition& partition, std::size_t cluster, std::size_t dimensions) {
  return {&partition.centroids[cluster * dimensions], dimensions};
}

/// Means and sizes of the clusters as they are.
void settle_centroids(const Points& points, Partition& partition) {
  const std::size_t d = points.dimensions, k = partition.sizes.size();
  std::fill(partition.sizes.begin(), partition.sizes.end(), 0);
  partition.centroids.assign(k * d, 0);
  for (std::size_t i = 0; i < points.size(); ++i) {
    ++partition.sizes[partition.cluster[i]];
    for (std::size_t j = 0; j < d; ++j) partition.centroids[partition.cluster[i] * d + j] += points.row(i)[j];
  }
  for (std::size_t c = 0; c < k; ++c) {
    for (std::size_t j = 0; j < d; ++j) partition.centroids[c * d + j] /= static_cast<double>(std::max<std::size_t>(partition.sizes[c], 1));
  }
}

/// A cluster that lost all its points takes the point farthest from its own centroid.
void refill_empty(const Points& points, Partition& partition) {
  for (std::size_t empty = 0; empty < partition.sizes.size(); ++empty) {
    if (partition.sizes[empty] > 0) continue;
    std::size_t farthest = 0;
    double most = -1;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double distance = squared_distance(points.row(i), centroid(partition, partition.cluster[i], points.dimensions));
      if (partition.sizes[partition.cluster[i]] < 2 || distance <= most) continue;
      most = distance;
      farthest = i;
    }
    partition.cluster[farthest] = empty;
    settle_centroids(points, partition);
  }
}

std::size_t nearest_cluster(const Points& points, std::size_t i, const Partition& partition) {
  std::size_t nearest = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < partition.sizes.size(); ++c) {
    const double distance = squared_distance(points.row(i), centroid(partition, c, points.dimensions));
    if (distance >= least) continue;
    least = distance;
    nearest = c;
  }
  return nearest;
}

/// Lloyd's turns: every point to its nearest centroid, every centroid to the mean of its points.
void take_turns(const Points& points, Partition& partition) {
  for (int turn = 0; turn < kMostTurns; ++turn) {
    bool changed = false;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const std::size_t nearest = nearest_cluster(points, i, partition);
      changed = changed || nearest != partition.cluster[i];
      partition.cluster[i] = nearest;
    }
    settle_centroids(points, partition);
    refill_empty(points, partition);
    if (!changed) return;
  }
}

/// Move single points where the sum of squares falls although no centroid is nearer: a point pulls its own centroid towards itself, so it
/// counts for n / (n - 1) of its distance there and for n / (n + 1) elsewhere.
bool move_points(const Points& points, Partition& partition) {
  constexpr double kGain = 1e-12;
  const std::size_t d = points.dimensions;
  bool moved = false;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t from = partition.cluster[i];
    if (partition.sizes[from] < 2) continue;
    const double own_size = static_cast<double>(partition.sizes[from]);
    const double gain = squared_distance(points.row(i), centroid(partition, from, d)) * own_size / (own_size - 1);
    std::size_t to = from;
    double least = gain * (1 - kGain);
    for (std::size_t c = 0; c < partition.sizes.size(); ++c) {
      if (c == from) continue;
      const double size = static_cast<double>(partition.sizes[c]);
      const double cost = squared_distance(points.row(i), centroid(partition, c, d)) * size / (size + 1);
      if (cost >= least) continue;
      least = cost;
      to = c;
    }
    if (to == from) continue;
    for (std::size_t j = 0; j < d; ++j) {
      const double value = points.row(i)[j], to_size = static_cast<double>(partition.sizes[to]);
      double& left = partition.centroids[from * d + j];
      double& joined = partition.centroids[to * d + j];
      left = (left * own_size - value) / (own_size - 1);
      joined = (joined * to_size + value) / (to_size + 1);
    }
    --partition.sizes[from];
    ++partition.sizes[to];
    partition.cluster[i] = to;
    moved = true;
  }
  return moved;
}

Partition partition_from(const Points& points, std::vector<double> seeds) {
  Partition partition;
  partition.centroids = std::move(seeds);
  partition.sizes.assign(partition.centroids.size() / points.dimensions, 1);
  partition.cluster.assign(points.size(), 0);
  take_turns(points, partition);
  for (int turn = 0; turn < kMostTurns && move_points(points, partition); ++turn) settle_centroids(points, partition);
  settle_centroids(points, partition);
  partition.within_ss = 0;
  for (std::size_t i = 0; i < points.size(); ++i)
    partition.within_ss += squared_distance(points.row(i), centroid(partition, partition.cluster[i], points.dimensions));
  return partition;
}

}  // namespace

std::vector<double> z_scores(std::span<const double> values, std::size_t dimensions) {
  const Points points(values, dimensions);
  std::vector<double> scores(values.size()), column(points.size());
  for (std::size_t j = 0; j < dimensions; ++j) {
    for (std::size_t i = 0; i < points.size(); ++i) column[i] = points.row(i)[j];
    const auto spread = sample_stddev(column);
    if (!spread || !(*spread > 0))
      throw Error(ErrorCode::input, fmt::format("column {} is the same in every row and has no z-score", j + 1), "leave that column out");
    const double centre = *mean(column);
    for (std::size_t i = 0; i < points.size(); ++i) scores[i * dimensions + j] = (column[i] - centre) / *spread;
  }
  return scores;
}

KMeans described_partition(std::span<const double> values, std::size_t dimensions, std::vector<std::size_t> cluster) {
  const Points points(values, dimensions);
  if (cluster.size() != points.size() || cluster.empty()) throw Error(ErrorCode::internal, "clusters: a partition of other points");
  Partition partition;
  partition.cluster = std::move(cluster);
  partition.sizes.assign(1 + *std::max_element(partition.cluster.begin(), partition.cluster.end()), 0);
  number_by_size(partition.cluster);
  settle_centroids(points, partition);
  const std::size_t k = partition.sizes.size();
  if (k < 2 || std::find(partition.sizes.begin(), partition.sizes.end(), std::size_t{0}) != partition.sizes.end())
    throw Error(ErrorCode::internal, "clusters: an empty cluster, or one only");
  KMeans result;
  result.dimensions = dimensions;
  result.within_ss.assign(k, 0);
  for (std::size_t i = 0; i < points.size(); ++i)
    result.within_ss[partition.cluster[i]] += squared_distance(points.row(i), centroid(partition, partition.cluster[i], dimensions));
  result.total_within_ss = std::accumulate(result.within_ss.begin(), result.within_ss.end(), 0.0);
  if (points.size() <= kMostForSilhouette) {
    result.silhouettes = silhouettes(points, partition.cluster, k);
    result.silhouette = mean(result.silhouettes);
  }
  result.cluster = std::move(partition.cluster);
  result.centroids = std::move(partition.centroids);
  result.sizes = std::move(partition.sizes);
  return result;
}

KMeans k_means(std::span<const double> values, std::size_t dimensions, std::size_t clusters, std::uint64_t seed, std::size_t restarts) {
  const Points points(values, dimensions);
  const std::size_t distinct = distinct_points(points);
  if (clusters < 2) throw Error(ErrorCode::input, "k-means needs two clusters or more");
  if (clusters > distinct)
    throw Error(ErrorCode::input, fmt::format("{} clusters are more than the {} different points", clusters, distinct),
                "ask for fewer clusters");
  if (restarts == 0) throw Error(ErrorCode::internal, "clusters: no restart");
  Partition best;
  for (std::size_t restart = 0; restart < restarts; ++restart) {
    CounterRandom random(seed, restart);
    Partition found = partition_from(points, plus_plus_seeds(points, clusters, random));
    if (found.within_ss < best.within_ss) best = std::move(found);
  }
  return described_partition(values, dimensions, std::move(best.cluster));
}

ChosenKMeans k_means_by_silhouette(std::span<const double> values, std::size_t dimensions, std::uint64_t seed, std::size_t restarts) {
  const Points points(values, dimensions);
  const std::size_t distinct = distinct_points(points);
  if (points.size() < 3 || distinct < 2) {
    throw Error(ErrorCode::input, fmt::format("{} points, {} of them different, cannot be clustered: it needs 3, and 2 different ones",
                                              points.size(), distinct));
  }
  if (points.size() > kMostForSilhouette) {
    throw Error(ErrorCode::input, fmt::format("{} points are too many to choose the number of clusters by silhouette", points.size()),
                "say how many clusters");
  }
  ChosenKMeans chosen;
  for (std::size_t k = 2; k <= std::min({kMostClustersTried, points.size() - 1, distinct}); ++k) {
    KMeans found = k_means(values, dimensions, k, seed, restarts);
    chosen.choices.push_back({k, *found.silhouette, found.total_within_ss});
    if (!chosen.best.silhouette || *found.silhouette > *chosen.best.silhouette) chosen.best = std::move(found);
  }
  return chosen;
}

std::vector<MainCluster> main_clusters(std::span<const double> group, std::span<const double> value, std::optional<std::size_t> clusters,
                                       std::uint64_t seed) {
  if (group.size() != value.size()) throw Error(ErrorCode::internal, "clusters: group and value have different lengths");
  std::vector<double> groups(group.begin(), group.end());
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  std::vector<MainCluster> found;
  for (const double each : groups) {
    std::vector<double> own;
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (group[i] == each) own.push_back(value[i]);
    }
    const std::size_t distinct = distinct_points(Points(own, 1));
    std::vector<std::size_t> cluster(own.size(), 0);
    if (own.size() >= 3 && distinct >= clusters.value_or(2) && clusters.value_or(2) > 1)
      cluster = clusters ? k_means(own, 1, *clusters, seed).cluster : k_means_by_silhouette(own, 1, seed).best.cluster;
    MainCluster main{.group = each, .all = own.size(), .clusters = 1 + *std::max_element(cluster.begin(), cluster.end())};
    std::vector<double> inside;
    for (std::size_t i = 0; i < own.size(); ++i) {
      main.inside.push_back(cluster[i] == 0);
      if (cluster[i] == 0) inside.push_back(own[i]);
    }
    main.n = inside.size();
    main.centroid = *mean(inside);
    found.push_back(std::move(main));
  }
  return found;
}

}  // namespace inferometer::stats
