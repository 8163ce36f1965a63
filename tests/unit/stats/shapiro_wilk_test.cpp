#include "stats/shapiro_wilk.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

std::vector<double> made(int n, double (*value)(double)) {
  std::vector<double> values;
  for (int i = 1; i <= n; ++i) values.push_back(value(i));
  return values;
}

// Weights of eleven men, Shapiro & Wilk 1965: W 0.79. Further figures by scipy 1.17, which has AS R94.
TEST(ShapiroWilk, PublishedAndComputed) {
  const struct {
    std::vector<double> values;
    double w, p;
  } cases[] = {
      {{148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236}, 0.7888146948631716, 0.006703814061898823},
      {{148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236, 171}, 0.7900459210656832, 0.00723566422559103},
      {{1, 2, 4}, 0.9642857142857142, 0.6368868450289689},
      {{2, 3, 5, 9}, 0.9202026788806026, 0.5380837777759025},
      {{3.1, 4.5, 2.2, 7.7, 5.0}, 0.9541047564895083, 0.7664533433082906},
      {made(100, [](double i) { return std::sqrt(i); }), 0.9470944991284386, 0.0005365881730447748},
      {made(5000, [](double i) { return std::log(i); }), 0.8185889566859685, 9.255414160257788e-60},
  };
  for (const auto& each : cases) {
    const auto found = shapiro_wilk(each.values);
    ASSERT_TRUE(found);
    // Royston's constants have six or seven digits; programs differ beyond them only in how they sum.
    EXPECT_NEAR(found->w, each.w, 1e-7) << each.values.size();
    EXPECT_NEAR(found->p / each.p, 1, 1e-4) << each.values.size();
  }
}

TEST(ShapiroWilk, DoesNotDependOnPlaceAndScale) {
  const std::vector<double> values{2, 3, 5, 9, 4, 4.5};
  std::vector<double> moved;
  for (const double value : values) moved.push_back(-1e6 * value + 3e9);
  EXPECT_NEAR(shapiro_wilk(values)->w, shapiro_wilk(moved)->w, 1e-12);
}

TEST(ShapiroWilk, RejectsOneInTwentyNormalSamples) {
  for (const int n : {5, 11, 12, 50, 400}) {
    CounterRandom random(static_cast<std::uint64_t>(n));
    int rejected = 0;
    constexpr int kTrials = 1000;
    for (int trial = 0; trial < kTrials; ++trial) {
      std::vector<double> values;
      for (int i = 0; i < n; ++i) values.push_back(random.normal());
      rejected += shapiro_wilk(values)->p < 0.05 ? 1 : 0;
    }
    EXPECT_NEAR(rejected, 50, 25) << n;
  }
}

TEST(ShapiroWilk, WhereItIsNotDefined) {
  EXPECT_FALSE(shapiro_wilk(std::vector<double>{1, 2}));
  EXPECT_FALSE(shapiro_wilk({}));
  EXPECT_FALSE(shapiro_wilk(std::vector<double>(10, 3.5)));
  EXPECT_FALSE(shapiro_wilk(made(5001, [](double i) { return i; })));
  EXPECT_THROW(shapiro_wilk(std::vector<double>{1, 2, std::numeric_limits<double>::quiet_NaN()}), Error);
}

}  // namespace
}  // namespace inferometer::stats
