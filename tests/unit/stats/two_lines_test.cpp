#include "stats/two_lines.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::stats {
namespace {

TEST(TwoLines, FindsThemExactly) {
  std::vector<double> x, y;
  for (int i = 0; i < 7; ++i) {
    x.insert(x.end(), {i * 1.0, i + 0.5});
    y.insert(y.end(), {10 + 2.0 * i, 4 - 0.5 * (i + 0.5)});
  }
  const TwoLines found = fit_two_lines(x, y);
  EXPECT_NEAR(found.first.slope, 2, 1e-12);
  EXPECT_NEAR(found.first.intercept, 10, 1e-12);
  EXPECT_NEAR(found.second.slope, -0.5, 1e-12);
  EXPECT_NEAR(found.second.intercept, 4, 1e-12);
  EXPECT_EQ(found.first.n, 7u);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(found.line[i], i % 2) << i;
  EXPECT_NEAR(found.residual_ss, 0, 1e-20);
  EXPECT_GT(found.single_residual_ss, 100);
}

// Models-Comparison, Figure 7, read off (published/modelscomparison_memory_digitised.csv). The study's own slopes are 1.71 and 0.91; least
// squares through the points as read, in the figure's own two groups, gives 1.7300 and 0.9909: its small networks are one point here.
TEST(TwoLines, FindsThePublishedSlopes) {
  const std::vector<double> x{30.6, 54.6, 75.4, 132.2, 241.5, 44.3, 83.0, 97.0, 103.8, 109.8, 170.8, 229.6, 341.0, 8.7, 15.6, 21.6};
  const std::vector<double> y{830, 868, 925, 977, 1203, 598, 641, 650, 686, 668, 720, 780, 890, 560, 565, 570};
  const TwoLines found = fit_two_lines(x, y);
  EXPECT_NEAR(found.first.slope, 1.7300326229, 1e-9);
  EXPECT_NEAR(found.second.slope, 0.99094682816, 1e-9);
  EXPECT_EQ(found.first.n, 5u);
  EXPECT_EQ(found.second.n, 11u);
  EXPECT_EQ(found.residual_ss, fit_two_lines(x, y).residual_ss);
}

TEST(TwoLines, Errors) {
  const std::vector<double> five{1, 2, 3, 4, 5}, six{1, 2, 3, 1, 2, 3};
  EXPECT_THROW(fit_two_lines(five, five), Error);
  EXPECT_THROW(fit_two_lines(six, six), Error);  // three different x
  const std::vector<double> bad{1, 2, 3, 4, 5, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THROW(fit_two_lines(bad, bad), Error);
  // One line only: no split leaves two lines of three points each.
  const std::vector<double> line{1, 2, 3, 4, 5, 6};
  try {
    fit_two_lines(line, line);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
  }
}

}  // namespace
}  // namespace inferometer::stats
