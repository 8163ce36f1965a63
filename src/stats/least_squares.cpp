#include "stats/least_squares.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include <Eigen/Dense>
#include <ceres/ceres.h>

#include "base/error.h"

namespace inferometer::stats {
namespace {

using Values = std::span<const double>;

template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
template <class Scalar>
using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int kMostPolishingSteps = 50;
constexpr double kMostRelativeOffset = 1e-6;
constexpr double kSumRounding = 1e-12;
/// A residual of so many roundings of the largest value is no information.
constexpr double kRoundings = 64;

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("least squares: ") + what);
}

bool all_finite(Values values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

double largest(Values values) {
  return std::accumulate(values.begin(), values.end(), 0.0, [](double most, double value) { return std::max(most, std::abs(value)); });
}

double sum_of_squares(Values values) {
  long double sum = 0;
  for (const double value : values) sum += static_cast<long double>(value) * value;
  return static_cast<double>(sum);
}

bool is_rounding(double residual_ss, Values y) {
  const double unit = kRoundings * std::numeric_limits<double>::epsilon() * largest(y);
  return residual_ss <= static_cast<double>(y.size()) * unit * unit;
}

/// QR of a matrix whose columns have been brought to length 1.
template <class Scalar>
class ScaledQr {
 public:
  explicit ScaledQr(Matrix<Scalar> matrix) : scale_(matrix.colwise().norm()) {
    for (Eigen::Index column = 0; column < matrix.cols(); ++column) {
      if (!(scale_[column] > 0)) scale_[column] = 1;
      matrix.col(column) /= scale_[column];
    }
    qr_.compute(matrix);
  }

  /// The smallest over the largest diagonal element of R.
  double determination() const {
    const auto diagonal = qr_.matrixR().diagonal().cwiseAbs();
    return diagonal.size() == 0 || !(diagonal.maxCoeff() > 0) ? 0 : static_cast<double>(diagonal.minCoeff() / diagonal.maxCoeff());
  }
  bool full_rank() const { return determination() > kLeastDetermination; }

  Vector<Scalar> solve(const Vector<Scalar>& right) const { return qr_.solve(right).cwiseQuotient(scale_); }
  /// The part of `right` that lies in the columns' space.
  Scalar projected_norm(const Vector<Scalar>& right) const {
    const Vector<Scalar> turned = qr_.householderQ().adjoint() * right;
    return turned.head(qr_.rank()).norm();
  }
  /// F with F F' = inverse(J'J): inverse(scale) P inverse(R).
  std::vector<double> factor() const {
    const auto size = qr_.cols();
    const Matrix<Scalar> inverse =
        qr_.matrixR().topLeftCorner(size, size).template triangularView<Eigen::Upper>().solve(Matrix<Scalar>::Identity(size, size));
    const Matrix<Scalar> permuted = scale_.cwiseInverse().asDiagonal() * (qr_.colsPermutation() * inverse);
    std::vector<double> result(static_cast<std::size_t>(size * size));
    Eigen::Map<RowMajor>(result.data(), size, size) = permuted.template cast<double>();
    return result;
  }

 private:
  /// Columns come as doubles: what is new in one must stand above their rounding.
  static constexpr double kLeastDetermination = 16 * std::numeric_limits<double>::epsilon();
  Vector<Scalar> scale_;
  Eigen::ColPivHouseholderQR<Matrix<Scalar>> qr_;
};

template <class Scalar>
Matrix<Scalar> matrix_of(Values row_major, std::size_t rows, std::size_t columns) {
  return Eigen::Map<const RowMajor>(row_major.data(), static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns))
      .template cast<Scalar>();
}

/// The model and the data at one set of parameters.
class Residuals {
 public:
  Residuals(const ModelFunction& model, Values y, std::size_t parameters) : model_(model), y_(y), parameters_(parameters) {}

  /// residuals: y - model. derivatives may be empty. False where the model is not defined.
  bool evaluate(Values parameters, std::span<double> residuals, std::span<double> derivatives) const {
    if (!all_finite(parameters) || !model_(parameters, residuals, derivatives)) return false;
    for (std::size_t i = 0; i < y_.size(); ++i) residuals[i] = y_[i] - residuals[i];
    return all_finite(residuals) && all_finite(derivatives);
  }
  std::size_t size() const { return y_.size(); }
  std::size_t parameters() const { return parameters_; }
  Values y() const { return y_; }

 private:
  const ModelFunction& model_;
  Values y_;
  std::size_t parameters_;
};

/// Units in which the search is the same whatever the units of y and of the parameters: residuals over the largest |y|, parameters over
/// their start, or, where that is zero, in steps that change the residuals' length by 1.
struct Units {
  double residual = 1;
  std::vector<double> parameters;
};

