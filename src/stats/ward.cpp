#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "stats/cluster.h"
#include "stats/cluster_points.h"

namespace inferometer::stats {
namespace {

/// Squared heights between clusters; a cluster lives in the slot of one of its points.
class Distances {
 public:
  explicit Distances(const Points& points) : n_(points.size()), squares_(n_ * (n_ - 1) / 2), size_(n_, 1) {
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = 0; j < i; ++j) at(i, j) = squared_distance(points.row(i), points.row(j));
    }
  }

  double square(std::size_t i, std::size_t j) const { return squares_[index(i, j)]; }
  std::size_t size(std::size_t slot) const { return size_[slot]; }  ///< 0: merged away

  /// Lance & Williams (1967) with Ward's coefficients; `from` is merged into `into`.
  void merge(std::size_t from, std::size_t into) {
    const double between = square(from, into), a = static_cast<double>(size_[from]), b = static_cast<double>(size_[into]);
    for (std::size_t k = 0; k < n_; ++k) {
      if (k == from || k == into || size_[k] == 0) continue;
      const double c = static_cast<double>(size_[k]);
      at(into, k) = ((a + c) * square(from, k) + (b + c) * square(into, k) - c * between) / (a + b + c);
    }
    size_[into] += size_[from];
    size_[from] = 0;
  }

 private:
  std::size_t index(std::size_t i, std::size_t j) const { return i > j ? i * (i - 1) / 2 + j : j * (j - 1) / 2 + i; }
  double& at(std::size_t i, std::size_t j) { return squares_[index(i, j)]; }

  std::size_t n_;
  std::vector<double> squares_;
  std::vector<std::size_t> size_;
};

struct SlotMerge {
  std::size_t a = 0, b = 0;
  double square = 0;
};

/// From any cluster on to its nearest, and to that one's nearest, until two are each other's: these merge in any order of merging.
std::vector<SlotMerge> chain_merges(Distances& distances, std::size_t n) {
  std::vector<SlotMerge> merges;
  std::vector<std::size_t> chain;
  while (merges.size() + 1 < n) {
    if (chain.empty()) {
      std::size_t first = 0;
      while (distances.size(first) == 0) ++first;
      chain.push_back(first);
    }
    const std::size_t last = chain.back();
    // The one before in the chain wins a tie, else the chain could go round in a circle.
    std::size_t nearest = chain.size() > 1 ? chain[chain.size() - 2] : n;
    double least = chain.size() > 1 ? distances.square(last, nearest) : std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < n; ++k) {
      if (k == last || distances.size(k) == 0 || distances.square(last, k) >= least) continue;
      least = distances.square(last, k);
      nearest = k;
    }
    if (chain.size() < 2 || nearest != chain[chain.size() - 2]) {
      chain.push_back(nearest);
      continue;
    }
    merges.push_back({last, nearest, least});
    distances.merge(std::max(last, nearest), std::min(last, nearest));
    chain.resize(chain.size() - 2);
  }
  return merges;
}

std::size_t root(std::vector<std::size_t>& parent, std::size_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

}  // namespace

Dendrogram ward(std::span<const double> values, std::size_t dimensions) {
  const Points points(values, dimensions);
  const std::size_t n = points.size();
  if (n < 2) throw Error(ErrorCode::input, "a hierarchy needs two points or more");
  if (n > kMostForWard)
    throw Error(ErrorCode::input, fmt::format("{} points are too many for Ward's method, {} at most", n, kMostForWard), "use k-means");
  Distances distances(points);
  std::vector<SlotMerge> slots = chain_merges(distances, n);
  std::stable_sort(slots.begin(), slots.end(), [](const SlotMerge& a, const SlotMerge& b) { return a.square < b.square; });

  Dendrogram dendrogram;
  std::vector<std::size_t> parent(2 * n - 1), first(2 * n - 1);
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  std::iota(first.begin(), first.end(), std::size_t{0});
  const auto merge_of = [&](std::size_t cluster) { return cluster < n ? Merge{.size = 1} : dendrogram.merges[cluster - n]; };
  for (const SlotMerge& slot : slots) {
    std::size_t left = root(parent, slot.a), right = root(parent, slot.b);
    const double left_height = merge_of(left).height, right_height = merge_of(right).height;
    if (right_height < left_height || (right_height == left_height && first[right] < first[left])) std::swap(left, right);
    const std::size_t merged = n + dendrogram.merges.size();
    dendrogram.merges.push_back({left, right, std::sqrt(std::max(0.0, slot.square)), merge_of(left).size + merge_of(right).size});
    parent[left] = parent[right] = merged;
    first[merged] = std::min(first[left], first[right]);
  }
  std::vector<std::size_t> open{2 * n - 2};
  while (!open.empty()) {
    const std::size_t cluster = open.back();
    open.pop_back();
    if (cluster < n) {
      dendrogram.leaf_order.push_back(cluster);
    } else {
      open.push_back(dendrogram.merges[cluster - n].right);
      open.push_back(dendrogram.merges[cluster - n].left);
    }
  }
  return dendrogram;
}

std::vector<std::size_t> cut(const Dendrogram& dendrogram, std::size_t clusters) {
  const std::size_t n = dendrogram.leaf_order.size();
  if (clusters < 1 || clusters > n) throw Error(ErrorCode::internal, "clusters: a hierarchy cannot be cut into so many");
  std::vector<std::size_t> parent(2 * n - 1);
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  for (std::size_t i = 0; i < n - clusters; ++i) parent[dendrogram.merges[i].left] = parent[dendrogram.merges[i].right] = n + i;
  std::vector<std::size_t> number(2 * n - 1, n), cluster(n);
  std::size_t next = 0;
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t& own = number[root(parent, i)];
    if (own == n) own = next++;
    cluster[i] = own;
  }
  number_by_size(cluster);
  return cluster;
}

}  // namespace inferometer::stats
