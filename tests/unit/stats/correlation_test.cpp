#include "stats/correlation.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

using Values = std::vector<double>;

// The first of Anscombe's quartet (1973), printed correlation 0.816; p and intervals as scipy 1.17 computes them.
const Values kAnscombeX{10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
const Values kAnscombeY{8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};
const Values kTiedA{1, 2, 2, 3, 4, 4, 4, 5, 6, 7, 8, 8};
const Values kTiedB{2, 1, 3, 3, 5, 4, 4, 6, 8, 7, 7, 9};
const Values kShortA{3, 1, 4, 2, 6, 5, 7};
const Values kShortB{2, 1, 5, 3, 4, 7, 6};

TEST(Correlation, Pearson) {
  const Correlation found = correlate(CorrelationMethod::pearson, kAnscombeX, kAnscombeY);
  EXPECT_EQ(found.n, 11u);
  EXPECT_NEAR(*found.coefficient, 0.8164205163448395, 1e-14);
  EXPECT_NEAR(*found.p, 0.0021696288730788152, 1e-15);
  EXPECT_EQ(found.p_basis, CorrelationBasis::student_t);
  EXPECT_NEAR(found.interval->low, 0.4243912133932152, 1e-13);
  EXPECT_NEAR(found.interval->high, 0.9506932537865604, 1e-13);
  EXPECT_EQ(found.interval_basis, CorrelationBasis::fisher_z);
}

TEST(Correlation, RanksOfLongerColumnsWithoutTies) {
  const Correlation spearman = correlate(CorrelationMethod::spearman, kAnscombeX, kAnscombeY);
  EXPECT_NEAR(*spearman.coefficient, 0.8181818181818182, 1e-14);
  EXPECT_NEAR(*spearman.p, 0.0020831448404786917, 1e-14);
  EXPECT_EQ(spearman.p_basis, CorrelationBasis::student_t);
  const Correlation kendall = correlate(CorrelationMethod::kendall, kAnscombeX, kAnscombeY);
  EXPECT_NEAR(*kendall.coefficient, 0.6363636363636364, 1e-14);
  EXPECT_NEAR(*kendall.p, 0.005707170915504249, 1e-14);
  EXPECT_EQ(kendall.p_basis, CorrelationBasis::exact);
}

TEST(Correlation, RanksWithTies) {
  const Correlation spearman = correlate(CorrelationMethod::spearman, kTiedA, kTiedB);
  EXPECT_NEAR(*spearman.coefficient, 0.9485036968818232, 1e-14);
  EXPECT_NEAR(*spearman.p / 2.6150906647705994e-06, 1, 1e-11);
  const Correlation kendall = correlate(CorrelationMethod::kendall, kTiedA, kTiedB);
  EXPECT_NEAR(*kendall.coefficient, 0.8549499226759615, 1e-14);
  EXPECT_NEAR(*kendall.p, 0.00020834506887477486, 1e-15);
  EXPECT_EQ(kendall.p_basis, CorrelationBasis::normal);
  const Correlation threes =
      correlate(CorrelationMethod::kendall, Values{1, 2, 2, 2, 3, 4, 4, 4, 5, 6, 7, 8}, Values{2, 1, 3, 3, 3, 4, 4, 6, 6, 6, 7, 9});
  EXPECT_NEAR(*threes.coefficient, 0.890787755224979, 1e-14);
  EXPECT_NEAR(*threes.p / 0.0001633169772551808, 1, 1e-12);
}

TEST(Correlation, ExactWhereShort) {
  const Correlation spearman = correlate(CorrelationMethod::spearman, kShortA, kShortB);
  EXPECT_NEAR(*spearman.coefficient, 0.7857142857142857, 1e-14);
  EXPECT_DOUBLE_EQ(*spearman.p, 242.0 / 5040);  // counted over all orders of seven
  EXPECT_EQ(spearman.p_basis, CorrelationBasis::exact);
  const Correlation kendall = correlate(CorrelationMethod::kendall, kShortA, kShortB);
  EXPECT_NEAR(*kendall.coefficient, 13.0 / 21, 1e-14);
  EXPECT_NEAR(*kendall.p, 0.06904761904761905, 1e-14);
}

TEST(Correlation, PerfectOnes) {
  const Values up{1, 2, 3, 4, 5}, down{10, 8, 6, 4, 2};
  const Correlation pearson = correlate(CorrelationMethod::pearson, up, down);
  EXPECT_EQ(*pearson.coefficient, -1);
  EXPECT_EQ(*pearson.p, 0);
  EXPECT_FALSE(pearson.interval);
  const Correlation spearman = correlate(CorrelationMethod::spearman, up, down);
  EXPECT_EQ(*spearman.coefficient, -1);
  EXPECT_DOUBLE_EQ(*spearman.p, 2.0 / 120);
  const Correlation kendall = correlate(CorrelationMethod::kendall, up, down);
  EXPECT_EQ(*kendall.coefficient, -1);
  EXPECT_NEAR(*kendall.p, 2.0 / 120, 1e-15);
}

TEST(Correlation, LargeOffsetsCostNoDigits) {
  Values x = kAnscombeX, y = kAnscombeY;
  for (double& value : x) value = value * 0x1p-10 + 1e9;
  for (double& value : y) value *= 1e200;
  EXPECT_NEAR(*pearson_r(x, y), 0.8164205163448395, 1e-13);
}

TEST(Correlation, WhatIsNotDefinedIsNothing) {
  const Values constant{2, 2, 2}, other{1, 2, 3};
  for (const auto method : {CorrelationMethod::pearson, CorrelationMethod::spearman, CorrelationMethod::kendall}) {
    const Correlation flat = correlate(method, constant, other);
    EXPECT_FALSE(flat.coefficient || flat.p || flat.interval);
    EXPECT_FALSE(correlate(method, {}, {}).coefficient);
    EXPECT_FALSE(correlate(method, Values{1}, Values{1}).coefficient);
    const Correlation two = correlate(method, Values{1, 2}, Values{5, 3});
    EXPECT_EQ(*two.coefficient, -1);
    EXPECT_FALSE(two.p || two.interval);
  }
}

TEST(Correlation, RefusesWhatIsNone) {
  EXPECT_THROW(pearson_r(Values{1, 2}, Values{1}), Error);
  EXPECT_THROW(kendall_tau_b(Values{1, std::numeric_limits<double>::quiet_NaN()}, Values{1, 2}), Error);
  EXPECT_THROW(correlate(CorrelationMethod::pearson, kAnscombeX, kAnscombeY, 1), Error);
}

TEST(Correlation, MidranksShareTies) {
  EXPECT_EQ(midranks(Values{30, 10, 20, 20}), (Values{4, 1, 2.5, 2.5}));
  EXPECT_TRUE(midranks({}).empty());
}

TEST(Correlation, KendallEqualsTheCountOfPairs) {
  CounterRandom random(5);
  for (const std::size_t n : {2u, 3u, 17u, 64u, 100u}) {
    Values x, y;
    for (std::size_t i = 0; i < n; ++i) {
      x.push_back(static_cast<double>(random.below(20)));
      y.push_back(static_cast<double>(random.below(9)));
    }
    const auto sign = [](double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; };
    double s = 0, untied_x = 0, untied_y = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const int a = sign(x[i] - x[j]), b = sign(y[i] - y[j]);
        s += a * b;
        untied_x += a * a;
        untied_y += b * b;
      }
    }
    if (untied_x * untied_y == 0) continue;
    EXPECT_NEAR(*kendall_tau_b(x, y), s / std::sqrt(untied_x * untied_y), 1e-14) << n;
  }
}

