/// Evaluate the models of curve_fit.h and their derivatives, and find where a search for their parameters should start.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stats/curve_fit.h"

namespace inferometer::stats {

/// "a", "b": in the order of CurveFit::parameters.
std::span<const std::string_view> parameter_names(CurveModel model);
/// Whether the model is linear in its parameters, and then solved exactly.
bool is_linear(CurveModel model);
/// Whether x must be positive.
bool needs_positive_x(CurveModel model);

/// The curve at x, and its derivatives by the parameters in `gradient` unless that is empty. False where a parameter is outside its
/// domain (t <= 0) or the result is not finite. x must be positive where needs_positive_x().
bool evaluate(CurveModel model, std::span<const double> parameters, double x, double& value, std::span<double> gradient);

/// Starting values for a model that is not linear, best first, at most four: the minima of the sum of squares over a grid of the parameters
/// that the curve is not linear in, the others being solved for at each. n >= parameters. Empty for a
/// linear model, for the asymptotic one (searched as a decay), and where no place of the grid is finite.
std::vector<std::vector<double>> starting_values(CurveModel model, std::span<const double> x, std::span<const double> y);

/// Empty where the data determine the curve's shape; else the reason why they do not: the best curve is a limit of the model (a straight
/// line, a step) that no finite parameters reach.
std::string undetermined_shape(CurveModel model, std::span<const double> parameters, std::span<const double> x);

}  // namespace inferometer::stats
