#include "stats/non_negative.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>

#include <Eigen/Dense>

#include "base/error.h"
#include "stats/sum.h"

namespace inferometer::stats {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Two vectors at right angles to within this share of their lengths, or a step of this share of y: nothing but rounding would be gained.
constexpr double kOrthogonal = 1e-11, kRounding = 1e-14;
/// What is left of a column of length one beside others, below which the column is a sum of them.
constexpr double kDependent = 1e-12;

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("non-negative fit: ") + what);
}

void require_design(DesignColumns columns, std::span<const double> y, double penalty) {
  const auto finite = [](double value) { return std::isfinite(value); };
  require(!columns.empty() && !y.empty(), "no column or no row");
  require(std::isfinite(penalty) && penalty >= 0, "a penalty that is no number of at least 0");
  require(std::all_of(y.begin(), y.end(), finite), "a value is not a finite number");
  for (const std::vector<double>& column : columns) {
    require(column.size() == y.size(), "a column has another length than y");
    require(std::all_of(column.begin(), column.end(), finite), "a column holds what is no finite number");
  }
}

/// Q R of some columns of a design, which come at the end and go from anywhere. Q is orthogonal to the last bits: what is new in a column
/// is projected twice.
class Factor {
 public:
  explicit Factor(const MatrixXd& design) : design_(design), q_(design.rows(), std::min(design.rows(), design.cols())) {
    r_ = MatrixXd::Zero(q_.cols(), q_.cols());
  }

  const std::vector<Index>& columns() const { return columns_; }

  /// Adds nothing where the column is a sum of those that are there: returns by how much of each.
  std::optional<VectorXd> add(Index column) {
    const Index k = count();
    VectorXd fresh = design_.col(column), parts = VectorXd::Zero(k);
    for (int pass = 0; pass < 2; ++pass) {
      const VectorXd along = q_.leftCols(k).transpose() * fresh;
      fresh -= q_.leftCols(k) * along;
      parts += along;
    }
    const double length = fresh.norm();
    if (k == q_.cols() || length < kDependent) return by_upper(parts);
    q_.col(k) = fresh / length;
    r_.col(k).head(k) = parts;
    r_(k, k) = length;
    columns_.push_back(column);
    return std::nullopt;
  }

  void keep(const std::vector<Index>& columns) {
    columns_.clear();
    for (const Index column : columns) add(column);
  }

  /// b with X'(y - X b) = charge in each of the columns: R b = Q'y - charge R'^-1 1.
  VectorXd solve(const VectorXd& y, double charge) const {
    VectorXd right = q_.leftCols(count()).transpose() * y;
    if (charge > 0) right -= charge * by_lower(VectorXd::Ones(count()));
    return by_upper(right);
  }

 private:
  Index count() const { return static_cast<Index>(columns_.size()); }

  VectorXd by_upper(const VectorXd& right) const { return r_.topLeftCorner(count(), count()).triangularView<Eigen::Upper>().solve(right); }

  VectorXd by_lower(const VectorXd& right) const {
    return r_.topLeftCorner(count(), count()).transpose().triangularView<Eigen::Lower>().solve(right);
  }

  const MatrixXd& design_;
  MatrixXd q_, r_;  ///< their first columns are in use
  std::vector<Index> columns_;
};

/// The method on columns of length one, each charged for its coefficient; a column of zeros stays one.
class ActiveSet {
 public:
  ActiveSet(const MatrixXd& design, const VectorXd& y, double charge)
      : design_(design),
        y_(y),
        charge_(charge),
        factor_(design),
        refused_(static_cast<std::size_t>(design.cols()), false),
        b_(VectorXd::Zero(design.cols())) {}

  VectorXd solve() {
    // Each round ends at a lower sum, so no set of columns comes twice; the bound is for what rounding might do.
    const Index most_rounds = 100 * design_.cols() + 100;
    for (Index round = 0; round < most_rounds; ++round) {
      const std::optional<Index> added = most_gaining();
      if (!added) return b_;
      if (take(*added)) {
        std::fill(refused_.begin(), refused_.end(), false);
      } else {
        refused_[static_cast<std::size_t>(*added)] = true;
      }
    }
    throw Error(ErrorCode::internal, "non-negative fit: no end");
  }

 private:
  /// The column at zero along which the sum falls fastest; of those that are alike but for rounding the first.
  std::optional<Index> most_gaining() const {
    const VectorXd rest = y_ - design_ * b_;
    const VectorXd gain = (design_.transpose() * rest).array() - charge_;
    const double least = std::max(kOrthogonal * rest.norm(), kRounding * y_.norm());
    std::optional<Index> best;
    for (Index j = 0; j < gain.size(); ++j) {
      if (b_[j] > 0 || refused_[static_cast<std::size_t>(j)] || !(gain[j] > least)) continue;
      if (!best || gain[j] > gain[*best] + least) best = j;
    }
    return best;
  }

