#include "stats/linear_model.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "base/error.h"
#include "nist_linear_data.h"

namespace inferometer::stats {
namespace {

/// Digits that agree, at most 15; of a certified 0 those of the absolute value below 1.
double digits(double expected, double actual) {
  const double error = expected == 0 ? std::fabs(actual) : std::fabs(actual / expected - 1);
  return error < 1e-15 ? 15 : -std::log10(error);
}

TEST(LinearModel, NistReferenceSets) {
  for (const nist::LinearSet& set : nist::linear_sets()) {
    const LinearModel model = fit_linear(set.columns, set.y, set.centred);
    // Filip's powers up to ten are so nearly sums of each other that their columns as doubles carry eight digits of the answer.
    // Wampler5 hides its polynomial under noise that is ten million times larger.
    const double least = set.name == "Filip" ? 7 : set.name == "Wampler5" ? 8 : 9;
    for (std::size_t i = 0; i < set.coefficients.size(); ++i) {
      EXPECT_GE(digits(set.coefficients[i], model.coefficients[i]), least) << set.name << " b" << i;
      if (set.residual_stddev > 0) {
        EXPECT_GE(digits(set.standard_errors[i], model.standard_errors[i]), least) << set.name << " se" << i;
      } else {
        EXPECT_LT(model.standard_errors[i], 1e-6) << set.name;
      }
    }
    if (set.residual_stddev > 0) {
      EXPECT_GE(digits(set.residual_stddev, model.residual_stddev), least) << set.name;
    }
    EXPECT_GE(digits(set.r_squared, *model.r_squared), least) << set.name;
    EXPECT_EQ(model.degrees_of_freedom, set.y.size() - set.columns.size());
  }
}

TEST(LinearModel, CovarianceOfALine) {
  // By hand: x = 0, 1, 2, 3, residual SS 0.032 on two degrees of freedom.
  const std::vector<std::vector<double>> columns{{1, 1, 1, 1}, {0, 1, 2, 3}};
  const LinearModel model = fit_linear(columns, std::vector<double>{1.1, 2.9, 5.1, 6.9});
  EXPECT_NEAR(model.coefficients[0], 1.06, 1e-14);
  EXPECT_NEAR(model.coefficients[1], 1.96, 1e-14);
  const double variance = model.residual_ss / 2;
  EXPECT_NEAR(model.residual_ss, 0.032, 1e-14);
  EXPECT_NEAR(model.covariance[0], variance * 14 / 20, 1e-15);
  EXPECT_NEAR(model.covariance[1], -variance * 6 / 20, 1e-15);
  EXPECT_NEAR(model.covariance[3], variance * 4 / 20, 1e-15);
  EXPECT_NEAR(model.fitted[0] + model.residuals[0], 1.1, 1e-15);
}

TEST(LinearModel, Errors) {
  const std::vector<double> y{1, 2, 4};
  const auto refuses = [&](const std::vector<std::vector<double>>& columns, ErrorCode code) {
    try {
      fit_linear(columns, y);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
    }
  };
  refuses({{1, 1, 1}, {1, 2, 3}, {1, 4, 9}}, ErrorCode::input);
  refuses({{1, 1, 1}, {2, 2, 2}}, ErrorCode::input);
  refuses({{1, 1, 1}, {0, 0, 0}}, ErrorCode::input);
  refuses({{1, 1}}, ErrorCode::internal);
  refuses({}, ErrorCode::internal);
  const std::vector<std::vector<double>> constant{{1, 1, 1}};
  EXPECT_FALSE(fit_linear(constant, std::vector<double>{2, 2, 2}).r_squared);
}

TEST(LinearModel, SequentialSquares) {
  const std::vector<std::vector<double>> columns{{1, 1, 1, 1}, {-3, -1, 1, 3}, {2, 2, 2, 2}, {1, -1, -1, 1}};
  const SequentialFit fit = fit_sequentially(columns, std::vector<double>{1, 2, 4, 9});
  EXPECT_NEAR(*fit.squares[0], 64, 1e-12);
  EXPECT_NEAR(*fit.squares[1], 26.0 * 26 / 20, 1e-12);
  EXPECT_FALSE(fit.squares[2]);
  EXPECT_NEAR(*fit.squares[3], 16.0 / 4, 1e-12);
  EXPECT_NEAR(fit.residual_ss, 102 - 64 - 33.8 - 4, 1e-12);
  EXPECT_EQ(fit.residuals.size(), 4u);
}

// Columns that are nearly sums of each other: one projection would leave residuals that still go along with them.
TEST(LinearModel, SequentialResidualsAreOrthogonal) {
  const nist::LinearSet set = nist::filip();
  const std::vector<std::vector<double>> columns(set.columns.begin(), set.columns.begin() + 7);
  const SequentialFit fit = fit_sequentially(columns, set.y);
  const auto product = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  for (const auto& column : columns) {
    EXPECT_LT(std::fabs(product(column, fit.residuals)) / std::sqrt(product(column, column) * product(set.y, set.y)), 1e-14);
  }
}

}  // namespace
}  // namespace inferometer::stats
