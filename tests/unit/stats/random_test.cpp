#include "stats/random.h"

#include <array>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

namespace inferometer::stats {
namespace {

TEST(CounterRandom, DependsOnSeedAndStreamAlone) {
  CounterRandom first(1), again(1), other_seed(2), other_stream(1, 1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = first.next();
    EXPECT_EQ(value, again.next());
    seen.insert({value, other_seed.next(), other_stream.next()});
  }
  EXPECT_EQ(seen.size(), 3000u);
}

// The values themselves are part of what a stored seed means.
TEST(CounterRandom, ValuesStay) {
  CounterRandom random(1);
  const std::array<std::uint64_t, 3> first{random.next(), random.next(), random.next()};
  EXPECT_EQ(first, (std::array<std::uint64_t, 3>{9342382563255217810u, 843244314282642917u, 7441279718578910622u}));
}

TEST(CounterRandom, IsUniform) {
  CounterRandom random(7);
  std::array<int, 6> counts{};
  constexpr int kDraws = 60000;
  for (int i = 0; i < kDraws; ++i) ++counts[random.below(6)];
  double chi_squared = 0;
  for (const int count : counts) chi_squared += (count - kDraws / 6.0) * (count - kDraws / 6.0) / (kDraws / 6.0);
  EXPECT_LT(chi_squared, 20.5);  // 0.999 of chi squared with 5 degrees of freedom

  double sum = 0, squares = 0, lowest = 1, highest = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform();
    lowest = std::fmin(lowest, u);
    highest = std::fmax(highest, u);
    sum += u;
    squares += u * u;
  }
  EXPECT_GE(lowest, 0);
  EXPECT_LT(highest, 1);
  EXPECT_NEAR(sum / kDraws, 0.5, 4 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.006);
}

TEST(CounterRandom, BelowReachesEveryValueOfALargeBound) {
  CounterRandom random(3);
  constexpr std::uint64_t kBound = std::uint64_t{3} << 62;  // a quarter of all draws is refused
  int above_middle = 0;
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t value = random.below(kBound);
    ASSERT_LT(value, kBound);
    above_middle += value >= kBound / 2 ? 1 : 0;
  }
  EXPECT_NEAR(above_middle, 5000, 200);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(CounterRandom, IsNormal) {
  CounterRandom random(11);
  constexpr int kDraws = 40000;
  double sum = 0, squares = 0, fourth = 0;
  int beyond = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double z = random.normal();
    sum += z;
    squares += z * z;
    fourth += z * z * z * z;
    beyond += std::fabs(z) > 1.959963984540054 ? 1 : 0;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1, 0.03);
  EXPECT_NEAR(fourth / kDraws, 3, 0.2);
  EXPECT_NEAR(beyond, 0.05 * kDraws, 4 * std::sqrt(0.05 * 0.95 * kDraws));
}

}  // namespace
}  // namespace inferometer::stats
