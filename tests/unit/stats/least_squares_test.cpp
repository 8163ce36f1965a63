#include "stats/least_squares.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::stats {
namespace {

using Values = std::vector<double>;

TEST(LinearLeastSquares, SaysWhenColumnsDependOnEachOther) {
  const Values design{1, 2, 1, 2, 1, 2, 1, 2}, y{1, 2, 3, 4};
  const LeastSquares found = linear_least_squares(design, y, 2);
  EXPECT_TRUE(found.factor.empty());
  EXPECT_LT(found.determination, 1e-15);
  EXPECT_NEAR(found.residual_ss, 5, 1e-12);  // about the mean 2.5
}

TEST(LinearLeastSquares, CallersMistakes) {
  EXPECT_THROW(linear_least_squares(Values{1, 2, 3}, Values{1, 2}, 2), Error);
  EXPECT_THROW(linear_least_squares(Values{1, 2}, Values{1}, 2), Error);
  EXPECT_THROW(linear_least_squares(Values{}, Values{}, 0), Error);
  EXPECT_THROW(linear_least_squares(Values{1, std::nan("")}, Values{1, 2}, 1), Error);
}

/// y = exp(-b x) with a pole of its own: b must be positive.
bool decaying(std::span<const double> b, std::span<double> values, std::span<double> derivatives) {
  if (!(b[0] > 0)) return false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = static_cast<double>(i);
    values[i] = std::exp(-b[0] * x);
    if (!derivatives.empty()) derivatives[i] = -x * values[i];
  }
  return true;
}

TEST(NonlinearLeastSquares, StaysInTheModelsDomain) {
  const Values y{1, 0.5, 0.25, 0.125, 0.0625};
  for (const double start : {1e-6, 0.1, 5.0}) {
    const LeastSquares found = least_squares(decaying, y, Values{start});
    EXPECT_TRUE(found.converged) << start;
    EXPECT_TRUE(found.perfect) << start;
    EXPECT_NEAR(found.parameters[0], std::log(2), 1e-12) << start;
  }
}

TEST(NonlinearLeastSquares, SaysWhenThereIsNoMinimum) {
  // From 100 on every curve is the same to the last bit.
  EXPECT_FALSE(least_squares(decaying, Values{1, 0.5, 0.25, 0.125, 0.0625}, Values{1000}).converged);
  // A start outside the domain; a growing sequence, whose best b is the boundary 0.
  EXPECT_FALSE(least_squares(decaying, Values{1, 0.5, 0.25}, Values{-1}).converged);
  EXPECT_FALSE(least_squares(decaying, Values{1, 2, 4, 8}, Values{1}).converged);
  // A parameter that does nothing.
  const ModelFunction idle = [](std::span<const double> b, std::span<double> values, std::span<double> derivatives) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = b[0];
    for (std::size_t i = 0; i < derivatives.size(); ++i) derivatives[i] = i % 2 == 0 ? 1 : 0;
    return true;
  };
  const LeastSquares found = least_squares(idle, Values{1, 2, 3}, Values{1, 1});
  EXPECT_FALSE(found.converged);
  EXPECT_TRUE(found.factor.empty());
}

TEST(NonlinearLeastSquares, CallersMistakes) {
  EXPECT_THROW(least_squares(decaying, Values{}, Values{1}), Error);
  EXPECT_THROW(least_squares(decaying, Values{1, 2}, Values{}), Error);
  EXPECT_THROW(least_squares(decaying, Values{1, HUGE_VAL}, Values{1}), Error);
}

}  // namespace
}  // namespace inferometer::stats
