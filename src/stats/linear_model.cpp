#include "stats/linear_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <Eigen/Dense>
#include <fmt/format.h>

#include "base/error.h"
#include "stats/sample.h"
#include "stats/sum.h"

namespace inferometer::stats {
namespace {

/// Powers of one column are so nearly sums of each other (NIST's Filip, Wampler5) that double leaves few digits of the coefficients.
using Wide = long double;
using WideMatrix = Eigen::Matrix<Wide, Eigen::Dynamic, Eigen::Dynamic>;
using WideVector = Eigen::Matrix<Wide, Eigen::Dynamic, 1>;

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
  const auto n = static_cast<Eigen::Index>(y.size()), p = static_cast<Eigen::Index>(columns.size());
  if (n <= p) throw Error(ErrorCode::input, fmt::format("a linear model with {} terms needs more than {} rows", p, n));
  WideMatrix design(n, p);
  WideVector lengths(p), wide_y(n);
  for (Eigen::Index i = 0; i < n; ++i) wide_y[i] = y[static_cast<std::size_t>(i)];
  for (Eigen::Index j = 0; j < p; ++j) {
    for (Eigen::Index i = 0; i < n; ++i) design(i, j) = columns[static_cast<std::size_t>(j)][static_cast<std::size_t>(i)];
    lengths[j] = design.col(j).norm();
    if (!(lengths[j] > 0)) throw Error(ErrorCode::input, "a term of the linear model is zero in every row");
    design.col(j) /= lengths[j];
  }
  const Eigen::HouseholderQR<WideMatrix> decomposed(design);
  const WideMatrix upper = decomposed.matrixQR().topRows(p).triangularView<Eigen::Upper>();
  for (Eigen::Index j = 0; j < p; ++j) {
    // The columns have unit length, so the diagonal is the share of each that is new.
    if (std::fabs(upper(j, j)) < 16 * std::numeric_limits<double>::epsilon())
      throw Error(ErrorCode::input, "a term of the linear model is a sum of others");
  }
  const WideVector solution = decomposed.solve(wide_y);
  const WideVector rest = wide_y - design * solution;
  const WideMatrix inverse = upper.triangularView<Eigen::Upper>().solve(WideMatrix::Identity(p, p));
  const WideMatrix unscaled = inverse * inverse.transpose();

  LinearModel model;
  model.n = y.size();
  model.degrees_of_freedom = y.size() - columns.size();
  model.residual_ss = static_cast<double>(rest.squaredNorm());
  const Wide variance = rest.squaredNorm() / static_cast<Wide>(model.degrees_of_freedom);
  model.residual_stddev = static_cast<double>(std::sqrt(variance));
  for (Eigen::Index i = 0; i < p; ++i) {
    model.coefficients.push_back(static_cast<double>(solution[i] / lengths[i]));
    model.standard_errors.push_back(static_cast<double>(std::sqrt(unscaled(i, i) * variance) / lengths[i]));
    for (Eigen::Index j = 0; j < p; ++j)
      model.covariance.push_back(static_cast<double>(unscaled(i, j) * variance / lengths[i] / lengths[j]));
  }
  for (Eigen::Index i = 0; i < n; ++i) {
    model.residuals.push_back(static_cast<double>(rest[i]));
    model.fitted.push_back(static_cast<double>(wide_y[i] - rest[i]));
  }
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
