#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "nist/dual.h"
#include "nist/problem.h"
#include "stats/least_squares.h"

namespace inferometer::stats {
namespace {

using nist::agreeing_digits;
using nist::Dual;
using Parameters = std::vector<Dual>;
using Predictors = std::vector<double>;
using Formula = std::function<Dual(const Parameters&, const Predictors&)>;

constexpr double kPi = std::numbers::pi;

Dual gauss_peak(const Dual& height, const Dual& centre, const Dual& width, double x) {
  return height * exp(-square(x - centre) / square(width));
}
Dual lanczos(const Parameters& b, const Predictors& x) {
  return b[0] * exp(-b[1] * x[0]) + b[2] * exp(-b[3] * x[0]) + b[4] * exp(-b[5] * x[0]);
}
Dual chwirut(const Parameters& b, const Predictors& x) { return exp(-b[0] * x[0]) / (b[1] + b[2] * x[0]); }
Dual gauss(const Parameters& b, const Predictors& x) {
  return b[0] * exp(-b[1] * x[0]) + gauss_peak(b[2], b[3], b[4], x[0]) + gauss_peak(b[5], b[6], b[7], x[0]);
}
Dual saturation(const Parameters& b, const Predictors& x) { return b[0] * (1 - exp(-b[1] * x[0])); }
Dual cubic_ratio(const Parameters& b, const Predictors& at) {
  const double x = at[0];
  return (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) / (1 + x * (b[4] + x * (b[5] + x * b[6])));
}

struct Case {
  const char* name;
  Formula formula;
  double digits = 7;         ///< that the parameters must have, from both starts
  double spread_digits = 7;  ///< ... that the residual sum and the deviations must have
};

/// Models as NIST writes them.
std::vector<Case> cases() {
  return {
      {"Misra1a", saturation},
      {"BoxBOD", saturation},
      {"Misra1b", [](const Parameters& b, const Predictors& x) { return b[0] * (1 - 1 / square(1 + b[1] * x[0] / 2)); }},
      {"Misra1c", [](const Parameters& b, const Predictors& x) { return b[0] * (1 - pow(1 + 2 * b[1] * x[0], -0.5)); }},
      {"Misra1d", [](const Parameters& b, const Predictors& x) { return b[0] * b[1] * x[0] / (1 + b[1] * x[0]); }},
      {"Chwirut1", chwirut},
      {"Chwirut2", chwirut},
      // Residuals of 1e-13, given y with 14 digits: their sum of squares is mostly rounding, and the deviations rest on it.
      {"Lanczos1", lanczos, 9, 2},
      {"Lanczos2", lanczos},
      {"Lanczos3", lanczos},
      {"Gauss1", gauss},
      {"Gauss2", gauss},
      {"Gauss3", gauss},
      {"DanWood", [](const Parameters& b, const Predictors& x) { return b[0] * pow(x[0], b[1]); }},
      {"Kirby2",
       [](const Parameters& b, const Predictors& x) { return (b[0] + x[0] * (b[1] + x[0] * b[2])) / (1 + x[0] * (b[3] + x[0] * b[4])); }},
      {"Hahn1", cubic_ratio},
      {"Thurber", cubic_ratio},
      {"Nelson", [](const Parameters& b, const Predictors& x) { return b[0] - b[1] * x[0] * exp(-b[2] * x[1]); }},
      {"MGH17", [](const Parameters& b, const Predictors& x) { return b[0] + b[1] * exp(-x[0] * b[3]) + b[2] * exp(-x[0] * b[4]); }},
      {"Roszman1", [](const Parameters& b, const Predictors& x) { return b[0] - b[1] * x[0] - arctan(b[2] / (x[0] - b[3])) / kPi; }},
      {"ENSO",
       [](const Parameters& b, const Predictors& x) {
         const double turn = 2 * kPi * x[0];
         return b[0] + b[1] * std::cos(turn / 12) + b[2] * std::sin(turn / 12) + b[4] * cos(turn / b[3]) + b[5] * sin(turn / b[3]) +
                b[7] * cos(turn / b[6]) + b[8] * sin(turn / b[6]);
       }},
      {"MGH09",
       [](const Parameters& b, const Predictors& x) { return b[0] * (x[0] * x[0] + x[0] * b[1]) / (x[0] * x[0] + x[0] * b[2] + b[3]); }},
      {"MGH10", [](const Parameters& b, const Predictors& x) { return b[0] * exp(b[1] / (x[0] + b[2])); }},
      {"Rat42", [](const Parameters& b, const Predictors& x) { return b[0] / (1 + exp(b[1] - b[2] * x[0])); }},
      {"Rat43", [](const Parameters& b, const Predictors& x) { return b[0] / pow(1 + exp(b[1] - b[2] * x[0]), 1 / b[3]); }},
      {"Eckerle4", [](const Parameters& b, const Predictors& x) { return b[0] / b[1] * exp(-0.5 * square((x[0] - b[2]) / b[1])); }},
      {"Bennett5", [](const Parameters& b, const Predictors& x) { return b[0] * pow(b[1] + x[0], -1 / b[2]); }},
  };
}

ModelFunction model_of(const Formula& formula, const nist::Problem& problem) {
  return [&formula, &problem](std::span<const double> at, std::span<double> values, std::span<double> derivatives) {
    Parameters b;
    for (std::size_t i = 0; i < at.size(); ++i) b.push_back(Dual::parameter(at[i], i));
    for (std::size_t row = 0; row < problem.y.size(); ++row) {
      const Dual result = formula(b, problem.x[row]);
      values[row] = result.value;
      if (derivatives.empty()) continue;
      std::copy(result.slope.begin(), result.slope.begin() + static_cast<std::ptrdiff_t>(at.size()),
                derivatives.begin() + static_cast<std::ptrdiff_t>(row * at.size()));
    }
    return true;
  };
}

class NistNonlinear : public testing::TestWithParam<Case> {};

TEST_P(NistNonlinear, CertifiedDigitsFromBothStarts) {
  const Case& problem_case = GetParam();
  nist::Problem problem = nist::read_problem(problem_case.name);
  if (std::string(problem_case.name) == "Nelson") {
    for (double& y : problem.y) y = std::log(y);
  }
  const std::size_t p = problem["certified"].size();
  for (const char* start : {"start_1", "start_2"}) {
    const LeastSquares found = least_squares(model_of(problem_case.formula, problem), problem.y, problem[start]);
    ASSERT_TRUE(found.converged) << start;
    const double freedom = static_cast<double>(problem.y.size() - p);
    const double stddev = std::sqrt(found.residual_ss / freedom);
    EXPECT_GE(agreeing_digits(found.residual_ss, problem["residual_ss"][0]), problem_case.spread_digits) << start;
    ASSERT_EQ(found.factor.size(), p * p);
    for (std::size_t i = 0; i < p; ++i) {
      double squares = 0;
      for (std::size_t j = 0; j < p; ++j) squares += found.factor[i * p + j] * found.factor[i * p + j];
      EXPECT_GE(agreeing_digits(found.parameters[i], problem["certified"][i]), problem_case.digits) << start << " b" << i + 1;
      EXPECT_GE(agreeing_digits(stddev * std::sqrt(squares), problem["deviation"][i]), problem_case.spread_digits)
          << start << " b" << i + 1;
    }
  }
}

void PrintTo(const Case& each, std::ostream* out) { *out << each.name; }

INSTANTIATE_TEST_SUITE_P(All, NistNonlinear, testing::ValuesIn(cases()), [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace inferometer::stats
