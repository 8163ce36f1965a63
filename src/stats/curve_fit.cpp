#include "stats/curve_fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "stats/curve_models.h"
#include "stats/distributions.h"
#include "stats/least_squares.h"
#include "stats/sample.h"

namespace inferometer::stats {
namespace {

using Values = std::span<const double>;

/// Starts that end within this share of the smallest sum of squares have found the same minimum.
constexpr double kSameMinimum = 1e-9;

void check_sizes(Values x, Values y) {
  const auto is_finite = [](double value) { return std::isfinite(value); };
  if (x.size() != y.size() || !std::all_of(x.begin(), x.end(), is_finite) || !std::all_of(y.begin(), y.end(), is_finite))
    throw Error(ErrorCode::internal, "curve fit: x and y must be finite and of one length");
}

[[noreturn]] void refuse(CurveModel model, const std::string& reason, std::string hint = {}) {
  throw Error(ErrorCode::input, fmt::format("a {} fit: {}", name(model), reason), std::move(hint));
}

std::size_t distinct_values(Values x) {
  std::vector<double> sorted(x.begin(), x.end());
  std::sort(sorted.begin(), sorted.end());
  return static_cast<std::size_t>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
}

void check_data(CurveModel model, Values x, Values y) {
  const std::size_t parameters = parameter_names(model).size();
  if (x.size() < parameters + 1) refuse(model, fmt::format("{} points are too few, it needs {}", x.size(), parameters + 1));
  if (const std::size_t distinct = distinct_values(x); distinct < parameters)
    refuse(model, fmt::format("{} different x are too few, it needs {}", distinct, parameters));
  if (needs_positive_x(model) && *std::min_element(x.begin(), x.end()) <= 0)
    refuse(model, fmt::format("x must be positive, one is {}", *std::min_element(x.begin(), x.end())),
           "leave such points out, or fit a linear model");
  if (std::all_of(y.begin(), y.end(), [&](double value) { return value == y.front(); }))
    refuse(model, fmt::format("y is {} everywhere, there is nothing to describe", y.front()));
}

LeastSquares solve_linear(CurveModel model, Values x, Values y) {
  const std::size_t parameters = parameter_names(model).size();
  std::vector<double> design(x.size() * parameters), none(parameters, 0.0);
  double value = 0;
  for (std::size_t i = 0; i < x.size(); ++i) evaluate(model, none, x[i], value, {&design[i * parameters], parameters});
  return linear_least_squares(design, y, parameters);
}

/// Starts are near a minimum: what does not settle soon runs off to a limit of the model.
constexpr int kMostIterations = 300;

/// The lowest minimum that any start leads to. Where something lower than it was met, the lowest point is no minimum: no convergence.
LeastSquares solve_by_iteration(CurveModel model, Values x, Values y) {
  const std::size_t parameters = parameter_names(model).size();
  const ModelFunction function = [&](Values at, std::span<double> values, std::span<double> derivatives) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto gradient = derivatives.empty() ? derivatives : derivatives.subspan(i * parameters, parameters);
      if (!evaluate(model, at, x[i], values[i], gradient)) return false;
    }
    return true;
  };
  LeastSquares best;
  best.residual_ss = HUGE_VAL;
  for (const std::vector<double>& start : starting_values(model, x, y)) {
    LeastSquares found = least_squares(function, y, start, kMostIterations);
    const bool lower = found.residual_ss < best.residual_ss * (1 - kSameMinimum);
    const bool mended = !best.converged && found.converged && found.residual_ss <= best.residual_ss * (1 + kSameMinimum);
    if (lower || mended) best = std::move(found);
  }
  if (best.parameters.empty()) refuse(model, "no starting value fits these points");
  if (const std::string limit = undetermined_shape(model, best.parameters, x); !limit.empty())
    refuse(model, "the points do not determine it: " + limit, "use a model with fewer parameters");
  if (!best.converged) refuse(model, "no convergence from any start", "use a model with fewer parameters");
  return best;
}

/// An asymptote is a decay written another way: a = y0, b = -A, c = exp(-1/t). The search is for t, which is well-behaved where c nears 1.
LeastSquares solve_asymptotic(Values x, Values y) {
  LeastSquares solved = solve_by_iteration(CurveModel::exponential_decay, x, y);
  const double t = solved.parameters[2], c = std::exp(-1 / t);
  const double scale[] = {1, -1, c / (t * t)};
  for (std::size_t i = 0; i < solved.factor.size(); ++i) solved.factor[i] *= scale[i / 3];
  solved.parameters = {solved.parameters[0], -solved.parameters[1], c};
  return solved;
}

LeastSquares solve(CurveModel model, Values x, Values y) {
  if (is_linear(model)) return solve_linear(model, x, y);
  return model == CurveModel::asymptotic ? solve_asymptotic(x, y) : solve_by_iteration(model, x, y);
}

void describe_parameters(CurveFit& fit, Values values) {
  const auto names = parameter_names(fit.model);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double standard_error = std::sqrt(fit.covariance[i * values.size() + i]);
    const double half = fit.t_quantile * standard_error;
    fit.parameters.push_back({std::string(names[i]), values[i], standard_error, values[i] - half, values[i] + half});
  }
}