// Of pairs drawn with a known correlation, 95 % intervals must hold it about 95 times in 100.
TEST(Correlation, IntervalsHold) {
  constexpr int kTrials = 200;
  constexpr double kRho = 0.6;
  const double spearman_truth = 6 / M_PI * std::asin(kRho / 2), kendall_truth = 2 / M_PI * std::asin(kRho);
  CounterRandom random(17);
  int pearson = 0, spearman = 0, kendall = 0;
  const auto holds = [](const Correlation& found, double truth) { return found.interval->low <= truth && truth <= found.interval->high; };
  for (int trial = 0; trial < kTrials; ++trial) {
    Values x, y;
    for (int i = 0; i < 30; ++i) {
      x.push_back(random.normal());
      y.push_back(kRho * x.back() + std::sqrt(1 - kRho * kRho) * random.normal());
    }
    pearson += holds(correlate(CorrelationMethod::pearson, x, y), kRho);
    spearman += holds(correlate(CorrelationMethod::spearman, x, y), spearman_truth);
    kendall += holds(correlate(CorrelationMethod::kendall, x, y), kendall_truth);
  }
  for (const int held : {pearson, spearman, kendall}) {
    EXPECT_GE(held, 0.90 * kTrials);
    EXPECT_LE(held, 0.99 * kTrials);
  }
}

TEST(Correlation, LongColumnsHaveIntervalsByFormula) {
  CounterRandom random(23);
  Values x, y;
  for (int i = 0; i < 1001; ++i) {
    x.push_back(random.normal());
    y.push_back(x.back() + random.normal());
  }
  const Correlation spearman = correlate(CorrelationMethod::spearman, x, y);
  EXPECT_EQ(spearman.interval_basis, CorrelationBasis::bonett_wright);
  EXPECT_NEAR(spearman.interval->high - spearman.interval->low, 2 * 1.96 * std::sqrt((1 + 0.23) / 998) * (1 - 0.47), 0.01);
  EXPECT_EQ(correlate(CorrelationMethod::kendall, x, y).interval_basis, CorrelationBasis::fieller);
}

TEST(Correlation, TheSeedDecidesTheBootstrap) {
  const auto low = [](std::uint64_t seed) {
    return correlate(CorrelationMethod::spearman, kAnscombeX, kAnscombeY, 0.95, seed).interval->low;
  };
  EXPECT_EQ(low(1), low(1));
  EXPECT_NE(low(1), low(2));
}

TEST(Correlation, Names) {
  EXPECT_EQ(correlation_method("kendall"), CorrelationMethod::kendall);
  EXPECT_EQ(correlation_method("kendal"), std::nullopt);
  EXPECT_EQ(name(CorrelationMethod::spearman), "spearman");
}

}  // namespace
}  // namespace inferometer::stats
