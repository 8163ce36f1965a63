#include "stats/curve_fit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "nist/problem.h"
#include "nist_linear_data.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

using Values = std::vector<double>;

/// The message of the Error{code} that it throws.
std::string message(ErrorCode code, const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

std::string refusal(CurveModel model, const Values& x, const Values& y) {
  return message(ErrorCode::input, [&] { fit_curve(model, x, y); });
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Values mapped(const Values& x, const std::function<double(double)>& function) {
  Values y;
  for (const double value : x) y.push_back(function(value));
  return y;
}

Values range(std::size_t n, double first, double step) {
  Values values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(first + step * static_cast<double>(i));
  return values;
}

Values noisy(const Values& y, double stddev, std::uint64_t seed) {
  CounterRandom random(seed);
  Values result;
  for (const double value : y) result.push_back(value + stddev * random.normal());
  return result;
}

TEST(CurveModels, HaveNamesAndFormulas) {
  ASSERT_EQ(curve_models().size(), 6u);
  for (const CurveModel model : curve_models()) {
    EXPECT_EQ(curve_model(name(model)), model);
    EXPECT_TRUE(contains(std::string(formula(model)), "y = "));
  }
  EXPECT_EQ(name(CurveModel::logistic), "logistic");
  EXPECT_EQ(name(CurveModel::exponential_decay), "exponential_decay");
  EXPECT_FALSE(curve_model("cubic"));
}

TEST(LinearFit, NistNorrisToTwelveDigits) {
  const nist::LinearSet problem = nist::norris();
  const Values& x = problem.columns[1];
  const CurveFit fit = fit_curve(CurveModel::linear, x, problem.y);
  EXPECT_GE(nist::agreeing_digits(fit.parameters[0].value, -0.262323073774029), 12);
  EXPECT_GE(nist::agreeing_digits(fit.parameters[1].value, 1.00211681802045), 12);
  EXPECT_GE(nist::agreeing_digits(fit.parameters[0].standard_error, 0.232818234301152), 12);
  EXPECT_GE(nist::agreeing_digits(fit.parameters[1].standard_error, 0.429796848199937e-3), 12);
  EXPECT_GE(nist::agreeing_digits(fit.residual_stddev, 0.884796396144373), 12);
  EXPECT_GE(nist::agreeing_digits(fit.r_squared, 0.999993745883712), 14);
  EXPECT_GE(nist::agreeing_digits(fit.residual_ss, 26.6173985294224), 12);
  EXPECT_EQ(fit.n, 36u);
  EXPECT_EQ(fit.degrees_of_freedom, 34u);
  EXPECT_EQ(fit.parameters[0].name, "a");
  EXPECT_EQ(fit.parameters[1].name, "b");
  // Covariance of intercept and slope: -mean(x) var(slope).
  double mean_x = 0;
  for (const double value : x) mean_x += value / 36;
  EXPECT_NEAR(fit.covariance[1], -mean_x * fit.parameters[1].standard_error * fit.parameters[1].standard_error, 1e-15);
  EXPECT_EQ(fit.covariance[1], fit.covariance[2]);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(fit.fitted[i] + fit.residuals[i], problem.y[i], 1e-12);
    EXPECT_NEAR(fit.value(x[i]), fit.fitted[i], 1e-11);
  }
}

TEST(LinearFit, BandsByHand) {
  // x = 1..5, y = 2 4 5 4 5: a = 2.2, b = 0.6, RSS 2.4, s^2 = 0.8, Sxx = 10; t(0.975, 3) = 3.182446305284263.
  const Values x{1, 2, 3, 4, 5}, y{2, 4, 5, 4, 5};
  const CurveFit fit = fit_curve(CurveModel::linear, x, y);
  const double t = 3.182446305284263;
  EXPECT_NEAR(fit.parameters[0].value, 2.2, 1e-14);
  EXPECT_NEAR(fit.parameters[1].value, 0.6, 1e-14);
  EXPECT_NEAR(fit.parameters[1].standard_error, std::sqrt(0.08), 1e-14);
  EXPECT_NEAR(fit.parameters[1].low, 0.6 - t * std::sqrt(0.08), 1e-12);
  EXPECT_NEAR(fit.parameters[1].high, 0.6 + t * std::sqrt(0.08), 1e-12);
  EXPECT_NEAR(fit.r_squared, 0.6, 1e-14);
  EXPECT_NEAR(fit.adjusted_r_squared, 1 - 0.4 * 4 / 3, 1e-14);
  EXPECT_NEAR(fit.rmse, std::sqrt(0.48), 1e-14);
  EXPECT_FALSE(fit.perfect);
  ASSERT_TRUE(fit.aicc);
  EXPECT_NEAR(*fit.aicc, 5 * std::log(0.48) + 6 + 24, 1e-12);
  const BandPoint point = fit.at(6);
  EXPECT_NEAR(point.y, 5.8, 1e-13);
  EXPECT_NEAR(point.confidence_high - point.y, t * std::sqrt(0.8 * (0.2 + 0.9)), 1e-12);
  EXPECT_NEAR(point.y - point.prediction_low, t * std::sqrt(0.8 * (1 + 0.2 + 0.9)), 1e-12);
  // Another confidence, another t: t(0.95, 3) = 2.353363434801823.
  EXPECT_NEAR(fit_curve(CurveModel::linear, x, y, 0.9).at(6).prediction_high, 5.8 + 2.353363434801823 * std::sqrt(0.8 * 2.1), 1e-12);
}

TEST(LinearFit, FarFromZeroKeepsItsDigits) {
  const Values near = range(9, -4, 1), y{1, 3, 2, 5, 4, 6, 9, 7, 8};
  const CurveFit expected = fit_curve(CurveModel::linear, near, y);
  const CurveFit fit = fit_curve(CurveModel::linear, mapped(near, [](double value) { return value + 1e7; }), y);
  const BandPoint point = fit.at(1e7 + 2), expected_point = expected.at(2);
  EXPECT_NEAR(fit.parameters[1].value, expected.parameters[1].value, 1e-12);
  EXPECT_NEAR(point.y, expected_point.y, 1e-7);
  EXPECT_NEAR(point.confidence_high - point.y, expected_point.confidence_high - expected_point.y, 1e-6);
}

TEST(LogarithmicFit, IsALineInLnX) {
  const Values x{1, 2, 4, 8, 16}, y{2, 4, 5, 4, 5};
  const CurveFit fit = fit_curve(CurveModel::logarithmic, x, y);
  EXPECT_NEAR(fit.parameters[0].value, 2.8, 1e-13);  // as x = 1..5 above, with ln x = (k - 1) ln 2
  EXPECT_NEAR(fit.parameters[1].value, 0.6 / std::log(2), 1e-13);
  EXPECT_NEAR(fit.r_squared, 0.6, 1e-13);
  EXPECT_NEAR(fit.at(32).prediction_high - fit.at(32).y, 3.182446305284263 * std::sqrt(0.8 * 2.1), 1e-11);
}

/// The power model is that of NIST's DanWood; here from starts of our own.
TEST(PowerFit, NistDanWood) {
  const nist::Problem problem = nist::read_problem("DanWood");
  Values x;
  for (const auto& predictors : problem.x) x.push_back(predictors[0]);
  const CurveFit fit = fit_curve(CurveModel::power, x, problem.y);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_GE(nist::agreeing_digits(fit.parameters[i].value, problem["certified"][i]), 9);
    EXPECT_GE(nist::agreeing_digits(fit.parameters[i].standard_error, problem["deviation"][i]), 9);
  }
  EXPECT_GE(nist::agreeing_digits(fit.residual_ss, problem["residual_ss"][0]), 9);
  EXPECT_GE(nist::agreeing_digits(fit.residual_stddev, problem["residual_stddev"][0]), 9);
}

