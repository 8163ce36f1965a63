#include "stats/cluster.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "iris.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

using Values = std::vector<double>;
using Clusters = std::vector<std::size_t>;

void expect_error(ErrorCode code, const std::function<void()>& call) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
  }
}

Values random_points(std::size_t n, std::size_t dimensions, std::uint64_t seed) {
  CounterRandom random(seed);
  Values points;
  for (std::size_t i = 0; i < n * dimensions; ++i) points.push_back(random.normal());
  return points;
}

TEST(KMeans, Irises) {
  // Sums, silhouettes, sizes and centroids as scikit-learn 1.x prints them (50 starts); the sum for 3 is also R's kmeans.
  struct Case {
    std::size_t clusters;
    double within_ss, silhouette;
    std::vector<std::size_t> sizes;
  };
  const Case cases[] = {{2, 152.3479517603579, 0.6810461692117462, {97, 53}},
                        {3, 78.851441426146, 0.5528190123564095, {62, 50, 38}},
                        {4, 57.22847321428572, 0.49805050499728737, {50, 40, 32, 28}},
                        {5, 46.446182051282065, 0.4887488870931056, {50, 39, 25, 24, 12}}};
  for (const auto& [clusters, within_ss, silhouette, sizes] : cases) {
    const KMeans found = k_means(kIris, 4, clusters);
    EXPECT_NEAR(found.total_within_ss, within_ss, 1e-10) << clusters;
    EXPECT_NEAR(*found.silhouette, silhouette, 1e-12) << clusters;
    EXPECT_EQ(found.sizes, sizes);
    EXPECT_NEAR(std::accumulate(found.within_ss.begin(), found.within_ss.end(), 0.0), within_ss, 1e-10);
  }
  const KMeans found = k_means(kIris, 4, 3);
  const Values centroids{5.901612903, 2.748387097, 4.393548387, 1.433870968, 5.006,       3.428,
                         1.462,       0.246,       6.85,        3.073684211, 5.742105263, 2.071052632};
  ASSERT_EQ(found.centroids.size(), centroids.size());
  for (std::size_t i = 0; i < centroids.size(); ++i) EXPECT_NEAR(found.centroids[i], centroids[i], 1e-9);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(found.cluster[i], 1u);
}

TEST(KMeans, IrisesAsZScores) {
  const KMeans found = k_means(z_scores(kIris, 4), 4, 3);
  EXPECT_NEAR(found.total_within_ss, 138.88835971735148, 1e-9);
  EXPECT_NEAR(*found.silhouette, 0.45994823920518635, 1e-12);
  EXPECT_EQ(found.sizes, (Clusters{53, 50, 47}));
}

TEST(KMeans, ChoosesTheNumberBySilhouette) {
  const ChosenKMeans irises = k_means_by_silhouette(kIris, 4);
  ASSERT_EQ(irises.choices.size(), 9u);
  EXPECT_EQ(irises.best.sizes.size(), 2u);
  EXPECT_EQ(irises.choices[1].clusters, 3u);
  EXPECT_NEAR(irises.choices[1].silhouette, 0.5528190123564095, 1e-12);
  for (std::size_t i = 1; i < irises.choices.size(); ++i)
    EXPECT_LT(irises.choices[i].total_within_ss, irises.choices[i - 1].total_within_ss);

  Values five;
  CounterRandom random(4);
  for (int centre = 0; centre < 5; ++centre) {
    for (int i = 0; i < 30; ++i) {
      five.push_back(10 * std::cos(centre * 1.2566) + random.normal());
      five.push_back(10 * std::sin(centre * 1.2566) + random.normal());
    }
  }
  EXPECT_EQ(k_means_by_silhouette(five, 2).best.sizes, (Clusters{30, 30, 30, 30, 30}));
}

