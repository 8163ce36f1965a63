#include "load/arrivals.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "test_server.h"

namespace inferometer::load {
namespace {

std::vector<double> gaps_s(Arrivals arrivals, std::size_t n) {
  std::vector<double> gaps;
  for (Nanoseconds last = arrivals.next(); gaps.size() < n; last = arrivals.next()) {
    arrivals.advance();
    gaps.push_back(static_cast<double>((arrivals.next() - last).count()) * 1e-9);
  }
  return gaps;
}

TEST(Arrivals, constant_ones_do_not_drift) {
  Arrivals arrivals(Loop::constant, 3, Nanoseconds(-1'000'000'000), 1);
  EXPECT_EQ(arrivals.next().count(), -1'000'000'000);
  for (int i = 0; i < 3'000'000; ++i) arrivals.advance();
  EXPECT_EQ(arrivals.next().count(), 999'999LL * 1'000'000'000);
}

TEST(Arrivals, poisson_gaps_are_exponential) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const std::vector<double> gaps = gaps_s(Arrivals(Loop::poisson, 200, Nanoseconds(0), seed), 100'000);
    double sum = 0, squares = 0;
    std::size_t above_mean = 0;
    for (const double gap : gaps) {
      EXPECT_GE(gap, 0);
      sum += gap;
      squares += gap * gap;
      above_mean += gap > 0.005;
    }
    const double mean = sum / 1e5, variance = squares / 1e5 - mean * mean;
    // Five standard errors: mean 0.005/sqrt(n); variance 0.005^2 * sqrt(8/n); share above the mean exp(-1).
    EXPECT_NEAR(mean, 0.005, 5 * 0.005 / std::sqrt(1e5));
    EXPECT_NEAR(variance, 2.5e-5, 5 * 2.5e-5 * std::sqrt(8 / 1e5));
    EXPECT_NEAR(static_cast<double>(above_mean) / 1e5, std::exp(-1), 5 * std::sqrt(0.2325 / 1e5));
  }
}

TEST(Arrivals, depend_on_the_seed_alone) {
  const auto first = gaps_s(Arrivals(Loop::poisson, 100, Nanoseconds(0), 7), 50);
  EXPECT_EQ(first, gaps_s(Arrivals(Loop::poisson, 100, Nanoseconds(0), 7), 50));
  EXPECT_NE(first, gaps_s(Arrivals(Loop::poisson, 100, Nanoseconds(0), 8), 50));
}

TEST(Arrivals, need_a_rate) {
  for (const double rate : {0.0, -1.0, std::nan("")}) {
    expect_error(ErrorCode::usage, "rate", [&] { Arrivals(Loop::constant, rate, Nanoseconds(0), 1); });
  }
}

}  // namespace
}  // namespace inferometer::load