struct Shape {
  CurveModel model;
  Values parameters;
  Values x;
};

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all{
      {CurveModel::linear, {3, -0.5}, range(12, -3, 1)},
      {CurveModel::logarithmic, {50, 8}, range(12, 0.5, 2)},
      {CurveModel::power, {7, 0.4}, range(12, 1, 3)},
      {CurveModel::power, {9e4, -1.8}, range(12, 100, 50)},
      {CurveModel::exponential_decay, {1.5, 20, 6}, {1, 2, 4, 8, 16, 32, 64}},
      {CurveModel::exponential_decay, {-2, -7, 1e-3}, range(12, 0, 4e-4)},
      {CurveModel::exponential_decay, {100, 30, 2500}, range(15, -2000, 500)},
      {CurveModel::asymptotic, {80, 45, 0.7}, range(12, 0, 1)},
      {CurveModel::asymptotic, {0.8, 0.3, 0.9995}, range(15, 0, 600)},
      {CurveModel::logistic, {76, 58, 90, 1.4}, {2, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560}},
      {CurveModel::logistic, {0, 1, 3e-4, 5}, {1e-4, 1.5e-4, 2e-4, 2.5e-4, 3e-4, 3.5e-4, 4e-4, 5e-4, 8e-4}},
  };
  return all;
}