void describe_quality(CurveFit& fit, Values y) {
  const double n = static_cast<double>(fit.n), freedom = static_cast<double>(fit.degrees_of_freedom);
  const double k = static_cast<double>(fit.parameters.size()) + 1;
  fit.rmse = std::sqrt(fit.residual_ss / n);
  const double variance = *sample_variance(y);
  fit.r_squared = 1 - fit.residual_ss / (variance * (n - 1));
  fit.adjusted_r_squared = 1 - fit.residual_ss / freedom / variance;
  if (n > k + 1 && !fit.perfect) fit.aicc = n * std::log(fit.residual_ss / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1);
}

/// The natural one of the two ways to write an exponential: its factor is positive.
bool is_written_naturally(const CurveFit& fit) {
  return (fit.model != CurveModel::exponential_decay && fit.model != CurveModel::asymptotic) || fit.parameters[1].value > 0;
}

bool ranks_before(const CurveFit& a, const CurveFit& b) {
  if (a.perfect != b.perfect) return a.perfect;
  return a.perfect ? a.parameters.size() < b.parameters.size() : *a.aicc < *b.aicc;
}

}  // namespace

double CurveFit::value(double x) const { return at(x).y; }

BandPoint CurveFit::at(double x) const {
  if (!std::isfinite(x) || (needs_positive_x(model) && x <= 0))
    throw Error(ErrorCode::internal, fmt::format("curve fit: a {} curve has no value at x = {}", name(model), x));
  const std::size_t size = parameters.size();
  std::vector<double> values, gradient(size);
  for (const FittedParameter& parameter : parameters) values.push_back(parameter.value);
  double y = 0;
  if (!evaluate(model, values, x, y, gradient)) refuse(model, fmt::format("the curve overflows at x = {}", x), "stay nearer to the data");
  double variance = 0;
  for (std::size_t column = 0; column < size; ++column) {
    double part = 0;
    for (std::size_t row = 0; row < size; ++row) part += factor[row * size + column] * gradient[row];
    variance += part * part;
  }
  const double confidence_half = t_quantile * std::sqrt(variance);
  const double prediction_half = t_quantile * std::sqrt(variance + residual_stddev * residual_stddev);
  return {x, y, y - confidence_half, y + confidence_half, y - prediction_half, y + prediction_half};
}

CurveFit fit_curve(CurveModel model, Values x, Values y, double confidence) {
  check_sizes(x, y);
  check_data(model, x, y);
  LeastSquares solved = solve(model, x, y);
  if (solved.factor.empty()) refuse(model, "x hardly varies for its size", "subtract a common value from x");
  CurveFit fit;
  fit.model = model;
  fit.n = x.size();
  fit.degrees_of_freedom = x.size() - solved.parameters.size();
  fit.residual_ss = solved.residual_ss;
  fit.perfect = solved.perfect;
  fit.confidence = confidence;
  fit.t_quantile = t_two_sided_quantile(confidence, static_cast<double>(fit.degrees_of_freedom));
  fit.residual_stddev = std::sqrt(fit.residual_ss / static_cast<double>(fit.degrees_of_freedom));
  fit.covariance = covariance_of(solved, fit.residual_stddev);
  fit.factor = std::move(solved.factor);
  for (double& element : fit.factor) element *= fit.residual_stddev;
  describe_parameters(fit, solved.parameters);
  describe_quality(fit, y);
  fit.residuals = std::move(solved.residuals);
  for (std::size_t i = 0; i < y.size(); ++i) fit.fitted.push_back(y[i] - fit.residuals[i]);
  return fit;
}

std::vector<CurveFit> rank_curves(Values x, Values y, double confidence) {
  std::vector<CurveFit> fits;
  std::string reason;
  for (const CurveModel model : curve_models()) {
    try {
      CurveFit fit = fit_curve(model, x, y, confidence);
      if (!fit.aicc && !fit.perfect) reason = fmt::format("{} points are too few for an AICc", x.size());
      if ((fit.aicc || fit.perfect) && is_written_naturally(fit)) fits.push_back(std::move(fit));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::input) throw;
      if (reason.empty()) reason = error.what();
    }
  }
  if (fits.empty()) throw Error(ErrorCode::input, "no model can be ranked: " + reason);
  std::stable_sort(fits.begin(), fits.end(), ranks_before);
  return fits;
}

std::vector<BandPoint> sample_curve(const CurveFit& fit, double low, double high, std::size_t points, bool log_spacing) {
  if (points < 2 || !std::isfinite(low) || !std::isfinite(high) || (log_spacing && (low <= 0 || high <= 0)))
    throw Error(ErrorCode::internal, "curve fit: a range that cannot be sampled");
  std::vector<BandPoint> curve;
  for (std::size_t i = 0; i < points; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(points - 1);
    const double between = log_spacing ? low * std::pow(high / low, share) : std::lerp(low, high, share);
    curve.push_back(fit.at(i + 1 == points ? high : between));
  }
  return curve;
}

}  // namespace inferometer::stats
