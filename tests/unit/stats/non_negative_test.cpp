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

// Of all 32 sets of columns the one of the smallest sum, solved in Python from X'X b = X'y - penalty |y| |x|.
TEST(NonNegative, APenaltyHasTheSmallestChargedSum) {
  const double expected[2][5] = {{0.7731008984436093, 0, 0.06246136532106634, 0.3723749842756966, 1.861481483453137},
                                 {0.7493287328994667, 0, 0.017496396804531834, 0.3283983668678869, 1.8372623454954358}};
  const double penalties[] = {0.01, 0.05}, residuals[] = {11.530353068836419, 13.036334379054633};
  for (int i = 0; i < 2; ++i) {
    const NonNegativeFit fit = fit_non_negative(kDesign, kY, penalties[i]);
    for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(fit.coefficients[j], expected[i][j], 1e-12) << i << " " << j;
    EXPECT_NEAR(fit.residual_ss, residuals[i], 1e-12);
  }
}

/// With one column of length 1 the solution is the projection less the penalty's share of y's length; of two that would do, the nearer one
/// is taken.
TEST(NonNegative, APenaltyKeepsColumnsOut) {
  EXPECT_NEAR(fit_non_negative(Columns{{1, 0}}, std::vector<double>{3, 4}, 0.1).coefficients[0], 3 - 0.1 * 5, 1e-14);
  EXPECT_NEAR(fit_non_negative(Columns{{2, 0}}, std::vector<double>{3, 4}, 0.1).coefficients[0], (3 - 0.1 * 5) / 2, 1e-14);
  EXPECT_EQ(fit_non_negative(Columns{{1, 0}}, std::vector<double>{3, 4}, 0.7).coefficients[0], 0);
  // y is the second column but for a little; without a penalty the third mends it.
  const Columns design{{0, 1}, {1, 1}, {1, 0}};
  const std::vector<double> y{1.01, 1};
  EXPECT_NEAR(fit_non_negative(design, y).coefficients[2], 0.01, 1e-13);
  const NonNegativeFit kept = fit_non_negative(design, y, 0.02);
  EXPECT_EQ(kept.coefficients[2], 0);
  EXPECT_NEAR(kept.coefficients[1], (2.01 - 0.02 * std::sqrt(2 * (1.01 * 1.01 + 1))) / 2, 1e-13);
}

/// (1, 0) and (0, 1) come in first, and then fit as well as with their sum; but one coefficient for the sum is charged less than two.
TEST(NonNegative, APenaltyPutsASumInPlaceOfItsParts) {
  const NonNegativeFit fit = fit_non_negative(Columns{{1, 0}, {0, 1}, {1, 1}}, std::vector<double>{3, 1}, 0.1);
  const double charge = 0.1 * std::sqrt(10.0), second = 1 - (std::sqrt(2.0) - 1) * charge;
  EXPECT_NEAR(fit.coefficients[0], 3 - charge - second, 1e-13);
  EXPECT_EQ(fit.coefficients[1], 0);
  EXPECT_NEAR(fit.coefficients[2], second, 1e-13);
}

/// Laeuchli's matrix: of X'X no more than four digits are right here.
TEST(NonNegative, TellsApartWhatNormalEquationsCannot) {
  const double small = 1e-6;
  const NonNegativeFit fit = fit_non_negative(Columns{{1, small, 0}, {1, 0, small}}, std::vector<double>{3, small, 2 * small});
  EXPECT_NEAR(fit.coefficients[0], 1, 1e-9);
  EXPECT_NEAR(fit.coefficients[1], 2, 1e-9);
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
  EXPECT_NEAR(twice.coefficients[0], 2, 1e-13);
  EXPECT_EQ(twice.coefficients[1], 0);
  // The same direction, where rounding alone has the second point more along y.
  const NonNegativeFit alike = fit_non_negative(Columns{{0.1, 0.2, 0.3}, {0.7, 1.4, 2.1}}, std::vector<double>{1, 2, 2});
  EXPECT_GT(alike.coefficients[0], 0);
  EXPECT_EQ(alike.coefficients[1], 0);
}

/// The conditions of Karush, Kuhn and Tucker, which the minimum alone fulfils.
void expect_minimum(const Columns& design, const std::vector<double>& y, double penalty) {
  const NonNegativeFit fit = fit_non_negative(design, y, penalty);
  double length_y = 0;
  for (const double value : y) length_y += value * value;
  for (std::size_t j = 0; j < design.size(); ++j) {
    double gain = 0, length = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      gain += design[j][i] * fit.residuals[i];
      length += design[j][i] * design[j][i];
    }
    const double slope = length > 0 ? gain / std::sqrt(length * length_y) - penalty : -penalty;
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
        // Some are sums of others to the last bit but one.
        if (j % 5 == 4) design[j][i] = design[j - 4][i] + design[j - 1][i];
      }
    }
    expect_minimum(design, y, 0);
    expect_minimum(design, y, 0.001);
    expect_minimum(design, y, 0.1);
  }
}

TEST(NonNegative, CallersMistakes) {
  const std::vector<double> y{1, 2};
  EXPECT_THROW(fit_non_negative(Columns{}, y), Error);
  EXPECT_THROW(fit_non_negative(Columns{{1}}, y), Error);
  EXPECT_THROW(fit_non_negative(Columns{{1, std::nan("")}}, y), Error);
  EXPECT_THROW(fit_non_negative(Columns{{1, 2}}, y, -0.1), Error);
  EXPECT_THROW(fit_non_negative(Columns{{1, 2}}, y, std::nan("")), Error);
  EXPECT_THROW(fit_non_negative(Columns{{}}, std::vector<double>{}), Error);
}

}  // namespace
}  // namespace inferometer::stats