double shape_value(const Shape& shape, double x) {
  const Values& p = shape.parameters;
  switch (shape.model) {
    case CurveModel::linear: return p[0] + p[1] * x;
    case CurveModel::logarithmic: return p[0] + p[1] * std::log(x);
    case CurveModel::power: return p[0] * std::pow(x, p[1]);
    case CurveModel::exponential_decay: return p[0] + p[1] * std::exp(-x / p[2]);
    case CurveModel::asymptotic: return p[0] - p[1] * std::pow(p[2], x);
    case CurveModel::logistic: return p[1] + (p[0] - p[1]) / (1 + std::pow(x / p[2], p[3]));
  }
  return 0;
}

TEST(AnyFit, FindsTheParametersOfAPerfectCurve) {
  for (const Shape& shape : shapes()) {
    const Values y = mapped(shape.x, [&](double x) { return shape_value(shape, x); });
    const CurveFit fit = fit_curve(shape.model, shape.x, y);
    EXPECT_TRUE(fit.perfect) << name(shape.model);
    EXPECT_FALSE(fit.aicc);
    ASSERT_EQ(fit.parameters.size(), shape.parameters.size());
    for (std::size_t i = 0; i < shape.parameters.size(); ++i)
      EXPECT_NEAR(fit.parameters[i].value, shape.parameters[i], 1e-9 * std::abs(shape.parameters[i]) + 1e-12)
          << name(shape.model) << " " << fit.parameters[i].name;
    EXPECT_NEAR(fit.r_squared, 1, 1e-12);
  }
}

TEST(AnyFit, IsAMinimum) {
  for (const Shape& shape : shapes()) {
    const Values clean = mapped(shape.x, [&](double x) { return shape_value(shape, x); });
    const double span = *std::max_element(clean.begin(), clean.end()) - *std::min_element(clean.begin(), clean.end());
    const Values y = noisy(clean, 0.02 * span, 11);
    const CurveFit fit = fit_curve(shape.model, shape.x, y);
    for (std::size_t i = 0; i < fit.parameters.size(); ++i) {
      for (const double step : {-0.01, 0.01}) {
        Shape moved{shape.model, {}, shape.x};
        for (const FittedParameter& parameter : fit.parameters) moved.parameters.push_back(parameter.value);
        moved.parameters[i] += step * fit.parameters[i].standard_error;
        double residual_ss = 0;
        for (std::size_t k = 0; k < y.size(); ++k) residual_ss += std::pow(y[k] - shape_value(moved, shape.x[k]), 2);
        EXPECT_GT(residual_ss, fit.residual_ss) << name(shape.model) << " " << fit.parameters[i].name;
      }
      EXPECT_LT(fit.parameters[i].low, fit.parameters[i].value);
      EXPECT_NEAR(fit.parameters[i].value - fit.parameters[i].low, fit.t_quantile * fit.parameters[i].standard_error,
                  1e-9 * std::abs(fit.parameters[i].value));
    }
  }
}

