#include "measure/replicates.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace inferometer::measure {
namespace {

constexpr Metric kTime[] = {Metric::per_image_ms};

Block block(std::vector<std::int64_t> samples_ns, std::optional<double> before = {}, std::optional<double> after = {}) {
  Block made;
  made.samples_ns = std::move(samples_ns);
  made.surroundings.core_roundtrip_before_ns = before;
  made.surroundings.core_roundtrip_after_ns = after;
  return made;
}

/// One block a side, of three requests: a takes 10 ms, b `ratio` times that.
Replicate with_ratio(double ratio) {
  Replicate replicate;
  replicate.sides[0].blocks = {block({9'000'000, 10'000'000, 99'000'000})};
  const auto b = static_cast<std::int64_t>(std::llround(ratio * 1e7));
  replicate.sides[1].blocks = {block({b, b - 1'000'000, b + 50'000'000})};
  return replicate;
}

std::vector<Replicate> with_ratios(std::initializer_list<double> ratios) {
  std::vector<Replicate> replicates;
  for (const double ratio : ratios) replicates.push_back(with_ratio(ratio));
  return replicates;
}

MetricComparison compared(const std::vector<Replicate>& replicates, std::array<std::int64_t, 2> batches = {1, 1}) {
  return compare_replicates(replicates, batches, kTime, {}).front();
}

TEST(Replicates, TenGiveTheSecondAndTheNinthRatioAsInterval) {
  // P(Bin(10, 1/2) <= 1) = 11/1024, so ranks 2 and 9 hold the median with 1 - 22/1024 = 97.9 %; ranks 3 and 8 only with 89.1 %.
  const MetricComparison result = compared(with_ratios({1.02, 1.30, 0.70, 1.04, 1.10, 1.08, 1.06, 1.20, 1.15, 1.01}));
  EXPECT_EQ(result.replicates, 10u);
  EXPECT_DOUBLE_EQ(result.confidence, 0.95);
  EXPECT_NEAR(*result.ratio, std::sqrt(1.06 * 1.08), 1e-12);
  EXPECT_NEAR(*result.ratio_low, 1.01, 1e-12);
  EXPECT_NEAR(*result.ratio_high, 1.20, 1e-12);
  EXPECT_EQ(result.difference, Difference::larger);
  EXPECT_DOUBLE_EQ(*result.values[0], 10);
  EXPECT_NEAR(*result.values[1], 10.7, 1e-12);
  EXPECT_NEAR(*result.each[2].ratio, 0.7, 1e-12);
}

TEST(Replicates, TwoOnTheOtherSideOfOneShowNoDifference) {
  EXPECT_EQ(compared(with_ratios({0.99, 0.98, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08, 1.09})).difference, Difference::not_shown);
  EXPECT_EQ(compared(with_ratios({0.99, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08, 1.09})).difference, Difference::larger);
  EXPECT_EQ(compared(with_ratios({1.01, 0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.93, 0.92, 0.91})).difference, Difference::smaller);
}

TEST(Replicates, EqualSidesShowNoDifference) {
  const MetricComparison result = compared(with_ratios({1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_DOUBLE_EQ(*result.ratio, 1);
  EXPECT_DOUBLE_EQ(*result.ratio_low, 1);
  EXPECT_DOUBLE_EQ(*result.ratio_high, 1);
  EXPECT_EQ(result.difference, Difference::not_shown);
}

TEST(Replicates, FiveGiveNoIntervalSixDo) {
  EXPECT_FALSE(compared(with_ratios({2, 2, 2, 2, 2})).ratio_low);
  EXPECT_EQ(compared(with_ratios({2, 2, 2, 2, 2})).difference, Difference::not_shown);
  EXPECT_EQ(compared(with_ratios({2, 2, 2, 2, 2, 2})).difference, Difference::larger);
  EXPECT_FALSE(compared({}).ratio);
  EXPECT_EQ(fewest_replicates(1), 6u);
  EXPECT_EQ(fewest_replicates(2), 7u);  // 2 / 2^n <= 0.025
  EXPECT_EQ(fewest_replicates(4), 8u);
}

TEST(Replicates, TimesAreOfAnImage) {
  const MetricComparison result = compared(with_ratios({4, 4, 4, 4, 4, 4}), {2, 16});
  EXPECT_DOUBLE_EQ(*result.values[0], 5);
  EXPECT_DOUBLE_EQ(*result.values[1], 2.5);
  EXPECT_NEAR(*result.ratio, 0.5, 1e-12);
  EXPECT_EQ(result.difference, Difference::smaller);
}

TEST(Replicates, BlocksOfAReplicateArePooled) {
  Replicate replicate;
  replicate.sides[0].blocks = {block({1'000'000, 1'000'000, 1'000'000}), block({3'000'000, 3'000'000, 3'000'000, 3'000'000})};
  replicate.sides[1].blocks = {block({6'000'000})};
  EXPECT_NEAR(*compared({replicate}).ratio, 2, 1e-12);
}

TEST(Replicates, ManyMetricsShareTheConfidence) {
  std::vector<Replicate> replicates = with_ratios({1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 0.9});
  for (Replicate& replicate : replicates) {
    replicate.sides[0].start.load_ms = 30;
    replicate.sides[1].start.load_ms = 20;
    replicate.sides[0].start.memory = {10'000'000, 0, 110'000'000, 0, 0};
    replicate.sides[1].start.memory = {10'000'000, 0, 60'000'000, 0, 0};
  }
  constexpr Metric kAll[] = {Metric::per_image_ms, Metric::per_image_p90_ms, Metric::load_ms, Metric::model_memory_mb};
  const std::vector<MetricComparison> results = compare_replicates(replicates, {1, 1}, kAll, {});
  ASSERT_EQ(results.size(), 4u);
  for (const MetricComparison& result : results) EXPECT_DOUBLE_EQ(result.confidence, 0.9875);
  // At 98.75 % ten replicates need ranks 1 and 10 (1 - 2/1024), and one of them lies below 1.
  EXPECT_NEAR(*results[0].ratio_low, 0.9, 1e-12);
  EXPECT_EQ(results[0].difference, Difference::not_shown);
  EXPECT_EQ(results[1].replicates, 0u) << "three samples bound no p90";
  EXPECT_FALSE(results[1].ratio);
  EXPECT_NEAR(*results[2].ratio, 2.0 / 3, 1e-12);
  EXPECT_EQ(results[2].difference, Difference::smaller);
  EXPECT_DOUBLE_EQ(*results[3].values[0], 100);
  EXPECT_DOUBLE_EQ(*results[3].values[1], 50);
}

TEST(Replicates, P90NeedsFortyFourSamplesASide) {
  constexpr Metric kP90[] = {Metric::per_image_p90_ms};
  const auto compared_p90 = [&](std::size_t n) {
    Replicate replicate;
    std::vector<std::int64_t> samples;
    for (std::size_t i = 0; i < n; ++i) samples.push_back(static_cast<std::int64_t>(i) * 1'000'000);
    replicate.sides[0].blocks = {block(samples)};
    for (std::int64_t& sample : samples) sample *= 3;
    replicate.sides[1].blocks = {block(samples)};
    return compare_replicates(std::vector{replicate}, {1, 1}, kP90, {}).front();
  };
  EXPECT_FALSE(compared_p90(43).ratio);
  const MetricComparison result = compared_p90(44);
  EXPECT_NEAR(*result.values[0], 38.7, 1e-9);  // type 7: position 43 x 0.9
  EXPECT_NEAR(*result.ratio, 3, 1e-12);
}

/// Readings of a machine with two states: 200 and 500 ns.
const std::vector<double> kTwoStates{198, 199, 200, 201, 202, 490, 500, 510, 505, 495};

Replicate with_states(const std::vector<std::pair<double, double>>& a, const std::vector<std::pair<double, double>>& b) {
  Replicate replicate;
  std::int64_t time = 1'000'000;
  for (const auto& [before, after] : a) replicate.sides[0].blocks.push_back(block({time++}, before, after));
  for (const auto& [before, after] : b) replicate.sides[1].blocks.push_back(block({time++}, before, after));
  return replicate;
}

TEST(Replicates, OnlyBlocksOfTheNearestStateAreCompared) {
  const Replicate replicate = with_states({{200, 201}, {500, 505}, {200, 500}}, {{499, 502}, {201, 199}});
  const UsedBlocks used = used_blocks(replicate, kTwoStates);
  EXPECT_TRUE(used.any);
  EXPECT_EQ(used.state, CoreState::near);
  EXPECT_EQ(used.used[0], (std::vector<bool>{true, false, false}));
  EXPECT_EQ(used.used[1], (std::vector<bool>{false, true}));
  EXPECT_EQ(near_blocks(replicate, kTwoStates), 1u);
}

TEST(Replicates, SidesInDifferentStatesAreNotCompared) {
  EXPECT_FALSE(used_blocks(with_states({{200, 201}}, {{500, 505}}), kTwoStates).any);
  EXPECT_FALSE(used_blocks(with_states({{200, 500}}, {{500, 200}}), kTwoStates).any);
  EXPECT_EQ(near_blocks(with_states({{200, 201}}, {{500, 505}}), kTwoStates), 0u);
}

TEST(Replicates, ABlockInWhoseCourseTheStateChangedIsNotCompared) {
  Replicate replicate = with_states({{200, 500}}, {});
  replicate.sides[1].blocks = {block({1})};  // one thread: no reading
  EXPECT_FALSE(used_blocks(replicate, kTwoStates).any);
}

TEST(Replicates, OneThreadGoesWithAnyState) {
  Replicate far = with_states({{500, 505}}, {});
  far.sides[1].blocks = {block({1}), block({2})};
  const UsedBlocks used = used_blocks(far, kTwoStates);
  EXPECT_TRUE(used.any);
  EXPECT_EQ(used.state, CoreState::far);
  EXPECT_EQ(used.used[1], (std::vector<bool>{true, true}));
  EXPECT_EQ(near_blocks(far, kTwoStates), 0u);
}

TEST(Replicates, ReplicatesOfOneStateCount) {
  const Replicate near = with_states({{200, 201}}, {{201, 199}}), far = with_states({{500, 505}}, {{500, 499}}),
                  mixed = with_states({{200, 201}}, {{500, 505}});
  EXPECT_EQ(counted_replicates(std::vector{far, near, mixed, near}, kTwoStates), (std::vector<bool>{false, true, false, true}));
  EXPECT_EQ(counted_replicates(std::vector{far, mixed, far}, kTwoStates), (std::vector<bool>{true, false, true}));
  const std::vector<Replicate> replicates{far, near, mixed, near};
  const MetricComparison result = compare_replicates(replicates, {1, 1}, kTime, kTwoStates).front();
  EXPECT_EQ(result.replicates, 2u);
  EXPECT_TRUE(result.each[0].values[0]) << "shown, though it does not count";
  EXPECT_FALSE(result.each[0].ratio);
  EXPECT_FALSE(result.each[2].values[0]);
}

TEST(PairOrder, IsDecidedBySeedAndReplicate) {
  const auto first_sides = [](std::uint64_t seed, std::size_t replicate) {
    PairOrder order(seed, replicate);
    std::string sides;
    for (int i = 0; i < 400; ++i) {
      const auto pair = order.next();
      EXPECT_EQ(pair[0] + pair[1], 1u);
      sides += pair[0] == 0 ? 'a' : 'b';
    }
    return sides;
  };
  const std::string sides = first_sides(1, 0);
  EXPECT_EQ(sides, first_sides(1, 0));
  EXPECT_NE(sides, first_sides(2, 0));
  EXPECT_NE(sides, first_sides(1, 1));
  EXPECT_NEAR(static_cast<double>(std::count(sides.begin(), sides.end(), 'a')), 200, 40);  // four standard deviations
}

}  // namespace
}  // namespace inferometer::measure