class CeresResiduals : public ceres::CostFunction {
 public:
  CeresResiduals(const Residuals& residuals, const Units& units) : residuals_(residuals), units_(units) {
    set_num_residuals(static_cast<int>(residuals.size()));
    mutable_parameter_block_sizes()->push_back(static_cast<int>(residuals.parameters()));
  }

  bool Evaluate(double const* const* position, double* values, double** jacobians) const override {
    const std::size_t n = residuals_.size(), p = residuals_.parameters();
    std::vector<double> parameters(position[0], position[0] + p);
    for (std::size_t i = 0; i < p; ++i) parameters[i] *= units_.parameters[i];
    const bool derivatives = jacobians != nullptr && jacobians[0] != nullptr;
    const std::span<double> derivative = derivatives ? std::span<double>(jacobians[0], n * p) : std::span<double>();
    if (!residuals_.evaluate(parameters, {values, n}, derivative)) return false;
    for (std::size_t i = 0; i < n; ++i) values[i] /= units_.residual;
    for (std::size_t i = 0; i < derivative.size(); ++i) derivative[i] *= -units_.parameters[i % p] / units_.residual;
    return true;
  }

 private:
  const Residuals& residuals_;
  const Units& units_;
};

Units units_at(Values start, Values derivatives, Values y) {
  Units units;
  if (const double most = largest(y); most > 0) units.residual = most;
  for (std::size_t i = 0; i < start.size(); ++i) {
    double step = std::abs(start[i]);
    if (step == 0) {
      double squares = 0;
      for (std::size_t at = i; at < derivatives.size(); at += start.size()) squares += derivatives[at] * derivatives[at];
      step = units.residual / std::sqrt(squares);
    }
    units.parameters.push_back(std::isfinite(step) && step > 0 ? step : 1);
  }
  return units;
}

/// How far the first step may go, in Ceres' measure, and how steps are found.
struct Strategy {
  ceres::TrustRegionStrategyType type;
  double first_radius;
};
/// Ceres' own choice first. A long first step can leap onto a plateau where nothing leads back (BoxBOD): then a short one.
constexpr Strategy kStrategies[] = {{ceres::LEVENBERG_MARQUARDT, 1e4}, {ceres::LEVENBERG_MARQUARDT, 1e-2}, {ceres::DOGLEG, 1e4}};

std::vector<double> minimise(const Residuals& residuals, Values start, const Units& units, const Strategy& strategy, int most_iterations) {
  std::vector<double> parameters(start.begin(), start.end());
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] /= units.parameters[i];
  ceres::Problem problem;
  problem.AddResidualBlock(new CeresResiduals(residuals, units), nullptr, parameters.data());
  ceres::Solver::Options options;
  options.trust_region_strategy_type = strategy.type;
  options.initial_trust_region_radius = strategy.first_radius;
  options.dogleg_type = ceres::SUBSPACE_DOGLEG;
  options.linear_solver_type = ceres::DENSE_QR;
  options.max_num_iterations = most_iterations;
  options.max_num_consecutive_invalid_steps = 200;
  options.function_tolerance = options.parameter_tolerance = std::numeric_limits<double>::epsilon();
  options.gradient_tolerance = 0;
  options.min_trust_region_radius = 1e-200;
  options.num_threads = 1;
  options.logging_type = ceres::SILENT;
  ceres::Solver::Summary summary;
  ceres::Solve(options, &problem, &summary);
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] *= units.parameters[i];
  return parameters;
}

/// A point on the way, with the factorisation of the derivatives there.
struct Place {
  std::vector<double> parameters, residuals;
  double residual_ss = std::numeric_limits<double>::infinity();
  ScaledQr<double> qr{Matrix<double>(1, 1)};
  double removable = 0;  ///< length of the residuals' part that lies in the derivatives' columns: 0 at a minimum

  Vector<double> residual_vector() const {
    return Eigen::Map<const Vector<double>>(residuals.data(), static_cast<Eigen::Index>(residuals.size()));
  }
};

/// False where the model is not defined.
bool visit(const Residuals& residuals, std::vector<double> parameters, Place& place) {
  const std::size_t n = residuals.size(), p = residuals.parameters();
  std::vector<double> derivatives(n * p);
  place.parameters = std::move(parameters);
  place.residuals.resize(n);
  if (!residuals.evaluate(place.parameters, place.residuals, derivatives)) return false;
  place.residual_ss = sum_of_squares(place.residuals);
  place.qr = ScaledQr<double>(matrix_of<double>(derivatives, n, p));
  place.removable = place.qr.projected_norm(place.residual_vector());
  return true;
}

