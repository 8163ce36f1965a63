#include "measure/search.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::measure {
namespace {

using Surface = std::function<double(const SearchPoint&)>;

/// Engines as we know them: how images a second depend on the settings.
struct Machine {
  const char* name;
  int cores;
  Surface rate;
};

/// Threads of one stream gain less and less (Amdahl, `serial` of the work), streams cost each other memory bandwidth.
double amdahl(const SearchPoint& p, double serial, double contention) {
  const double team = static_cast<double>(p.threads) / p.streams;
  const double one = 100 / (serial + (1 - serial) / team);
  return one * p.streams / (1 + contention * (p.streams - 1));
}

std::vector<Machine> machines() {
  std::vector<Machine> all;
  for (const int cores : {2, 4, 6, 16, 64}) {
    all.push_back({"a stream a core, larger batches help", cores,
                   [](const SearchPoint& p) { return amdahl(p, 0.1, 0.01) * (1 - 0.5 / static_cast<double>(p.batch)); }});
    all.push_back({"one team, batch 1 best: the cache is small", cores,
                   [](const SearchPoint& p) { return amdahl(p, 0.02, 0.3) / (1 + 0.08 * std::log2(static_cast<double>(p.batch))); }});
    all.push_back({"two requests a stream hide the waiting", cores,
                   [](const SearchPoint& p) { return amdahl(p, 0.1, 0.02) * (p.requests > p.streams ? 1.15 : 1); }});
    all.push_back({"the middle batch", cores, [](const SearchPoint& p) {
                     const double away = std::log2(static_cast<double>(p.batch)) - 3;
                     return amdahl(p, 0.08, 0.05) * std::exp(-0.05 * away * away);
                   }});
    all.push_back({"half the threads: the others only heat", cores, [cores](const SearchPoint& p) {
                     return amdahl(p, 0.1, 0.02) * (2 * p.threads > cores ? 0.6 * cores / (2.0 * p.threads) + 0.3 : 1);
                   }});
    all.push_back({"nothing matters", cores, [](const SearchPoint&) { return 50.0; }});
  }
  return all;
}

double best_of(const SearchSpace& space, const Surface& rate) {
  double best = 0;
  for (const SearchPoint& point : points_of(space)) best = std::max(best, rate(point));
  return best;
}

TEST(Search, finds_95_percent_of_the_best_with_a_fifth_of_the_measurements) {
  for (const Machine& machine : machines()) {
    const SearchSpace space = default_space(machine.cores);
    const double best = best_of(space, machine.rate);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      SCOPED_TRACE(std::string(machine.name) + ", " + std::to_string(machine.cores) + " cores, seed " + std::to_string(seed));
      std::mt19937_64 random(seed);
      // Seed 0 measures exactly, the others within about 1 %.
      const auto measure = [&](const SearchPoint& point) -> std::optional<double> {
        const double noise = static_cast<double>(random() >> 11) / 9007199254740992.0 - 0.5;
        return machine.rate(point) * (1 + (seed == 0 ? 0 : 0.02) * noise);
      };
      const SearchResult result = search_throughput(space, measure);
      EXPECT_EQ(result.space_size, points_of(space).size());
      EXPECT_LE(5 * result.tried.size(), result.space_size);
      double found = 0;
      for (const Tried& tried : fastest(result, 3)) found = std::max(found, machine.rate(tried.point));
      EXPECT_GE(found, 0.95 * best);
    }
  }
}

TEST(Search, tries_each_point_once_and_only_possible_ones) {
  const SearchSpace space = default_space(16);
  const std::vector<SearchPoint> possible = points_of(space);
  std::set<SearchPoint> seen;
  search_throughput(space, [&](const SearchPoint& point) -> std::optional<double> {
    EXPECT_TRUE(seen.insert(point).second);
    EXPECT_TRUE(std::binary_search(possible.begin(), possible.end(), point));
    EXPECT_EQ(point.threads % point.streams, 0);
    return static_cast<double>(point.batch);
  });
  EXPECT_GT(seen.size(), 4u);
}

// A low reading beside the best point does not end the search while there is budget: batch 16 lies behind 8.
TEST(Search, looks_beyond_neighbours_that_do_not_help) {
  const SearchResult result = search_throughput(default_space(2), [](const SearchPoint& point) -> std::optional<double> {
    if (point.threads != 2 || point.streams != 2 || point.requests != 2) return 10;
    return point.batch == 16 ? 200 : point.batch == 4 ? 100 : 50;
  });
  EXPECT_EQ(fastest(result, 1).at(0).point, (SearchPoint{2, 2, 2, 16}));
  EXPECT_LE(result.tried.size(), search_budget(result.space_size));
}

TEST(Search, goes_on_where_a_point_cannot_be_measured) {
  // Batches of 8 and more run out of memory; the start, 4 images, is measured.
  const SearchResult result = search_throughput(default_space(4), [](const SearchPoint& point) -> std::optional<double> {
    if (point.batch >= 8) return std::nullopt;
    return static_cast<double>(10 * point.batch + point.streams);
  });
  ASSERT_FALSE(fastest(result, 1).empty());
  EXPECT_EQ(fastest(result, 1)[0].point.batch, 4);
  EXPECT_EQ(fastest(result, 1)[0].point.streams, 4);
  // Nothing can be measured at all: no fastest, and no more than the start and its neighbours.
  const SearchResult none = search_throughput(default_space(4), [](const SearchPoint&) { return std::optional<double>(); });
  EXPECT_TRUE(fastest(none, 3).empty());
  EXPECT_FALSE(none.tried.empty());
}

TEST(SearchSpace, holds_what_is_possible) {
  EXPECT_EQ(points_of(default_space(1)).size(), 1u * 2 * 6);
  EXPECT_EQ(points_of(default_space(2)).size(), 3u * 2 * 6);  // threads x streams: 1x1, 2x1, 2x2
  SearchSpace space{{4}, {1, 3, 4}, {1, 4}, {1}};
  const std::vector<SearchPoint> expected{{4, 1, 1, 1}, {4, 1, 4, 1}, {4, 4, 4, 1}};
  EXPECT_EQ(points_of(space), expected);
  EXPECT_EQ(default_space(6).threads, (std::vector<int>{1, 2, 4, 6}));
  space = {{2}, {4}, {}, {1}};
  EXPECT_TRUE(points_of(space).empty());
  EXPECT_THROW(search_throughput(space, [](const SearchPoint&) { return std::optional<double>(1); }), Error);
}

TEST(SearchBudget, is_a_fifth_yet_three) {
  EXPECT_EQ(search_budget(1), 3u);
  EXPECT_EQ(search_budget(19), 3u);
  EXPECT_EQ(search_budget(36), 7u);
  EXPECT_EQ(search_budget(180), 36u);
}

}  // namespace
}  // namespace inferometer::measure
