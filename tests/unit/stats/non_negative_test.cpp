#include "stats/non_negative.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

using Columns = std::vector<std::vector<double>>;

// Twelve rows of five columns, and what scipy 1.x's nnls makes of them.
const Columns kDesign{{2.5, 3.49, 1.21, 2.21, 0.86, 2.06, 1.99, 0.8, 1.07, 2.97, 1.45, 0.6},
                      {3.59, 0.02, 1.11, 3.98, 0.64, 1.86, 0.99, 1.48, 3.52, 0.37, 2.39, 3.27},
                      {3.1, 3.28, 1.02, 3.17, 2.45, 3.67, 0.05, 0.01, 2.04, 2.16, 0.24, 1.52},
                      {0.9, 3.19, 1.78, 2.49, 0.18, 2.52, 0.77, 3.32, 3.39, 2.03, 1.55, 3.91},
                      {1.2, 1.87, 2.02, 3.96, 0.14, 2.06, 2.77, 0.62, 2.56, 3.49, 1.29, 2.36}};
const std::vector<double> kY{4.91, 9.1, 4.42, 11.22, -0.6, 6.26, 7.24, 2.79, 7.95, 8.99, 2.62, 5.97};

TEST(NonNegative, AgreesWithScipy) {
  const NonNegativeFit fit = fit_non_negative(kDesign, kY);
  const double expected[] = {0.7790439398296406, 0, 0.07370260745020217, 0.38336913862764876, 1.8675362679425644};
  for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(fit.coefficients[j], expected[j], 1e-13) << j;
  EXPECT_EQ(fit.coefficients[1], 0);  // least squares would have it at -0.093
  EXPECT_NEAR(fit.residual_ss, 11.46760384757733, 1e-12);
  EXPECT_NEAR(fit.residuals[0],
              4.91 - 0.7790439398296406 * 2.5 - 0.07370260745020217 * 3.1 - 0.38336913862764876 * 0.9 - 1.8675362679425644 * 1.2, 1e-12);
}

TEST(NonNegative, UnitsDoNotMatter) {
  Columns design = kDesign;
  for (double& value : design[0]) value *= 1e12;
  for (double& value : design[4]) value *= 1e-9;
  const NonNegativeFit fit = fit_non_negative(design, kY);
  EXPECT_NEAR(fit.coefficients[0] * 1e12, 0.7790439398296406, 1e-12);
  EXPECT_NEAR(fit.coefficients[4] * 1e-9, 1.8675362679425644, 1e-12);
}

TEST(NonNegative, EdgeCases) {
  // Nothing points along y; a column of zeros; a perfect fit; more columns than rows; a column given twice.
  EXPECT_EQ(fit_non_negative(Columns{{1, 1}}, std::vector<double>{-1, -2}).coefficients, std::vector<double>{0});
  const NonNegativeFit with_zeros = fit_non_negative(Columns{{0, 0}, {1, 1}}, std::vector<double>{2, 4});
  EXPECT_EQ(with_zeros.coefficients[0], 0);
  EXPECT_NEAR(with_zeros.coefficients[1], 3, 1e-14);
  const NonNegativeFit perfect = fit_non_negative(Columns{{1, 1, 1}, {1, 2, 3}, {1, 4, 9}}, std::vector<double>{3, 5, 7});
  EXPECT_NEAR(perfect.coefficients[0], 1, 1e-13);
  EXPECT_NEAR(perfect.coefficients[1], 2, 1e-13);
  EXPECT_NEAR(perfect.coefficients[2], 0, 1e-13);
  EXPECT_LT(fit_non_negative(Columns{{1, 0}, {0, 1}, {1, 1}}, std::vector<double>{2, 3}).residual_ss, 1e-25);
  const NonNegativeFit twice = fit_non_negative(Columns{{1, 2}, {1, 2}}, std::vector<double>{2, 4});
  EXPECT_NEAR(twice.coefficients[0] + twice.coefficients[1], 2, 1e-13);
}

/// The conditions of Karush, Kuhn and Tucker, which the minimum alone fulfils.
void expect_minimum(const Columns& design, const std::vector<double>& y) {
  const NonNegativeFit fit = fit_non_negative(design, y);
  double length_y = 0;
  for (const double value : y) length_y += value * value;
  for (std::size_t j = 0; j < design.size(); ++j) {
    double gain = 0, length = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      gain += design[j][i] * fit.residuals[i];
      length += design[j][i] * design[j][i];
    }
    const double slope = length > 0 ? gain / std::sqrt(length * length_y) : 0;
    EXPECT_GE(fit.coefficients[j], 0);
    EXPECT_LT(slope, 1e-10);
    if (fit.coefficients[j] > 0) {
      EXPECT_GT(slope, -1e-10);
    }
  }
}

TEST(NonNegative, IsTheMinimumForColumnsOfAnyKind) {
  CounterRandom random(11);
  for (int trial = 0; trial < 200; ++trial) {
    const std::size_t rows = 3 + static_cast<std::size_t>(random.uniform() * 20),
                      terms = 1 + static_cast<std::size_t>(random.uniform() * 12);
    Columns design(terms, std::vector<double>(rows));
    std::vector<double> y(rows);
    for (double& value : y) value = random.uniform() * 2 - 0.5;
    for (std::size_t j = 0; j < terms; ++j) {
      const double scale = std::pow(10, random.uniform() * 12 - 6);
      for (std::size_t i = 0; i < rows; ++i) {
        // Every third column nearly repeats the one before it.
        const bool repeats = j % 3 == 2;
        design[j][i] = repeats ? design[j - 1][i] * (1 + 1e-7 * random.uniform()) : scale * (random.uniform() < 0.3 ? 0 : random.uniform());
      }
    }
    expect_minimum(design, y);
  }
}

TEST(NonNegative, CallersMistakes) {
  const std::vector<double> y{1, 2};
  EXPECT_THROW(fit_non_negative(Columns{}, y), Error);
  EXPECT_THROW(fit_non_negative(Columns{{1}}, y), Error);
  EXPECT_THROW(fit_non_negative(Columns{{1, std::nan("")}}, y), Error);
  EXPECT_THROW(fit_non_negative(Columns{{}}, std::vector<double>{}), Error);
}

}  // namespace
}  // namespace inferometer::stats