TEST(AnyFit, BandsFollowFromNumericalDerivatives) {
  for (const Shape& shape : shapes()) {
    const Values clean = mapped(shape.x, [&](double x) { return shape_value(shape, x); });
    const double span = *std::max_element(clean.begin(), clean.end()) - *std::min_element(clean.begin(), clean.end());
    const CurveFit fit = fit_curve(shape.model, shape.x, noisy(clean, 0.02 * span, 5));
    const std::size_t p = fit.parameters.size();
    Shape fitted{shape.model, {}, shape.x};
    for (const FittedParameter& parameter : fit.parameters) fitted.parameters.push_back(parameter.value);
    const double x = (shape.x[2] + shape.x[3]) / 2;
    Values gradient;
    for (std::size_t i = 0; i < p; ++i) {
      Shape up = fitted, down = fitted;
      const double step = 1e-5 * std::max(std::abs(fitted.parameters[i]), 1e-3 * fit.parameters[i].standard_error);
      up.parameters[i] += step;
      down.parameters[i] -= step;
      gradient.push_back((shape_value(up, x) - shape_value(down, x)) / (2 * step));
    }
    double variance = 0;
    for (std::size_t i = 0; i < p; ++i) {
      for (std::size_t j = 0; j < p; ++j) variance += gradient[i] * fit.covariance[i * p + j] * gradient[j];
    }
    const BandPoint point = fit.at(x);
    EXPECT_NEAR(point.confidence_high - point.y, fit.t_quantile * std::sqrt(variance), 1e-4 * fit.t_quantile * std::sqrt(variance))
        << name(shape.model);
    EXPECT_NEAR(point.prediction_high - point.y, fit.t_quantile * std::sqrt(variance + fit.residual_stddev * fit.residual_stddev),
                1e-4 * fit.t_quantile * fit.residual_stddev);
    EXPECT_NEAR(point.y - point.prediction_low, point.prediction_high - point.y, 1e-9 * span);
  }
}

TEST(AnyFit, ScalesWithItsUnits) {
  for (const Shape& shape : shapes()) {
    const Values clean = mapped(shape.x, [&](double x) { return shape_value(shape, x); });
    const double span = *std::max_element(clean.begin(), clean.end()) - *std::min_element(clean.begin(), clean.end());
    const Values y = noisy(clean, 0.02 * span, 3);
    const CurveFit fit = fit_curve(shape.model, shape.x, y);
    for (const double unit : {1e-9, 1e9}) {
      const CurveFit scaled = fit_curve(shape.model, shape.x, mapped(y, [&](double value) { return value * unit; }));
      EXPECT_NEAR(scaled.r_squared, fit.r_squared, 1e-9) << name(shape.model) << " in units of " << unit;
      EXPECT_NEAR(scaled.residual_stddev / unit, fit.residual_stddev, 1e-7 * fit.residual_stddev);
    }
  }
}

TEST(AnyFit, IsDeterministic) {
  const Shape& shape = shapes().at(9);
  const Values y = noisy(mapped(shape.x, [&](double x) { return shape_value(shape, x); }), 0.5, 9);
  const CurveFit first = fit_curve(shape.model, shape.x, y), second = fit_curve(shape.model, shape.x, y);
  for (std::size_t i = 0; i < first.parameters.size(); ++i) {
    EXPECT_EQ(first.parameters[i].value, second.parameters[i].value);
    EXPECT_EQ(first.parameters[i].standard_error, second.parameters[i].standard_error);
  }
}

