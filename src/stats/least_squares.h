/// Find the parameters that minimise a sum of squared residuals: exactly where the model is linear in them, else by iteration.
///
/// Pure functions, any thread; the same input gives the same bits. n observations, p parameters; matrices are row-major. Sizes that
/// contradict each other are Error{internal}.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace inferometer::stats {

struct LeastSquares {
  std::vector<double> parameters;
  std::vector<double> residuals;  ///< y - fitted
  double residual_ss = 0;
  /// p x p, F with F F' = inverse(J'J), J being the derivatives of the fitted values by the parameters. From a QR factorisation
  /// of J with scaled columns, so that J'J, with its squared condition, is never formed. A parameter's standard error is the residual
  /// standard deviation times the length of its row; that of the curve with gradient g, times the length of F'g.
  /// Empty where the columns of J depend on each other.
  std::vector<double> factor;
  /// The smallest over the largest diagonal element of that factorisation: 0 where columns depend on each other.
  double determination = 0;
  /// Whether this is a minimum to the precision of double: the relative offset of Bates & Watts (1981), the share of the residuals
  /// that a further step could remove, is below 1e-6, or the residuals are nothing but rounding. Always true for a linear model.
  bool converged = false;

  /// Whether the residuals are what rounding leaves of a perfect fit.
  bool perfect = false;
};

/// The covariance of the parameters, p x p: residual_stddev^2 F F'. The factor must not be empty.
std::vector<double> covariance_of(const LeastSquares& solved, double residual_stddev);

/// Linear: y = X b. Householder QR with column pivoting in extended precision, since a polynomial's columns are nearly dependent.
/// @param design  n x p, X
LeastSquares linear_least_squares(std::span<const double> design, std::span<const double> y, std::size_t parameters);

/// A model's values at all observations. Fill values (n); fill derivatives (n x p) unless that is empty.
/// Return false where the parameters are outside the model's domain; what is not finite counts as that.
using ModelFunction = std::function<bool(std::span<const double> parameters, std::span<double> values, std::span<double> derivatives)>;

/// Not linear: Levenberg-Marquardt with scaled columns (Ceres) from one start, each time followed by Gauss-Newton steps while they help.
/// Where that does not end in a minimum, the same with a short first step, then a dogleg. Without a minimum the lowest point met, converged
/// false.
/// @param most_iterations  of each search; the default is for starts that are far away (NIST's Bennett5 takes thousands)
LeastSquares least_squares(const ModelFunction& model, std::span<const double> y, std::span<const double> start,
                           int most_iterations = 20000);

}  // namespace inferometer::stats