/// The least sum of squares of all partitions of up to nine points into k clusters.
double least_within_ss(const Values& points, std::size_t clusters) {
  const std::size_t n = points.size();
  double least = std::numeric_limits<double>::infinity();
  std::size_t partitions = 1;
  for (std::size_t i = 0; i < n; ++i) partitions *= clusters;
  for (std::size_t code = 0; code < partitions; ++code) {
    Values sum(clusters, 0), squares(clusters, 0), count(clusters, 0);
    std::size_t rest = code;
    for (std::size_t i = 0; i < n; ++i, rest /= clusters) {
      sum[rest % clusters] += points[i];
      squares[rest % clusters] += points[i] * points[i];
      ++count[rest % clusters];
    }
    if (std::count(count.begin(), count.end(), 0.0) > 0) continue;
    double total = 0;
    for (std::size_t c = 0; c < clusters; ++c) total += squares[c] - sum[c] * sum[c] / count[c];
    least = std::min(least, total);
  }
  return least;
}

TEST(KMeans, FindsTheBestOfAllPartitions) {
  for (std::uint64_t trial = 0; trial < 40; ++trial) {
    const Values points = random_points(8, 1, trial);
    for (const std::size_t clusters : {2u, 3u}) {
      EXPECT_NEAR(k_means(points, 1, clusters).total_within_ss, least_within_ss(points, clusters), 1e-12) << trial;
    }
  }
}

TEST(KMeans, NoSinglePointIsBetterElsewhere) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Values points = random_points(40, 2, 100 + seed);
    const KMeans found = k_means(points, 2, 5, seed, 1);
    for (std::size_t i = 0; i < 40; ++i) {
      if (found.sizes[found.cluster[i]] == 1) continue;
      for (std::size_t other = 0; other < 5; ++other) {
        Clusters moved = found.cluster;
        moved[i] = other;
        EXPECT_GE(described_partition(points, 2, moved).total_within_ss, found.total_within_ss * (1 - 1e-9)) << seed << " " << i;
      }
    }
  }
}

TEST(KMeans, DescribesPartitionsThatComeFromElsewhere) {
  const KMeans found = described_partition(Values{1, 2, 10, 11, 12}, 1, {1, 1, 0, 0, 0});
  EXPECT_EQ(found.cluster, (Clusters{1, 1, 0, 0, 0}));
  EXPECT_EQ(found.centroids, (Values{11, 1.5}));
  EXPECT_DOUBLE_EQ(found.total_within_ss, 2.5);
  expect_error(ErrorCode::internal, [] { described_partition(Values{1, 2}, 1, {0, 0}); });
  expect_error(ErrorCode::internal, [] { described_partition(Values{1, 2}, 1, {0, 2}); });
  expect_error(ErrorCode::internal, [] { described_partition(Values{1, 2}, 1, {0}); });
}

TEST(KMeans, TheSeedDecides) {
  const Values points = random_points(200, 3, 9);
  const KMeans first = k_means(points, 3, 6, 5, 1), again = k_means(points, 3, 6, 5, 1);
  EXPECT_EQ(first.cluster, again.cluster);
  EXPECT_EQ(first.centroids, again.centroids);
  std::set<double> sums;
  for (std::uint64_t seed = 0; seed < 8; ++seed) sums.insert(k_means(points, 3, 6, seed, 1).total_within_ss);
  EXPECT_GT(sums.size(), 1u);
}

TEST(KMeans, TiesAndCopies) {
  const Values points{1, 1, 1, 1, 5, 5, 9};
  const KMeans three = k_means(points, 1, 3);
  EXPECT_EQ(three.cluster, (Clusters{0, 0, 0, 0, 1, 1, 2}));
  EXPECT_EQ(three.centroids, (Values{1, 5, 9}));
  EXPECT_EQ(three.total_within_ss, 0);
  // Clusters of one have silhouette 0, perfect ones 1.
  EXPECT_EQ(three.silhouettes, (Values{1, 1, 1, 1, 1, 1, 0}));
  const KMeans pair = k_means(Values{1, 2}, 1, 2);
  EXPECT_EQ(pair.cluster, (Clusters{0, 1}));
  EXPECT_EQ(*pair.silhouette, 0);
}