TEST(AnyFit, WritesNothing) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  for (const CurveModel model : curve_models()) {
    for (const Values& y : {Values{1, 1, 1, 1, 9, 1}, Values{1e300, -1e300, 5, 1, 2, 3}, Values{1, 2, 3, 4, 5, 6.01}}) {
      try {
        fit_curve(model, Values{1, 2, 3, 4, 5, 6}, y);
      } catch (const Error&) {
      }
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(AnyFit, RefusesWhatDeterminesNoCurve) {
  const Values x{1, 2, 3, 4, 5, 6};
  EXPECT_TRUE(contains(refusal(CurveModel::linear, {1, 2}, {1, 2}), "2 points are too few, it needs 3"));
  EXPECT_TRUE(contains(refusal(CurveModel::logistic, {1, 2, 3, 4}, {1, 2, 3, 4}), "it needs 5"));
  EXPECT_TRUE(contains(refusal(CurveModel::linear, {}, {}), "0 points"));
  EXPECT_TRUE(contains(refusal(CurveModel::linear, {2, 2, 2}, {1, 2, 3}), "1 different x"));
  EXPECT_TRUE(contains(refusal(CurveModel::exponential_decay, {1, 1, 2, 2, 2}, {1, 2, 3, 4, 5}), "2 different x"));
  EXPECT_TRUE(contains(refusal(CurveModel::logistic, {1, 2, 3, 1, 2, 3}, x), "3 different x"));
  EXPECT_TRUE(contains(refusal(CurveModel::linear, {1, 2, 3}, {7, 7, 7}), "y is 7 everywhere"));
  for (const CurveModel model : {CurveModel::logarithmic, CurveModel::power, CurveModel::logistic}) {
    EXPECT_TRUE(contains(refusal(model, {0, 1, 2, 3, 4, 5}, x), "x must be positive, one is 0"));
    EXPECT_TRUE(contains(refusal(model, {-3, 1, 2, 3, 4, 5}, x), "x must be positive, one is -3"));
  }
}

TEST(AnyFit, RefusesALimitOfTheModel) {
  // A straight line is a decay without end, a curve that bends the other way even less; a step is a sigmoid of infinite steepness.
  const Values x = range(10, 1, 1);
  const Values line = noisy(mapped(x, [](double value) { return 3 + 2 * value; }), 1e-7, 4);
  EXPECT_TRUE(contains(refusal(CurveModel::exponential_decay, x, line), "straight line"))
      << refusal(CurveModel::exponential_decay, x, line);
  EXPECT_FALSE(refusal(CurveModel::asymptotic, x, mapped(x, [](double value) { return value * value; })).empty());
  EXPECT_TRUE(contains(refusal(CurveModel::logistic, x, {1, 1.1, 1, 1.1, 1, 9, 9.1, 9, 9.1, 9}), "a step"))
      << refusal(CurveModel::logistic, x, {1, 1.1, 1, 1.1, 1, 9, 9.1, 9, 9.1, 9});
  EXPECT_FALSE(refusal(CurveModel::exponential_decay, x, {9, 1, 1.1, 1, 1.1, 1, 1.1, 1, 1.1, 1}).empty());
}

TEST(AnyFit, CallersMistakes) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  message(ErrorCode::internal, [] { fit_curve(CurveModel::linear, Values{1, 2, 3}, Values{1, 2}); });
  message(ErrorCode::internal, [&] { fit_curve(CurveModel::linear, Values{1, 2, nan}, Values{1, 2, 4}); });
  message(ErrorCode::internal, [&] { fit_curve(CurveModel::linear, Values{1, 2, 3}, Values{1, 2, HUGE_VAL}); });
  const CurveFit fit = fit_curve(CurveModel::logarithmic, Values{1, 2, 3}, Values{1, 2, 4});
  message(ErrorCode::internal, [&] { fit.at(0); });
  message(ErrorCode::internal, [&] { fit.at(nan); });
  message(ErrorCode::internal, [&] { sample_curve(fit, 1, 2, 1, false); });
  message(ErrorCode::internal, [&] { sample_curve(fit, 0, 2, 5, true); });
}

TEST(Ranking, PutsTheTrueModelFirst) {
  for (const Shape& shape : shapes()) {
    const Values x = shape.x.front() > 0 ? range(40, shape.x.front(), (shape.x.back() - shape.x.front()) / 39) : shape.x;
    const Values clean = mapped(x, [&](double value) { return shape_value(shape, value); });
    const double span = *std::max_element(clean.begin(), clean.end()) - *std::min_element(clean.begin(), clean.end());
    const auto fits = rank_curves(x, noisy(clean, 0.002 * span, 21));
    ASSERT_FALSE(fits.empty());
    // A decay with a negative factor is written as an asymptote.
    const bool negative = shape.model == CurveModel::exponential_decay && shape.parameters[1] < 0;
    EXPECT_EQ(fits.front().model, negative ? CurveModel::asymptotic : shape.model);
    for (std::size_t i = 1; i < fits.size(); ++i) EXPECT_LE(*fits[i - 1].aicc, *fits[i].aicc);
  }
}

TEST(Ranking, PutsAPerfectFitOfFewestParametersFirst) {
  const Values x = range(10, 1, 1);
  const auto fits = rank_curves(x, mapped(x, [](double value) { return 3 + 0.1 * value; }));
  ASSERT_GE(fits.size(), 2u);
  EXPECT_EQ(fits.front().model, CurveModel::linear);
  EXPECT_TRUE(fits.front().perfect);
  EXPECT_FALSE(fits.back().perfect);
}

TEST(Ranking, LeavesOutWhatCannotBeRanked) {
  // Four points: k + 1 = 4 for a line, so there is no AICc at all; five allow two-parameter models only.
  EXPECT_TRUE(contains(message(ErrorCode::input, [] { rank_curves(Values{1, 2, 3, 4}, Values{1, 3, 2, 5}); }), "too few"));
  for (const CurveFit& fit : rank_curves(Values{1, 2, 3, 4, 5}, Values{1, 3, 2, 5, 4})) EXPECT_EQ(fit.parameters.size(), 2u);
  for (const CurveFit& fit : rank_curves(range(9, -1, 1), Values{1, 3, 2, 5, 4, 7, 6, 9, 9})) {
    EXPECT_TRUE(fit.model == CurveModel::linear || fit.model == CurveModel::exponential_decay || fit.model == CurveModel::asymptotic);
  }
  EXPECT_TRUE(contains(message(ErrorCode::input, [] { rank_curves(range(9, 1, 1), Values(9, 4.0)); }), "y is 4 everywhere"));
}

TEST(Sampling, IsEvenInXOrInLogX) {
  const CurveFit fit = fit_curve(CurveModel::logarithmic, Values{1, 10, 100, 1000}, Values{1, 2, 4, 4});
  const auto even = sample_curve(fit, 1, 1000, 4, false), logarithmic = sample_curve(fit, 1, 1000, 4, true);
  ASSERT_EQ(even.size(), 4u);
  EXPECT_DOUBLE_EQ(even[1].x, 334);
  EXPECT_NEAR(logarithmic[1].x, 10, 1e-12);
  EXPECT_EQ(even.back().x, 1000);
  EXPECT_EQ(logarithmic.back().x, 1000);
  EXPECT_EQ(logarithmic[0].y, fit.value(1));
}

/// New points from the same curve must fall into 95 % bands 95 times in a hundred.
double share_inside(CurveModel model, const std::function<double(double)>& truth, const Values& x, double stddev, std::uint64_t seed) {
  std::size_t inside = 0, drawn = 0;
  const Values clean = mapped(x, truth);
  for (std::uint64_t trial = 0; trial < 400; ++trial) {
    CounterRandom random(seed, trial);
    Values y;
    for (const double value : clean) y.push_back(value + stddev * random.normal());
    const CurveFit fit = fit_curve(model, x, y);
    for (std::size_t i = 0; i < 10; ++i) {
      const double at = x.front() * std::pow(x.back() / x.front(), random.uniform());
      const double fresh = truth(at) + stddev * random.normal();
      const BandPoint band = fit.at(at);
      inside += band.prediction_low <= fresh && fresh <= band.prediction_high ? 1 : 0;
      ++drawn;
    }
  }
  return static_cast<double>(inside) / static_cast<double>(drawn);
}

TEST(PredictionBands, HoldNewPoints) {
  const Values x = range(25, 1, 8);
  Values spread;
  for (int i = 0; i < 25; ++i) spread.push_back(std::pow(10, 0.5 + 0.125 * i));
  struct Case {
    const char* name;
    CurveModel model;
    std::function<double(double)> truth;
    Values x;
    double stddev;
  };
  const Case cases[] = {
      {"line", CurveModel::linear, [](double value) { return 4 + 0.3 * value; }, x, 2},
      {"line of few points", CurveModel::linear, [](double value) { return 4 + 0.3 * value; }, {1, 2, 3, 4, 5}, 2},
      {"logistic", CurveModel::logistic, [](double value) { return 58 + 20 / (1 + std::pow(value / 120, 1.8)); }, spread, 1},
      {"decay", CurveModel::exponential_decay, [](double value) { return 2 + 9 * std::exp(-value / 40); }, x, 0.5},
  };
  for (const Case& each : cases) {
    const double share = share_inside(each.model, each.truth, each.x, each.stddev, 2024);
    EXPECT_GE(share, 0.93) << each.name;
    EXPECT_LE(share, 0.97) << each.name;
  }
}

TEST(ConfidenceBands, HoldTheTrueCurve) {
  const Values x = range(20, 1, 5);
  std::size_t inside = 0;
  for (std::uint64_t trial = 0; trial < 2000; ++trial) {
    CounterRandom random(77, trial);
    Values y;
    for (const double value : x) y.push_back(1 - 0.2 * value + random.normal());
    const BandPoint band = fit_curve(CurveModel::linear, x, y).at(40);
    inside += band.confidence_low <= -7 && -7 <= band.confidence_high ? 1 : 0;
  }
  EXPECT_GE(inside, 1870u);  // 1900 is expected, with a standard deviation of 9.7
  EXPECT_LE(inside, 1930u);
}

}  // namespace
}  // namespace inferometer::stats
