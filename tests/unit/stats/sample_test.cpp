#include "stats/sample.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <tuple>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::stats {
namespace {

using Values = std::vector<double>;

/// Miles per gallon of the 32 cars in R's `mtcars` (Henderson & Velleman 1981); the figures below are what R prints for it.
const Values kCars{21.0, 21.0, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4,
                   14.7, 32.4, 30.4, 33.9, 21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4};

/// 1, 2, ..., n in an order that is not sorted, so that a value is its own rank.
Values ranks(std::size_t n) {
  Values values(n);
  std::iota(values.begin(), values.end(), 1.0);
  std::shuffle(values.begin(), values.end(), std::mt19937(7));
  return values;
}

/// NIST's "NumAcc" family: first value, then low and high in turn.
Values numerical_accuracy(double first, double low, double high) {
  Values values{first};
  for (int i = 0; i < 500; ++i) {
    values.push_back(low);
    values.push_back(high);
  }
  return values;
}

TEST(Moments, NistCertifiedValues) {
  struct Case {
    Values values;
    double mean, stddev, tolerance;
  };
  // The tolerance is what the decimal inputs lose when they become doubles.
  const Case cases[] = {
      {{10000001, 10000003, 10000002}, 10000002, 1, 1e-15},
      {numerical_accuracy(1.2, 1.1, 1.3), 1.2, 0.1, 1e-14},
      {numerical_accuracy(1000000.2, 1000000.1, 1000000.3), 1000000.2, 0.1, 1e-9},
      {numerical_accuracy(10000000.2, 10000000.1, 10000000.3), 10000000.2, 0.1, 1e-8},
  };
  for (const auto& [values, expected_mean, expected_stddev, tolerance] : cases) {
    EXPECT_DOUBLE_EQ(*mean(values), expected_mean);
    EXPECT_NEAR(*sample_stddev(values), expected_stddev, tolerance);
  }
}

TEST(Moments, Cars) {
  EXPECT_NEAR(*mean(kCars), 20.090625, 1e-12);
  EXPECT_NEAR(*sample_stddev(kCars), 6.026948, 5e-7);
  EXPECT_NEAR(*sample_variance(kCars), 36.3241, 5e-5);
}

TEST(Moments, FewValues) {
  EXPECT_EQ(mean({}), std::nullopt);
  EXPECT_EQ(sample_variance({}), std::nullopt);
  EXPECT_EQ(sample_stddev({}), std::nullopt);
  EXPECT_EQ(mean(Values{3}), 3.0);
  EXPECT_EQ(sample_variance(Values{3}), std::nullopt);
  EXPECT_EQ(sample_stddev(Values{3}), std::nullopt);
  EXPECT_EQ(sample_variance(Values{1, 3}), 2.0);
  EXPECT_EQ(sample_variance(Values{0.1, 0.1, 0.1}), 0.0) << "ties";
}

TEST(Order, MedianAndDeviation) {
  EXPECT_EQ(median({}), std::nullopt);
  EXPECT_EQ(median(Values{4}), 4.0);
  EXPECT_EQ(median(Values{9, 4}), 6.5);
  EXPECT_EQ(median(Values{9, 1, 5}), 5.0);
  EXPECT_EQ(median(Values{7, 1, 5, 3}), 4.0);
  EXPECT_EQ(median(Values{2, 2, 2, 9}), 2.0);
  EXPECT_EQ(median(kCars), 19.2);
  EXPECT_EQ(median_absolute_deviation({}), std::nullopt);
  EXPECT_EQ(median_absolute_deviation(Values{4}), 0.0);
  EXPECT_EQ(median_absolute_deviation(Values{1, 1, 2, 2, 4, 6, 9}), 1.0);
  EXPECT_NEAR(*median_absolute_deviation(kCars), 5.41149 / 1.4826, 1e-6);
}

TEST(Order, InputIsLeftAlone) {
  const Values before{3, 1, 2};
  Values values = before;
  median(values);
  median_absolute_deviation(values);
  quantile_type7(values, 0.3);
  EXPECT_EQ(values, before);
}

TEST(Order, QuantileType7) {
  EXPECT_EQ(quantile_type7({}, 0.5), std::nullopt);
  EXPECT_EQ(quantile_type7(Values{4}, 0.0), 4.0);
  EXPECT_EQ(quantile_type7(Values{4}, 1.0), 4.0);
  EXPECT_EQ(quantile_type7(Values{8, 4}, 0.25), 5.0);
  EXPECT_EQ(quantile_type7(Values{4, 3, 2, 1}, 0.25), 1.75);
  EXPECT_NEAR(*quantile_type7(ranks(10), 0.9), 9.1, 1e-12);
  EXPECT_NEAR(*quantile_type7(ranks(101), 0.99), 100, 1e-12);
  EXPECT_EQ(quantile_type7(Values{5, 5, 5, 9}, 0.5), 5.0);
  const std::pair<double, double> cars[] = {{0, 10.4}, {0.25, 15.425}, {0.5, 19.2}, {0.75, 22.8}, {1, 33.9}};
  for (const auto& [p, expected] : cars) EXPECT_NEAR(*quantile_type7(kCars, p), expected, 1e-12) << p;
  auto sorted = kCars;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_NEAR(*quantile_type7_sorted(sorted, 0.25), 15.425, 1e-12);
}

TEST(MedianInterval, RanksOfTheSignTest) {
  // Critical values of the two-sided sign test at 0.05 and 0.01 (tables in Conover 1999, and others) plus one; 0: no interval.
  struct Case {
    std::size_t n, at_95, at_99;
  };
  const Case cases[] = {{0, 0, 0},  {1, 0, 0},   {2, 0, 0},    {5, 0, 0},    {6, 1, 0},     {7, 1, 0},     {8, 1, 1},
                        {9, 2, 1},  {10, 2, 1},  {11, 2, 1},   {12, 3, 2},   {15, 4, 3},    {17, 5, 3},    {20, 6, 4},
                        {25, 8, 6}, {30, 10, 8}, {40, 14, 12}, {50, 18, 16}, {100, 40, 37}, {101, 41, 38}, {1000, 469, 459}};
  for (const auto& [n, at_95, at_99] : cases) {
    EXPECT_EQ(median_interval_low_rank(n).value_or(0), at_95) << n;
    EXPECT_EQ(median_interval_low_rank(n, 0.99).value_or(0), at_99) << n;
  }
}

TEST(MedianInterval, ValuesAtTheRanks) {
  const std::tuple<std::size_t, double, double> cases[] = {{6, 1, 6}, {10, 2, 9}, {20, 6, 15}, {100, 40, 61}};
  for (const auto& [n, low, high] : cases) {
    const auto interval = median_interval(ranks(n));
    ASSERT_TRUE(interval.has_value()) << n;
    EXPECT_EQ(interval->low, low);
    EXPECT_EQ(interval->high, high);
  }
  EXPECT_FALSE(median_interval(ranks(5)).has_value());
  EXPECT_FALSE(median_interval({}).has_value());
  const auto ties = median_interval(Values(50, 3.5));
  EXPECT_EQ(ties->low, 3.5);
  EXPECT_EQ(ties->high, 3.5);
}

TEST(MedianInterval, ExactTiesOfCoverageCount) {
  // P(both of two on one side) is exactly one half.
  EXPECT_EQ(median_interval_low_rank(2, 0.5), 1U);
  EXPECT_EQ(median_interval_low_rank(5, 0.9375), 1U);
  EXPECT_EQ(median_interval_low_rank(5, 0.93751), std::nullopt);
}

TEST(MedianInterval, AMillionValues) {
  // Normal approximation with continuity: (n - 1.959964 sqrt(n)) / 2, which is within one rank here.
  const std::size_t n = 1'000'000;
  EXPECT_NEAR(static_cast<double>(*median_interval_low_rank(n)), (1e6 - 1.959964 * 1e3) / 2, 1.5);
  EXPECT_NEAR(static_cast<double>(*median_interval_low_rank(n, 0.9999)), (1e6 - 3.890592 * 1e3) / 2, 1.5);
  const auto interval = median_interval(ranks(n));
  EXPECT_EQ(interval->low + interval->high, 1e6 + 1);
}

TEST(QuantileBound, SamplesNeeded) {
  const std::tuple<double, double, std::int64_t> cases[] = {
      {0.99, 0.99, 459}, {0.9, 0.99, 44}, {0.95, 0.99, 90},  {0.999, 0.99, 4603},
      {0.95, 0.95, 59},  {0.9, 0.95, 29}, {0.99, 0.95, 299},  // Wilks (1941): the well-known 59
      {0.5, 0.75, 2},    {0.5, 0.5, 1},   {0.9, 0.1, 1},     {0.1, 0.5, 1},
  };
  for (const auto& [p, confidence, n] : cases) EXPECT_EQ(samples_needed_for_quantile(p, confidence), n) << p << " " << confidence;
}

TEST(QuantileBound, RanksFromExactArithmetic) {
  // Rational arithmetic over all binomial terms; n + 1 where no order statistic bounds the quantile.
  const std::tuple<double, double, std::size_t, std::size_t> cases[] = {
      {0.99, 0.99, 458, 459},   {0.99, 0.99, 459, 459}, {0.99, 0.99, 661, 661}, {0.99, 0.99, 662, 661}, {0.99, 0.99, 1000, 998},
      {0.99, 0.99, 1500, 1494}, {0.9, 0.99, 43, 44},    {0.9, 0.99, 44, 44},    {0.9, 0.99, 64, 63},    {0.9, 0.99, 100, 97},
      {0.9, 0.99, 300, 282},    {0.5, 0.95, 4, 5},      {0.5, 0.95, 5, 5},      {0.5, 0.95, 10, 9},     {0.5, 0.95, 100, 59},
      {0.95, 0.95, 58, 59},     {0.95, 0.95, 59, 59},   {0.95, 0.95, 93, 92},   {0.1, 0.95, 1, 2},      {0.1, 0.95, 2, 2},
      {0.1, 0.95, 10, 4},       {0.1, 0.95, 50, 10},    {0.9, 0.1, 20, 17},     {0.5, 0.05, 100, 43},   {0.3, 0.01, 50, 9},
      {0.5, 0.01, 3, 1},
  };
  for (const auto& [p, confidence, n, rank] : cases) {
    const auto bound = quantile_upper_bound(ranks(n), p, confidence);
    if (rank > n)
      EXPECT_EQ(bound, std::nullopt) << p << " " << n;
    else
      EXPECT_EQ(bound, static_cast<double>(rank)) << p << " " << n;
  }
  EXPECT_EQ(quantile_upper_bound({}, 0.5), std::nullopt);
}

TEST(QuantileBound, ExistsExactlyFromTheSamplesNeeded) {
  for (const double p : {0.05, 0.3, 0.5, 0.75, 0.9, 0.95, 0.99}) {
    for (const double confidence : {0.5, 0.75, 0.9, 0.95, 0.99, 0.999}) {
      const auto n = static_cast<std::size_t>(samples_needed_for_quantile(p, confidence));
      EXPECT_TRUE(quantile_upper_bound(ranks(n), p, confidence).has_value()) << p << " " << confidence;
      EXPECT_FALSE(quantile_upper_bound(ranks(n - 1), p, confidence).has_value()) << p << " " << confidence;
    }
  }
}

TEST(QuantileBound, LiesAboveTheEstimateForAMillionValues) {
  const auto values = ranks(1'000'000);
  // np + 2.326348 sqrt(np(1-p)), the normal approximation.
  EXPECT_NEAR(*quantile_upper_bound(values, 0.99), 990'000 + 2.326348 * std::sqrt(9900.0), 3);
}

TEST(Wilson, PublishedIntervals) {
  // Newcombe (1998), Statistics in Medicine 17:857, table I, method 3.
  struct Case {
    std::int64_t successes, n;
    double low, high;
  };
  const Case cases[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0.0, 0.1611}, {1, 29, 0.0061, 0.1718}};
  for (const auto& [successes, n, low, high] : cases) {
    const auto interval = wilson_interval(successes, n);
    EXPECT_NEAR(interval->low, low, 5e-5);
    EXPECT_NEAR(interval->high, high, 5e-5);
  }
}

TEST(Wilson, EndsAndLevels) {
  EXPECT_FALSE(wilson_interval(0, 0).has_value());
  EXPECT_EQ(wilson_interval(0, 7)->low, 0.0);
  EXPECT_EQ(wilson_interval(7, 7)->high, 1.0);
  for (std::int64_t n = 1; n <= 2000; ++n) {
    ASSERT_EQ(wilson_interval(0, n)->low, 0.0) << n;
    ASSERT_EQ(wilson_interval(n, n)->high, 1.0) << n;
  }
  // All or nothing: the other end is n / (n + z^2), and z(0.95) = 1.959963984540054, z(0.99) = 2.575829303548901.
  EXPECT_NEAR(wilson_interval(7, 7)->low, 7 / (7 + 1.959963984540054 * 1.959963984540054), 1e-14);
  EXPECT_NEAR(wilson_interval(7, 7, 0.99)->low, 7 / (7 + 2.575829303548901 * 2.575829303548901), 1e-14);
  const auto large = wilson_interval(35'000, 50'000);
  EXPECT_NEAR(large->low, 0.7 - 1.959964 * std::sqrt(0.21 / 50'000), 3e-5);
  EXPECT_NEAR(large->high, 0.7 + 1.959964 * std::sqrt(0.21 / 50'000), 3e-5);
}

TEST(TwoClusters, SplitsAtTheWidestGap) {
  const auto clusters = two_clusters(Values{590, 197, 205, 600, 190, 610});
  ASSERT_TRUE(clusters.has_value());
  EXPECT_EQ(clusters->low_centre, 197);
  EXPECT_EQ(clusters->high_centre, 600);
  EXPECT_NEAR(clusters->boundary, std::sqrt(205.0 * 590.0), 1e-9);
}

TEST(TwoClusters, WidestGapCountsOnlyWhereMediansAreFarApart) {
  // 100 to 140 is the widest gap, but the medians on its sides (100, 140) are not 1.6 apart; at 190 to 250 they are (140, 250).
  const auto clusters = two_clusters(Values{100, 140, 140, 140, 190, 250}, 1.6);
  ASSERT_TRUE(clusters.has_value());
  EXPECT_EQ(clusters->low_centre, 140);
  EXPECT_EQ(clusters->high_centre, 250);
  EXPECT_NEAR(clusters->boundary, std::sqrt(190.0 * 250.0), 1e-9);
}

TEST(TwoClusters, OneClusterOnly) {
  EXPECT_FALSE(two_clusters({}).has_value());
  EXPECT_FALSE(two_clusters(Values{5}).has_value());
  EXPECT_FALSE(two_clusters(Values{5, 5, 5}).has_value());
  EXPECT_FALSE(two_clusters(Values{5, 5, 5}, 1).has_value());
  EXPECT_FALSE(two_clusters(Values{190, 197, 205, 250}).has_value());
  EXPECT_FALSE(two_clusters(Values{2, 3}).has_value()) << "exactly 1.5 is not more";
  EXPECT_TRUE(two_clusters(Values{2, 3.01}).has_value());
}

TEST(Errors, MistakesOfTheCallerAreInternal) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Values bad{1, nan, 2}, endless{1, std::numeric_limits<double>::infinity()}, unsorted{2, 1}, good{1, 2};
  const std::function<void()> cases[] = {
      [&] { mean(bad); },
      [&] { sample_variance(bad); },
      [&] { median(bad); },
      [&] { median(endless); },
      [&] { median_absolute_deviation(bad); },
      [&] { quantile_type7(bad, 0.5); },
      [&] { median_interval(bad); },
      [&] { quantile_upper_bound(bad, 0.5); },
      [&] { two_clusters(bad); },
      [&] { quantile_type7_sorted(unsorted, 0.5); },
      [&] { median_interval_sorted(unsorted); },
      [&] { quantile_upper_bound_sorted(unsorted, 0.5); },
      [&] { quantile_type7(good, -0.1); },
      [&] { quantile_type7(good, 1.1); },
      [&] { quantile_type7(good, nan); },
      [&] { quantile_upper_bound(good, 1.0); },
      [&] { median_interval(good, 95); },
      [&] { median_interval_low_rank(10, 0); },
      [&] { samples_needed_for_quantile(0); },
      [&] { samples_needed_for_quantile(0.5, 1); },
      [&] { wilson_interval(-1, 5); },
      [&] { wilson_interval(6, 5); },
      [&] { wilson_interval(1, 5, 0); },
      [&] {
        two_clusters(Values{0, 1});
      },
      [&] { two_clusters(good, 0.5); },
  };
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    try {
      cases[i]();
      ADD_FAILURE() << "case " << i << " passed";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::internal) << i;
    }
  }
}

}  // namespace
}  // namespace inferometer::stats