  /// False where rounding alone made the column look useful: it is refused until another step was made.
  bool take(Index added) {
    const std::optional<VectorXd> shares = factor_.add(added);
    if (!shares) return settle();
    // The column in place of those that it is a sum of fits as well. That is cheaper by the charge where the shares add up to more than
    // one.
    if (!(charge_ * (shares->sum() - 1) > kRounding * y_.norm())) return false;
    VectorXd direction = VectorXd::Zero(b_.size());
    direction[added] = 1;
    const std::vector<Index>& columns = factor_.columns();
    for (std::size_t k = 0; k < columns.size(); ++k) direction[columns[k]] = -(*shares)[static_cast<Index>(k)];
    double step = -1;
    Index ending = -1;
    for (const Index j : columns) {
      if (!(direction[j] < 0) || (ending >= 0 && b_[j] / -direction[j] >= step)) continue;
      step = b_[j] / -direction[j];
      ending = j;
    }
    std::vector<Index> in_use = columns;
    in_use.push_back(added);
    go(step * direction, ending, in_use);
    approach();
    return true;
  }

  /// To the minimum over the columns in use, of which the last is new; false where that would be negative at once.
  bool settle() {
    const std::vector<Index> columns = factor_.columns();
    if (factor_.solve(y_, charge_)[static_cast<Index>(columns.size()) - 1] > 0) {
      approach();
      return true;
    }
    factor_.keep({columns.begin(), columns.end() - 1});
    return false;
  }

  /// From b towards the minimum over the columns in use as far as all stay positive, again and again with those that do.
  void approach() {
    while (true) {
      const std::vector<Index> columns = factor_.columns();
      const VectorXd solved = factor_.solve(y_, charge_);
      VectorXd change = VectorXd::Zero(b_.size());
      double step = 1;
      Index ending = -1;
      for (std::size_t k = 0; k < columns.size(); ++k) {
        const double target = solved[static_cast<Index>(k)], now = b_[columns[k]];
        change[columns[k]] = target - now;
        const double reach = target > 0 ? 1 : now / (now - target);
        if (!(reach < step)) continue;
        step = reach;
        ending = columns[k];
      }
      if (ending < 0) {
        for (std::size_t k = 0; k < columns.size(); ++k) b_[columns[k]] = std::max(0.0, solved[static_cast<Index>(k)]);
        return;
      }
      go(step * change, ending, columns);
    }
  }

  /// A step at whose end one coefficient is 0; those that stay positive stay in use.
  void go(const VectorXd& change, Index ending, const std::vector<Index>& columns) {
    b_ += change;
    b_[ending] = 0;  // but for rounding it is
    std::vector<Index> positive;
    std::copy_if(columns.begin(), columns.end(), std::back_inserter(positive), [this](Index j) { return b_[j] > 0; });
    factor_.keep(positive);
    VectorXd kept = VectorXd::Zero(b_.size());
    for (const Index j : factor_.columns()) kept[j] = b_[j];
    b_ = kept;
  }

  const MatrixXd& design_;
  const VectorXd& y_;
  double charge_;
  Factor factor_;
  std::vector<bool> refused_;  ///< by column
  VectorXd b_;
};

}  // namespace

NonNegativeFit fit_non_negative(DesignColumns columns, std::span<const double> y, double penalty) {
  require_design(columns, y, penalty);
  const auto rows = static_cast<Index>(y.size()), terms = static_cast<Index>(columns.size());
  MatrixXd design(rows, terms);
  VectorXd values(rows), lengths(terms);
  std::copy(y.begin(), y.end(), values.begin());
  for (Index j = 0; j < terms; ++j) {
    const std::vector<double>& column = columns[static_cast<std::size_t>(j)];
    std::copy(column.begin(), column.end(), design.col(j).begin());
    lengths[j] = design.col(j).norm();
    if (lengths[j] > 0) design.col(j) /= lengths[j];
  }
  const VectorXd scaled = ActiveSet(design, values, penalty * values.norm()).solve();
  const VectorXd rest = values - design * scaled;
  NonNegativeFit fit;
  for (Index j = 0; j < terms; ++j) fit.coefficients.push_back(lengths[j] > 0 ? scaled[j] / lengths[j] : 0);
  fit.residuals.assign(rest.begin(), rest.end());
  Sum squares;
  for (const double residual : fit.residuals) squares.add(residual * residual);
  fit.residual_ss = squares.total();
  return fit;
}

}  // namespace inferometer::stats
