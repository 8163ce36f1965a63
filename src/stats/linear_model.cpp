#include "stats/linear_model.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <Eigen/Dense>
#include <fmt/format.h>

#include "base/error.h"
#include "stats/least_squares.h"
#include "stats/sample.h"
#include "stats/sum.h"

namespace inferometer::stats {
namespace {

/// Below this share of its length, what is left of a column after projection is rounding.
constexpr double kAliased = 1e-9;

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("linear model: ") + what);
}

void require_design(DesignColumns columns, std::span<const double> y) {
  const auto finite = [](double value) { return std::isfinite(value); };
  require(!columns.empty(), "no column");
  require(std::all_of(y.begin(), y.end(), finite), "a value is not a finite number");
  for (const std::vector<double>& column : columns) {
    require(column.size() == y.size(), "a column has another length than y");
    require(std::all_of(column.begin(), column.end(), finite), "a column holds what is no finite number");
  }
}

Eigen::VectorXd vector_of(std::span<const double> values) {
  Eigen::VectorXd vector(static_cast<Eigen::Index>(values.size()));
  std::copy(values.begin(), values.end(), vector.begin());
  return vector;
}

double squares(const Eigen::VectorXd& values) {
  Sum sum;
  for (const double value : values) sum.add(value * value);
  return sum.total();
}

/// SS of y about its mean or about 0.
double total_ss(std::span<const double> y, bool centred) {
  const double centre = centred ? *mean(y) : 0;
  Sum sum;
  for (const double value : y) sum.add((value - centre) * (value - centre));
  return sum.total();
}

}  // namespace

LinearModel fit_linear(DesignColumns columns, std::span<const double> y, bool centred) {
  require_design(columns, y);
  const std::size_t n = y.size(), p = columns.size();
  if (n <= p) throw Error(ErrorCode::input, fmt::format("a linear model with {} terms needs more than {} rows", p, n));
  const auto is_zero = [](double value) { return value == 0; };
  std::vector<double> design(n * p);
  for (std::size_t j = 0; j < p; ++j) {
    if (std::all_of(columns[j].begin(), columns[j].end(), is_zero))
      throw Error(ErrorCode::input, "a term of the linear model is zero in every row");
    for (std::size_t i = 0; i < n; ++i) design[i * p + j] = columns[j][i];
  }
  LeastSquares solved = linear_least_squares(design, y, p);
  if (solved.factor.empty()) throw Error(ErrorCode::input, "a term of the linear model is a sum of others");

  LinearModel model;
  model.n = n;
  model.degrees_of_freedom = n - p;
  model.residual_ss = solved.residual_ss;
  model.residual_stddev = std::sqrt(solved.residual_ss / static_cast<double>(n - p));
  model.covariance = covariance_of(solved, model.residual_stddev);
  for (std::size_t i = 0; i < p; ++i) model.standard_errors.push_back(std::sqrt(model.covariance[i * p + i]));
  for (std::size_t i = 0; i < n; ++i) model.fitted.push_back(y[i] - solved.residuals[i]);
  model.coefficients = std::move(solved.parameters);
  model.residuals = std::move(solved.residuals);
  const double total = total_ss(y, centred);
  if (total > 0) model.r_squared = 1 - model.residual_ss / total;
  return model;
}

SequentialFit fit_sequentially(DesignColumns columns, std::span<const double> y) {
  require_design(columns, y);
  const auto n = static_cast<Eigen::Index>(y.size());
  Eigen::MatrixXd basis(n, std::min(n, static_cast<Eigen::Index>(columns.size())));
  Eigen::Index rank = 0;
  Eigen::VectorXd rest = vector_of(y);
  SequentialFit fit;
  for (const std::vector<double>& column : columns) {
    Eigen::VectorXd fresh = vector_of(column);
    const double length = fresh.norm();
    for (int round = 0; round < 2; ++round) fresh -= basis.leftCols(rank) * (basis.leftCols(rank).transpose() * fresh);
    const double left = fresh.norm();
    if (rank == basis.cols() || !(left > kAliased * length)) {
      fit.squares.emplace_back();
      continue;
    }
    basis.col(rank) = fresh / left;
    // What is left of y, in place of y itself: the same in exact arithmetic, and it loses less.
    const double along = basis.col(rank).dot(rest);
    rest -= along * basis.col(rank);
    ++rank;
    fit.squares.emplace_back(along * along);
  }
  fit.residual_ss = squares(rest);
  fit.residuals.assign(rest.begin(), rest.end());
  return fit;
}

}  // namespace inferometer::stats
