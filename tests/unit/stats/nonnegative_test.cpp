#include "stats/nonnegative.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

TEST(Nonnegative, ProblemsSolvedByHand) {
  // y = 2 a + 3 b exactly.
  const NonnegativeFit exact = fit_nonnegative(std::vector<double>{1, 0, 0, 1, 1, 1}, std::vector<double>{2, 3, 5}, 2);
  EXPECT_NEAR(exact.coefficients[0], 2, 1e-12);
  EXPECT_NEAR(exact.coefficients[1], 3, 1e-12);
  EXPECT_NEAR(exact.residual_ss, 0, 1e-20);
  // Without the bound (1, -1); with it b = 0, and a is the projection on (1, 1): 1/2.
  const NonnegativeFit bound = fit_nonnegative(std::vector<double>{1, 0, 1, 1}, std::vector<double>{1, 0}, 2);
  EXPECT_NEAR(bound.coefficients[0], 0.5, 1e-12);
  EXPECT_EQ(bound.coefficients[1], 0);
  EXPECT_NEAR(bound.residual_ss, 0.5, 1e-12);
  // Everything points the other way.
  const NonnegativeFit none = fit_nonnegative(std::vector<double>{1, 2, 3, 4}, std::vector<double>{-1, -1}, 2);
  EXPECT_EQ(none.coefficients, (std::vector<double>{0, 0}));
  EXPECT_EQ(none.residuals, (std::vector<double>{-1, -1}));
}

TEST(Nonnegative, ColumnsThatDependOnEachOtherShareNothing) {
  const NonnegativeFit fit = fit_nonnegative(std::vector<double>{1, 2, 0, 2, 4, 0, 3, 6, 0}, std::vector<double>{2, 4, 6}, 3);
  EXPECT_NEAR(fit.coefficients[0] + 2 * fit.coefficients[1], 2, 1e-12);
  EXPECT_TRUE(fit.coefficients[0] == 0 || fit.coefficients[1] == 0);
  EXPECT_EQ(fit.coefficients[2], 0);  // a column of zeros
  EXPECT_TRUE(fit_nonnegative({}, std::vector<double>{1, 2}, 0).coefficients.empty());
}

/// Karush, Kuhn and Tucker: at the minimum no column with coefficient 0 has a positive gradient, and those in use have none.
TEST(Nonnegative, ConditionsOfTheMinimumHoldOnRandomProblems) {
  for (std::uint64_t problem = 0; problem < 40; ++problem) {
    CounterRandom random(7, problem);
    const std::size_t rows = 30, columns = 1 + problem % 20;
    std::vector<double> design(rows * columns), y(rows);
    for (double& value : design) value = random.uniform() * std::pow(10.0, static_cast<double>(random.below(5)) - 2);
    for (double& value : y) value = random.normal() + 1;
    const NonnegativeFit fit = fit_nonnegative(design, y, columns);
    int in_use = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      double gradient = 0, length = 0;
      for (std::size_t r = 0; r < rows; ++r) {
        gradient += design[r * columns + c] * fit.residuals[r];
        length += design[r * columns + c] * design[r * columns + c];
      }
      gradient /= std::sqrt(length);
      ASSERT_GE(fit.coefficients[c], 0);
      ASSERT_LE(gradient, 1e-8) << problem;
      if (fit.coefficients[c] > 0) {
        ++in_use;
        ASSERT_NEAR(gradient, 0, 1e-8) << problem;
      }
    }
    EXPECT_GT(in_use, 0);
  }
}

/// With one column of length 1 the solution is the projection less the penalty's share of y's length; of two that would do, the nearer one is taken.
TEST(Nonnegative, APenaltyKeepsColumnsOut) {
  const NonnegativeFit one = fit_nonnegative(std::vector<double>{1, 0}, std::vector<double>{3, 4}, 1, 0.1);
  EXPECT_NEAR(one.coefficients[0], 3 - 0.1 * 5, 1e-12);
  EXPECT_EQ(fit_nonnegative(std::vector<double>{1, 0}, std::vector<double>{3, 4}, 1, 0.7).coefficients[0], 0);
  // y is the second column but for a little; without a penalty the third mends it.
  const std::vector<double> design{0, 1, 1, 0, 1, 0}, y{1.01, 1};
  EXPECT_GT(fit_nonnegative(design, y, 3).coefficients[2], 0);
  const NonnegativeFit kept = fit_nonnegative(design, y, 3, 0.02);
  EXPECT_EQ(kept.coefficients[2], 0);
  EXPECT_NEAR(kept.coefficients[1], 1, 0.03);
}

TEST(Nonnegative, RefusesWhatIsNoProblem) {
  EXPECT_THROW(fit_nonnegative(std::vector<double>{1, 2, 3}, std::vector<double>{1, 2}, 2), Error);
  EXPECT_THROW(fit_nonnegative(std::vector<double>{1, std::numeric_limits<double>::infinity()}, std::vector<double>{1, 2}, 1), Error);
}

}  // namespace
}  // namespace inferometer::stats
