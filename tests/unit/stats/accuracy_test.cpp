#include "stats/accuracy.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "stats/sample.h"

namespace inferometer::stats {
namespace {

TEST(McNemar, IsTwiceTheBinomialTail) {
  // By hand: b = 1, c = 0: 2 * 1/2. b = 2, c = 0: 2 * 1/4. b = 0, c = 6: 2/64. b = 1, c = 5: 2 * (1 + 6)/64. b = 3, c = 10:
  // 2 * (1 + 13 + 78 + 286)/8192.
  EXPECT_DOUBLE_EQ(mcnemar_exact_p(0, 0), 1);
  EXPECT_NEAR(mcnemar_exact_p(1, 0), 1, 1e-12);
  EXPECT_NEAR(mcnemar_exact_p(2, 0), 0.5, 1e-12);
  EXPECT_NEAR(mcnemar_exact_p(0, 6), 0.03125, 1e-12);
  EXPECT_NEAR(mcnemar_exact_p(1, 5), 0.21875, 1e-12);
  EXPECT_NEAR(mcnemar_exact_p(3, 10), 756.0 / 8192, 1e-12);
}

TEST(McNemar, IsSymmetricAndNeverAboveOne) {
  EXPECT_DOUBLE_EQ(mcnemar_exact_p(3, 10), mcnemar_exact_p(10, 3));
  for (const std::int64_t n : {1, 2, 7, 100}) EXPECT_LE(mcnemar_exact_p(n, n), 1);
  EXPECT_DOUBLE_EQ(mcnemar_exact_p(5, 5), 1);
}

TEST(McNemar, HoldsForManyPairs) {
  // The pairs that changed sides in Agresti, Categorical Data Analysis, 10.1.1; p in exact integer arithmetic.
  EXPECT_NEAR(mcnemar_exact_p(86, 150), 3.715936139571442e-05, 1e-15);
  EXPECT_NEAR(mcnemar_exact_p(50000, 50000), 1, 1e-12);
  const double tiny = mcnemar_exact_p(0, 2000);  // 2^-1999 is below the smallest double
  EXPECT_GE(tiny, 0);
  EXPECT_LT(tiny, 1e-300);
}

TEST(McNemar, RefusesNegativeCounts) { EXPECT_THROW(mcnemar_exact_p(-1, 2), Error); }

TEST(AccuracyDensity, DividesPercentByMillions) {
  const auto density = accuracy_density(153, 200, 1'235'496);
  ASSERT_TRUE(density);
  EXPECT_NEAR(density->value, 76.5 / 1.235496, 1e-12);
  // Wilson's limits of 153 of 200, computed apart.
  EXPECT_NEAR(density->low, 70.15863111723746 / 1.235496, 1e-10);
  EXPECT_NEAR(density->high, 81.84256658476741 / 1.235496, 1e-10);
}

TEST(AccuracyDensity, HasNoValueWithoutQuestionsOrParameters) {
  EXPECT_FALSE(accuracy_density(0, 0, 10));
  EXPECT_FALSE(accuracy_density(1, 2, 0));
  const auto none = accuracy_density(0, 1, 1'000'000), all = accuracy_density(2, 2, 1'000'000);
  ASSERT_TRUE(none && all);
  EXPECT_EQ(none->value, 0);
  EXPECT_EQ(none->low, 0);
  EXPECT_NEAR(none->high, 79.3451, 1e-3);  // Wilson, 0 of 1
  EXPECT_EQ(all->value, 100);
  EXPECT_NEAR(all->low, 34.2380, 1e-3);  // Wilson, 2 of 2
  EXPECT_NEAR(all->high, 100, 1e-9);
}

}  // namespace
}  // namespace inferometer::stats
