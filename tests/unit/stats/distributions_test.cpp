#include "stats/distributions.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void expect_relative(double expected, double actual, double tolerance = 1e-12) {
  EXPECT_NEAR(actual / expected, 1, tolerance) << actual << " is not " << expected;
}

// Quantiles as printed in tables of these distributions.
TEST(Distributions, QuantilesOfTables) {
  expect_relative(1.959963984540054, normal_quantile(0.975));
  expect_relative(-1.959963984540054, normal_quantile(0.025));
  expect_relative(2.5758293035489004, normal_quantile(0.995));
  expect_relative(12.706204736174705, t_two_sided_quantile(0.95, 1));
  expect_relative(2.2281388519862744, t_two_sided_quantile(0.95, 10));
  expect_relative(2.7499956535672250, t_two_sided_quantile(0.99, 30));
  expect_relative(0.05, f_upper_p(3.3258345304130112, 5, 10), 1e-11);
}

// F statistics of the studies' table with their p to the digits that 50-digit arithmetic gives.
TEST(Distributions, SmallTailsKeepTheirDigits) {
  expect_relative(1.80196924184e-82, f_upper_p(150.392444418185, 6, 266), 2e-11);
  expect_relative(0.00681209942896813, f_upper_p(1.74920120865464, 38, 234), 1e-12);
  // P(|Z| >= 10), and T with one degree of freedom: 1 - 2 atan(t) / pi.
  expect_relative(1.5239706048321052e-23, normal_two_sided_p(10));
  expect_relative(7.6198530241605260e-24, normal_upper_p(10));
  expect_relative(6.3661977236737e-13, t_two_sided_p(1e12, 1), 1e-12);
  expect_relative(0.5, t_two_sided_p(-1, 1));
}

TEST(Distributions, TIsTheSquareRootOfF) {
  for (const double degrees : {1.0, 2.5, 7.0, 266.0}) {
    for (const double t : {0.1, 1.7, 12.0}) expect_relative(f_upper_p(t * t, 1, degrees), t_two_sided_p(t, degrees));
  }
}

TEST(Distributions, Ends) {
  EXPECT_EQ(f_upper_p(0, 2, 3), 1);
  EXPECT_EQ(f_upper_p(kInfinity, 2, 3), 0);
  EXPECT_EQ(t_two_sided_p(kInfinity, 3), 0);
  EXPECT_EQ(t_two_sided_p(0, 3), 1);
  EXPECT_EQ(normal_two_sided_p(0), 1);
}

TEST(Distributions, RefusesWhatIsNone) {
  EXPECT_THROW(t_two_sided_p(1, 0), Error);
  EXPECT_THROW(f_upper_p(1, 1, kInfinity), Error);
  EXPECT_THROW(f_upper_p(std::numeric_limits<double>::quiet_NaN(), 1, 1), Error);
  EXPECT_THROW(normal_quantile(1), Error);
  EXPECT_THROW(t_two_sided_quantile(0, 3), Error);
}

}  // namespace
}  // namespace inferometer::stats