TEST(KMeans, Errors) {
  expect_error(ErrorCode::input, [] { k_means(Values{1, 2, 3}, 1, 1); });
  expect_error(ErrorCode::input, [] { k_means(Values{1, 1, 2}, 1, 3); });
  expect_error(ErrorCode::input, [] { k_means(Values{}, 1, 2); });
  expect_error(ErrorCode::internal, [] { k_means(Values{1, 2, 3}, 2, 2); });
  expect_error(ErrorCode::internal, [] { k_means(Values{1, 2, 3}, 0, 2); });
  expect_error(ErrorCode::internal, [] { k_means(Values{1, std::nan("")}, 1, 2); });
  expect_error(ErrorCode::input, [] { k_means_by_silhouette(Values{1, 2}, 1); });
  expect_error(ErrorCode::input, [] { k_means_by_silhouette(Values{2, 2, 2, 2}, 1); });
  expect_error(ErrorCode::input, [] { k_means_by_silhouette(Values(kMostForSilhouette + 1, 1.0), 1); });
  expect_error(ErrorCode::input, [] { z_scores(Values{1, 5, 2, 5, 3, 5}, 2); });
  expect_error(ErrorCode::input, [] { z_scores(Values{1}, 1); });
}

TEST(ZScores, HaveMeanZeroAndSpreadOne) {
  const Values scores = z_scores(Values{1, 10, 2, 30, 3, 20}, 2);
  EXPECT_EQ(scores, (Values{-1, -1, 0, 1, 1, 0}));
}

TEST(Ward, Irises) {
  // Heights as scipy's cluster.hierarchy.ward and R's hclust(..., "ward.D2") have them.
  const Dendrogram found = ward(kIris, 4);
  ASSERT_EQ(found.merges.size(), 149u);
  const double last[] = {3.828052620290243, 4.847708507921838, 6.399406819518539, 12.300396052792589, 32.44760699959244};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(found.merges[144 + i].height, last[i], 1e-10);
  double sum = 0;
  for (const Merge& merge : found.merges) sum += merge.height;
  EXPECT_NEAR(sum, 138.16224196388305, 1e-9);
  const Clusters three = cut(found, 3);
  EXPECT_EQ(std::count(three.begin(), three.end(), 0u), 64);
  EXPECT_EQ(std::count(three.begin(), three.end(), 1u), 50);
  EXPECT_EQ(std::count(three.begin(), three.end(), 2u), 36);
  EXPECT_EQ(three[0], 1u);
}

double within_ss(const Values& points, std::size_t d, const Clusters& members) {
  double total = 0;
  for (std::size_t j = 0; j < d; ++j) {
    double mean = 0;
    for (const std::size_t i : members) mean += points[i * d + j] / static_cast<double>(members.size());
    for (const std::size_t i : members) total += (points[i * d + j] - mean) * (points[i * d + j] - mean);
  }
  return total;
}

