#include "predict/conformal.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"
#include "stats/random.h"

namespace inferometer::predict {
namespace {

TEST(Conformal, RanksByHand) {
  // ceil(10 x 0.9) = 9: the largest of nine; ceil(20 x 0.9) = 18: the second largest of nineteen.
  EXPECT_EQ(conformal_bound({5, 1, 9, 2, 8, 3, 7, 4, 6}, 0.9), 9);
  std::vector<double> nineteen;
  for (int i = 19; i > 0; --i) nineteen.push_back(i);
  EXPECT_EQ(conformal_bound(nineteen, 0.9), 18);
  EXPECT_EQ(conformal_bound({3, 1, 2}, 0.5), 2);
  EXPECT_EQ(conformal_bound({1, 1, 1, 1, 1, 1, 1, 1, 1}, 0.9), 1);
}

TEST(Conformal, TooFewScoresBoundNothing) {
  EXPECT_EQ(conformal_bound({}, 0.9), std::nullopt);
  EXPECT_EQ(conformal_bound({1, 2, 3, 4, 5, 6, 7, 8}, 0.9), std::nullopt);
  EXPECT_THROW(conformal_bound({1}, 1), Error);
  EXPECT_THROW(conformal_bound({std::numeric_limits<double>::quiet_NaN()}, 0.5), Error);
}

/// What it promises: of scores from one distribution, the next lies within the bound in 18 of 20 cases with 19 before it (exactly, if no
/// ties).
TEST(Conformal, HoldsAsOftenAsItSays) {
  stats::CounterRandom random(3);
  int held = 0;
  constexpr int kTrials = 20'000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> scores(19);
    for (double& score : scores) score = std::exp(random.normal());
    held += std::exp(random.normal()) <= *conformal_bound(scores, 0.9) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(held) / kTrials, 0.9, 0.008);
}

}  // namespace
}  // namespace inferometer::predict