/// Gauss-Newton steps as long as they bring what is removable down. Near a minimum the sum of squares changes by less than its rounding
/// while parameters still gain digits, so the sum alone cannot say when to stop.
void polish(const Residuals& residuals, Place& place) {
  for (int step = 0; step < kMostPolishingSteps && place.qr.full_rank() && place.removable > 0; ++step) {
    const Vector<double> change = place.qr.solve(place.residual_vector());
    std::vector<double> next = place.parameters;
    for (std::size_t i = 0; i < next.size(); ++i) next[i] += change[static_cast<Eigen::Index>(i)];
    Place trial;
    if (next == place.parameters || !visit(residuals, std::move(next), trial)) return;
    if (!(trial.removable < place.removable) || trial.residual_ss > place.residual_ss * (1 + kSumRounding)) return;
    place = std::move(trial);
  }
}

LeastSquares improved(const Residuals& residuals, std::vector<double> parameters) {
  LeastSquares result;
  Place place;
  if (!visit(residuals, std::move(parameters), place)) {
    result.parameters = std::move(place.parameters);
    result.residual_ss = std::numeric_limits<double>::infinity();
    return result;
  }
  polish(residuals, place);
  const double n = static_cast<double>(residuals.size()), p = static_cast<double>(residuals.parameters());
  const double rounding = kRoundings * std::numeric_limits<double>::epsilon() * largest(residuals.y());
  const double offset = place.removable / std::sqrt(p) / std::sqrt(place.residual_ss / std::max(1.0, n - p));
  result.perfect = is_rounding(place.residual_ss, residuals.y());
  result.converged = place.qr.full_rank() && (result.perfect || place.removable <= rounding * std::sqrt(p) || offset < kMostRelativeOffset);
  result.determination = place.qr.determination();
  if (place.qr.full_rank()) result.factor = place.qr.factor();
  result.parameters = std::move(place.parameters);
  result.residuals = std::move(place.residuals);
  result.residual_ss = place.residual_ss;
  return result;
}

}  // namespace

std::vector<double> covariance_of(const LeastSquares& solved, double residual_stddev) {
  const auto p = static_cast<Eigen::Index>(solved.parameters.size());
  require(solved.factor.size() == solved.parameters.size() * solved.parameters.size(), "no covariance where columns depend on each other");
  const RowMajor factor = residual_stddev * Eigen::Map<const RowMajor>(solved.factor.data(), p, p);
  std::vector<double> covariance(solved.factor.size());
  Eigen::Map<RowMajor>(covariance.data(), p, p) = factor * factor.transpose();
  return covariance;
}

LeastSquares linear_least_squares(Values design, Values y, std::size_t parameters) {
  require(parameters > 0 && design.size() == y.size() * parameters && y.size() >= parameters, "sizes do not agree");
  require(all_finite(design) && all_finite(y), "a value is not a finite number");
  using Scalar = long double;
  const Matrix<Scalar> matrix = matrix_of<Scalar>(design, y.size(), parameters);
  const Vector<Scalar> right = Eigen::Map<const Vector<double>>(y.data(), static_cast<Eigen::Index>(y.size())).cast<Scalar>();
  const ScaledQr<Scalar> qr(matrix);
  const Vector<Scalar> solution = qr.solve(right);
  const Vector<Scalar> rest = right - matrix * solution;
  LeastSquares result;
  for (const Scalar value : solution) result.parameters.push_back(static_cast<double>(value));
  for (const Scalar value : rest) result.residuals.push_back(static_cast<double>(value));
  result.residual_ss = static_cast<double>(rest.squaredNorm());
  result.determination = qr.determination();
  if (qr.full_rank()) result.factor = qr.factor();
  result.perfect = is_rounding(result.residual_ss, y);
  result.converged = true;
  return result;
}

LeastSquares least_squares(const ModelFunction& model, Values y, Values start, int most_iterations) {
  require(!start.empty() && y.size() >= start.size(), "fewer observations than parameters");
  require(all_finite(y), "a value is not a finite number");
  const Residuals residuals(model, y, start.size());
  LeastSquares best;
  best.parameters.assign(start.begin(), start.end());
  best.residual_ss = std::numeric_limits<double>::infinity();
  std::vector<double> values(y.size()), derivatives(y.size() * start.size());
  if (!residuals.evaluate(start, values, derivatives)) return best;
  const Units units = units_at(start, derivatives, y);
  for (const Strategy& strategy : kStrategies) {
    LeastSquares found = improved(residuals, minimise(residuals, start, units, strategy, most_iterations));
    if (found.converged) return found;
    if (found.residual_ss < best.residual_ss) best = std::move(found);
  }
  return best;
}

}  // namespace inferometer::stats
