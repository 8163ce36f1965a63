#include "stats/non_negative.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>

#include <Eigen/Dense>

#include "base/error.h"
#include "stats/sum.h"

namespace inferometer::stats {
namespace {

/// Two vectors at right angles to within this share of their lengths, or a step of this share of y: nothing but rounding would be gained.
constexpr double kOrthogonal = 1e-11, kRounding = 1e-14;

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("non-negative fit: ") + what);
}

void require_design(DesignColumns columns, std::span<const double> y) {
  const auto finite = [](double value) { return std::isfinite(value); };
  require(!columns.empty() && !y.empty(), "no column or no row");
  require(std::all_of(y.begin(), y.end(), finite), "a value is not a finite number");
  for (const std::vector<double>& column : columns) {
    require(column.size() == y.size(), "a column has another length than y");
    require(std::all_of(column.begin(), column.end(), finite), "a column holds what is no finite number");
  }
}

/// The method on columns of length one; a column of zeros stays one.
class ActiveSet {
 public:
  ActiveSet(const Eigen::MatrixXd& design, const Eigen::VectorXd& y)
      : design_(design),
        y_(y),
        free_(static_cast<std::size_t>(design.cols()), false),
        refused_(free_.size(), false),
        b_(Eigen::VectorXd::Zero(design.cols())) {}

  Eigen::VectorXd solve() {
    // Each round ends at a lower sum of squares, so no set of columns comes twice; the bound is for what rounding might do.
    const Eigen::Index most_rounds = 100 * design_.cols() + 100;
    for (Eigen::Index round = 0; round < most_rounds; ++round) {
      const std::optional<Eigen::Index> added = most_gaining();
      if (!added) return b_;
      free_[static_cast<std::size_t>(*added)] = true;
      if (settle(*added)) std::fill(refused_.begin(), refused_.end(), false);
    }
    throw Error(ErrorCode::internal, "non-negative fit: no end");
  }

 private:
  /// The column at zero along which the sum of squares falls fastest.
  std::optional<Eigen::Index> most_gaining() const {
    const Eigen::VectorXd rest = y_ - design_ * b_;
    const Eigen::VectorXd gain = design_.transpose() * rest;
    const double least = std::max(kOrthogonal * rest.norm(), kRounding * y_.norm());
    std::optional<Eigen::Index> best;
    for (Eigen::Index j = 0; j < gain.size(); ++j) {
      const auto place = static_cast<std::size_t>(j);
      if (free_[place] || refused_[place] || !(gain[j] > least)) continue;
      if (!best || gain[j] > gain[*best]) best = j;
    }
    return best;
  }

  /// Least squares over the free columns; from b towards it as far as all stay positive, again and again. False where rounding would have the new column
  /// negative at once: it is refused until another step was made.
  bool settle(Eigen::Index added) {
    bool is_first = true;
    while (true) {
      const std::vector<Eigen::Index> columns = free_columns();
      Eigen::MatrixXd part(design_.rows(), static_cast<Eigen::Index>(columns.size()));
      for (std::size_t k = 0; k < columns.size(); ++k) part.col(static_cast<Eigen::Index>(k)) = design_.col(columns[k]);
      const Eigen::VectorXd solved = part.colPivHouseholderQr().solve(y_);
      Eigen::VectorXd target = Eigen::VectorXd::Zero(b_.size());
      for (std::size_t k = 0; k < columns.size(); ++k) target[columns[k]] = solved[static_cast<Eigen::Index>(k)];
      if (is_first && !(target[added] > 0)) {
        free_[static_cast<std::size_t>(added)] = false;
        refused_[static_cast<std::size_t>(added)] = true;
        return false;
      }
      is_first = false;
      double step = 1;
      Eigen::Index ending = -1;
      for (const Eigen::Index j : columns) {
        const double reach = target[j] > 0 ? 1 : b_[j] / (b_[j] - target[j]);
        if (!(reach < step)) continue;
        step = reach;
        ending = j;
      }
      if (ending < 0) {
        b_ = target.cwiseMax(0);
        return true;
      }
      b_ += step * (target - b_);
      b_[ending] = 0;  // but for rounding it is
      for (const Eigen::Index j : columns) {
        if (b_[j] > 0) continue;
        b_[j] = 0;
        free_[static_cast<std::size_t>(j)] = false;
      }
    }
  }

  std::vector<Eigen::Index> free_columns() const {
    std::vector<Eigen::Index> columns;
    for (std::size_t j = 0; j < free_.size(); ++j) {
      if (free_[j]) columns.push_back(static_cast<Eigen::Index>(j));
    }
    return columns;
  }

  const Eigen::MatrixXd& design_;
  const Eigen::VectorXd& y_;
  std::vector<bool> free_, refused_;  ///< by column
  Eigen::VectorXd b_;
};

}  // namespace

NonNegativeFit fit_non_negative(DesignColumns columns, std::span<const double> y) {
  require_design(columns, y);
  const auto rows = static_cast<Eigen::Index>(y.size()), terms = static_cast<Eigen::Index>(columns.size());
  Eigen::MatrixXd design(rows, terms);
  Eigen::VectorXd values(rows), lengths(terms);
  std::copy(y.begin(), y.end(), values.begin());
  for (Eigen::Index j = 0; j < terms; ++j) {
    const std::vector<double>& column = columns[static_cast<std::size_t>(j)];
    std::copy(column.begin(), column.end(), design.col(j).begin());
    lengths[j] = design.col(j).norm();
    if (lengths[j] > 0) design.col(j) /= lengths[j];
  }
  const Eigen::VectorXd scaled = ActiveSet(design, values).solve();
  const Eigen::VectorXd rest = values - design * scaled;
  NonNegativeFit fit;
  for (Eigen::Index j = 0; j < terms; ++j) fit.coefficients.push_back(lengths[j] > 0 ? scaled[j] / lengths[j] : 0);
  fit.residuals.assign(rest.begin(), rest.end());
  Sum squares;
  for (const double residual : fit.residuals) squares.add(residual * residual);
  fit.residual_ss = squares.total();
  return fit;
}

}  // namespace inferometer::stats
