#include "stats/nonnegative.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>

#include "base/error.h"

namespace inferometer::stats {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Eigen::Index;
using Eigen::VectorXd;

/// How much of a column's length must point elsewhere than the columns in use, squared, to count as a direction of its own.
constexpr double kIndependent = 1e-11;
/// A gradient, relative to the length of y, from which on a column may improve the fit.
constexpr double kGain = 1e-11;

/// Solves on the columns in use.
class ActiveSet {
 public:
  ActiveSet(const Eigen::MatrixXd& gram, const VectorXd& moments)
      : gram_(gram),
        moments_(moments),
        solution_(VectorXd::Zero(moments.size())),
        barred_(static_cast<std::size_t>(moments.size()), false) {}

  VectorXd solve(double y_length) {
    // Each step ends at another set of columns with a smaller residual; the bound is for rounding alone.
    const Index most = 10 * moments_.size() + 10;
    for (Index step = 0; step < most; ++step) {
      const VectorXd gradient = moments_ - gram_ * solution_;
      Index best = -1;
      for (Index i = 0; i < gradient.size(); ++i) {
        if (in_use(i) || barred_[static_cast<std::size_t>(i)]) continue;
        if (gradient[i] > kGain * y_length && (best < 0 || gradient[i] > gradient[best])) best = i;
      }
      if (best < 0) break;
      used_.push_back(best);
      if (!independent()) {
        used_.pop_back();
        barred_[static_cast<std::size_t>(best)] = true;
        continue;
      }
      descend();
    }
    return solution_;
  }

 private:
  bool in_use(Index i) const { return std::find(used_.begin(), used_.end(), i) != used_.end(); }

  Eigen::MatrixXd gram_in_use() const {
    const auto n = static_cast<Index>(used_.size());
    Eigen::MatrixXd part(n, n);
    for (Index r = 0; r < n; ++r)
      for (Index c = 0; c < n; ++c) part(r, c) = gram_(used_[static_cast<std::size_t>(r)], used_[static_cast<std::size_t>(c)]);
    return part;
  }

  /// Whether the newest column is no sum of the others: the last pivot of Cholesky's factor is what is left of it.
  bool independent() const {
    const Eigen::LLT<Eigen::MatrixXd> factor(gram_in_use());
    if (factor.info() != Eigen::Success) return false;
    const auto last = static_cast<Index>(used_.size()) - 1;
    const double pivot = factor.matrixL()(last, last);
    return pivot * pivot > kIndependent;
  }

  /// Go to the minimum over the columns in use; where that lies at negative coefficients, as far as allowed, and drop what became 0.
  void descend() {
    while (!used_.empty()) {
      VectorXd part(static_cast<Index>(used_.size()));
      for (Index i = 0; i < part.size(); ++i) part[i] = moments_[used_[static_cast<std::size_t>(i)]];
      const VectorXd target = gram_in_use().llt().solve(part);
      double share = 1;
      for (Index i = 0; i < target.size(); ++i) {
        const double now = solution_[used_[static_cast<std::size_t>(i)]];
        if (target[i] <= 0 && now - target[i] > 0) share = std::min(share, now / (now - target[i]));
      }
      for (Index i = 0; i < target.size(); ++i) {
        double& value = solution_[used_[static_cast<std::size_t>(i)]];
        const bool ends = target[i] <= 0 && (value - target[i] <= 0 || value / (value - target[i]) <= share);
        value = ends ? 0 : value + share * (target[i] - value);
      }
      if (share >= 1 && target.minCoeff() > 0) return;
      std::erase_if(used_, [this](Index i) { return solution_[i] <= 0; });
    }
  }

  const Eigen::MatrixXd& gram_;
  const VectorXd& moments_;
  VectorXd solution_;
  std::vector<Index> used_;
  std::vector<bool> barred_;  ///< sums of columns that were in use when they were tried
};

}  // namespace

NonnegativeFit fit_nonnegative(std::span<const double> design, std::span<const double> y, std::size_t columns, double penalty) {
  if (design.size() != y.size() * columns) throw Error(ErrorCode::internal, "fit_nonnegative: the design's size is not rows x columns");
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::all_of(design.begin(), design.end(), finite) || !std::all_of(y.begin(), y.end(), finite))
    throw Error(ErrorCode::internal, "fit_nonnegative: a value is not finite");

  const auto rows = static_cast<Index>(y.size()), width = static_cast<Index>(columns);
  const Eigen::Map<const Matrix> x(design.data(), rows, width);
  const Eigen::Map<const VectorXd> target(y.data(), rows);
  VectorXd lengths = x.colwise().norm().transpose();
  for (double& length : lengths)
    if (length == 0) length = 1;
  const Matrix scaled = x * lengths.cwiseInverse().asDiagonal();
  const Eigen::MatrixXd gram = scaled.transpose() * scaled;
  const VectorXd moments = (scaled.transpose() * target).array() - penalty * target.norm();
  const VectorXd solution = ActiveSet(gram, moments).solve(target.norm()).cwiseQuotient(lengths);

  NonnegativeFit fit;
  fit.coefficients.assign(solution.begin(), solution.end());
  const VectorXd residuals = target - x * solution;
  fit.residuals.assign(residuals.begin(), residuals.end());
  fit.residual_ss = residuals.squaredNorm();
  return fit;
}

}  // namespace inferometer::stats
