#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "stats/curve_fit.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

using Values = std::vector<double>;

double quantile_loss(const Values& x, const Values& y, const EnvelopeLine& line, double tau) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double residual = y[i] - line.intercept - line.slope * x[i];
    sum += residual > 0 ? tau * residual : (tau - 1) * residual;
  }
  return sum;
}

/// The smallest loss of all lines through two points: one of them is optimal.
double smallest_loss(const Values& x, const Values& y, double tau) {
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = i + 1; j < x.size(); ++j) {
      if (x[i] == x[j]) continue;
      const double slope = (y[j] - y[i]) / (x[j] - x[i]);
      smallest = std::min(smallest, quantile_loss(x, y, {y[i] - slope * x[i], slope}, tau));
    }
  }
  return smallest;
}

TEST(Envelope, IsTheBestOfAllLinesThroughTwoPoints) {
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    CounterRandom random(5, trial);
    const std::size_t n = 4 + random.below(37);
    Values x, y;
    for (std::size_t i = 0; i < n; ++i) {
      // Every other trial on a small grid, where many points share a line, an x, or everything.
      x.push_back(trial % 2 == 0 ? random.uniform() * 10 : static_cast<double>(random.below(5)));
      y.push_back(trial % 2 == 0 ? 3 * x.back() + random.normal() : static_cast<double>(random.below(5)));
    }
    x[0] = -1;  // never one x only
    for (const double tau : {0.05, 0.3, 0.5, 0.95}) {
      const Envelope envelope = fit_envelope(x, y, false, tau * 0.5, tau);
      const double smallest = smallest_loss(x, y, tau);
      EXPECT_LE(quantile_loss(x, y, envelope.upper, tau), smallest * (1 + 1e-9) + 1e-12) << trial << " " << tau;
      EXPECT_LE(quantile_loss(x, y, envelope.lower, tau * 0.5), smallest_loss(x, y, tau * 0.5) * (1 + 1e-9) + 1e-12) << trial << " " << tau;
    }
  }
}

TEST(Envelope, LeavesItsShareOfPointsOnEachSide) {
  CounterRandom random(8);
  Values x, y;
  for (int i = 0; i < 3000; ++i) {
    x.push_back(std::exp(6 * random.uniform()));
    y.push_back(40 + 5 * std::log(x.back()) + 4 * random.uniform());
  }
  const Envelope envelope = fit_envelope(x, y, true);
  std::size_t below = 0, above = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    below += y[i] < envelope.low(x[i]) - 1e-9 ? 1 : 0;
    above += y[i] > envelope.high(x[i]) + 1e-9 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(below), 150, 3);
  EXPECT_NEAR(static_cast<double>(above), 150, 3);
  EXPECT_NEAR(envelope.lower.slope, 5, 0.1);
  EXPECT_NEAR(envelope.upper.slope, 5, 0.1);
  EXPECT_NEAR(envelope.upper.intercept - envelope.lower.intercept, 0.9 * 4, 0.2);
}

TEST(Envelope, OfAPerfectLineIsTheLine) {
  Values x, y;
  for (int i = 0; i < 50; ++i) {
    x.push_back(i);
    y.push_back(0.1 * i - 3);
  }
  const Envelope envelope = fit_envelope(x, y, false);
  EXPECT_NEAR(envelope.low(20), -1, 1e-12);
  EXPECT_NEAR(envelope.high(20), -1, 1e-12);
}

TEST(Envelope, NeverCrosses) {
  const Values x{0, 1, 2, 3, 9}, y{0, 5, -5, 1, 1};
  const Envelope envelope = fit_envelope(x, y, false, 0.4, 0.6);
  for (double at = -20; at < 20; at += 0.5) EXPECT_LE(envelope.low(at), envelope.high(at));
}

TEST(Envelope, RefusesWhatHasNone) {
  EXPECT_THROW(fit_envelope(Values{1, 2, 3}, Values{1, 2, 3}, false), Error);
  EXPECT_THROW(fit_envelope(Values{2, 2, 2, 2}, Values{1, 2, 3, 4}, false), Error);
  EXPECT_THROW(fit_envelope(Values{0, 2, 3, 4}, Values{1, 2, 3, 4}, true), Error);
  EXPECT_NO_THROW(fit_envelope(Values{0, 2, 3, 4}, Values{1, 2, 3, 4}, false));
  EXPECT_THROW(fit_envelope(Values{1, 2, 3, 4}, Values{1, 2, 3, 4}, false, 0.9, 0.1), Error);
  EXPECT_THROW(fit_envelope(Values{1, 2, 3, 4}, Values{1, 2, 3}, false), Error);
}

}  // namespace
}  // namespace inferometer::stats