TEST(Ward, EveryMergeIsTheCheapest) {
  for (std::uint64_t trial = 0; trial < 20; ++trial) {
    const std::size_t n = 14, d = 2;
    const Values points = random_points(n, d, trial);
    const Dendrogram found = ward(points, d);
    std::vector<Clusters> clusters(2 * n - 1);
    std::set<std::size_t> open;
    for (std::size_t i = 0; i < n; ++i) {
      clusters[i] = {i};
      open.insert(i);
    }
    for (std::size_t step = 0; step < found.merges.size(); ++step) {
      const auto growth = [&](std::size_t a, std::size_t b) {
        Clusters both = clusters[a];
        both.insert(both.end(), clusters[b].begin(), clusters[b].end());
        return within_ss(points, d, both) - within_ss(points, d, clusters[a]) - within_ss(points, d, clusters[b]);
      };
      double least = std::numeric_limits<double>::infinity();
      for (const std::size_t a : open) {
        for (const std::size_t b : open) {
          if (a < b) least = std::min(least, growth(a, b));
        }
      }
      const Merge& merge = found.merges[step];
      EXPECT_NEAR(merge.height, std::sqrt(2 * least), 1e-9) << trial << " " << step;
      EXPECT_NEAR(growth(merge.left, merge.right), least, 1e-9);
      clusters[n + step] = clusters[merge.left];
      clusters[n + step].insert(clusters[n + step].end(), clusters[merge.right].begin(), clusters[merge.right].end());
      EXPECT_EQ(merge.size, clusters[n + step].size());
      open.erase(merge.left);
      open.erase(merge.right);
      open.insert(n + step);
    }
    // Reading the branches from the root on gives the order of the leaves.
    EXPECT_EQ(found.leaf_order, clusters.back());
  }
}

TEST(Ward, TheTighterBranchComesFirst) {
  const Dendrogram found = ward(Values{10, 0, 1, 0.1, 30}, 1);
  EXPECT_EQ(found.leaf_order, (Clusters{4, 0, 2, 1, 3}));
  EXPECT_EQ(cut(found, 5), (Clusters{0, 1, 2, 3, 4}));
  EXPECT_EQ(cut(found, 1), (Clusters{0, 0, 0, 0, 0}));
  EXPECT_EQ(cut(found, 3), (Clusters{1, 0, 0, 0, 2}));
}

TEST(Ward, TiesAndErrors) {
  const Dendrogram equal = ward(Values{2, 2, 2, 2}, 1);
  for (const Merge& merge : equal.merges) EXPECT_EQ(merge.height, 0);
  Clusters order = equal.leaf_order;
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, (Clusters{0, 1, 2, 3}));
  const Dendrogram pair = ward(Values{0, 0, 3, 4}, 2);
  EXPECT_DOUBLE_EQ(pair.merges[0].height, 5);
  expect_error(ErrorCode::input, [] { ward(Values{1}, 1); });
  expect_error(ErrorCode::input, [] { ward(Values(kMostForWard + 1, 0.0), 1); });
  expect_error(ErrorCode::internal, [&] { cut(pair, 3); });
  expect_error(ErrorCode::internal, [&] { cut(pair, 0); });
}

TEST(MainClusters, AreTheLargestOfEachGroup) {
  const Values group{8, 1, 1, 1, 1, 1, 8, 8, 8, 2}, value{7, 3, 50, 3.5, 4, 52, 1, 1.5, 2, 99};
  const auto found = main_clusters(group, value, 2);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].group, 1);
  EXPECT_EQ(found[1].group, 2);
  EXPECT_EQ(found[2].group, 8);
  EXPECT_DOUBLE_EQ(found[0].centroid, 3.5);
  EXPECT_EQ(found[0].n, 3u);
  EXPECT_EQ(found[0].all, 5u);
  EXPECT_EQ(found[0].clusters, 2u);
  EXPECT_EQ(found[0].inside, (std::vector<bool>{true, false, true, true, false}));
  EXPECT_DOUBLE_EQ(found[1].centroid, 99);  // one value is its own cluster
  EXPECT_EQ(found[1].clusters, 1u);
  EXPECT_DOUBLE_EQ(found[2].centroid, 1.5);
  EXPECT_EQ(main_clusters(group, value)[0].n, 3u);  // the silhouette says two as well
  EXPECT_EQ(main_clusters(Values{1, 1, 1}, Values{4, 4, 4})[0].centroid, 4);
  EXPECT_TRUE(main_clusters(Values{}, Values{}).empty());
  expect_error(ErrorCode::internal, [] { main_clusters(Values{1}, Values{}); });
}

}  // namespace
}  // namespace inferometer::stats
