#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "stats/curve_fit.h"

namespace inferometer::stats {
namespace {

using Values = std::span<const double>;

constexpr std::size_t kFewestPoints = 4;
/// A point is on a line when its residual is within this share of the range of y.
constexpr double kOnTheLine = 1e-12;
/// Less than this share is no improvement but rounding.
constexpr double kImprovement = 1e-13;

/// The loss of quantile regression: tau r for a point above the line, (tau - 1) r for one below.
double loss(Values x, Values y, const EnvelopeLine& line, double tau) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double residual = y[i] - line.intercept - line.slope * x[i];
    sum += residual * (residual > 0 ? tau : tau - 1);
  }
  return sum;
}

/// The best line through one point. As the slope grows from below all others, the loss's derivative starts at the negative sum of the
/// weights below and grows by the distance |dx| as the line sweeps over each point; the best slope is where it changes sign.
EnvelopeLine best_through(Values x, Values y, std::size_t anchor, double tau) {
  std::vector<std::pair<double, double>> slopes;  // slope to another point, its |dx|
  double derivative = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double dx = x[i] - x[anchor];
    if (dx == 0) continue;
    slopes.emplace_back((y[i] - y[anchor]) / dx, std::abs(dx));
    derivative -= dx > 0 ? tau * dx : (tau - 1) * dx;
  }
  std::sort(slopes.begin(), slopes.end());
  double slope = slopes.back().first;
  for (const auto& [candidate, distance] : slopes) {
    derivative += distance;
    if (derivative >= 0) {
      slope = candidate;
      break;
    }
  }
  return {y[anchor] - slope * x[anchor], slope};
}

EnvelopeLine quantile_line(Values x, Values y, double tau) {
  const auto [low, high] = std::minmax_element(y.begin(), y.end());
  const double tolerance = kOnTheLine * std::max(*high - *low, std::numeric_limits<double>::min());
  EnvelopeLine best = best_through(x, y, 0, tau);
  double best_loss = loss(x, y, best, tau);
  for (bool improved = true; improved;) {
    improved = false;
    // Every point on the line may be the one to turn about: where three or more lie on it, two alone could miss the way down.
    const EnvelopeLine current = best;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::abs(y[i] - current.intercept - current.slope * x[i]) > tolerance) continue;
      const EnvelopeLine turned = best_through(x, y, i, tau);
      const double turned_loss = loss(x, y, turned, tau);
      if (turned_loss >= best_loss * (1 - kImprovement)) continue;
      best = turned;
      best_loss = turned_loss;
      improved = true;
    }
  }
  return best;
}

double at(const EnvelopeLine& line, double x) { return line.intercept + line.slope * x; }

double position(const Envelope& envelope, double x) {
  if (!envelope.log_x) return x;
  if (!(x > 0)) throw Error(ErrorCode::internal, "envelope: x must be positive");
  return std::log(x);
}

}  // namespace

double Envelope::low(double x) const {
  const double place = position(*this, x);
  return std::min(at(lower, place), at(upper, place));
}

double Envelope::high(double x) const {
  const double place = position(*this, x);
  return std::max(at(lower, place), at(upper, place));
}

Envelope fit_envelope(Values x, Values y, bool log_x, double lower_quantile, double upper_quantile) {
  const auto is_finite = [](double value) { return std::isfinite(value); };
  if (x.size() != y.size() || !std::all_of(x.begin(), x.end(), is_finite) || !std::all_of(y.begin(), y.end(), is_finite))
    throw Error(ErrorCode::internal, "envelope: x and y must be finite and of one length");
  if (!(0 < lower_quantile && lower_quantile < upper_quantile && upper_quantile < 1))
    throw Error(ErrorCode::internal, "envelope: quantiles must lie in order between 0 and 1");
  if (x.size() < kFewestPoints) throw Error(ErrorCode::input, "an envelope needs 4 points or more");
  if (std::all_of(x.begin(), x.end(), [&](double value) { return value == x.front(); }))
    throw Error(ErrorCode::input, "an envelope needs two different x");
  std::vector<double> places(x.begin(), x.end());
  if (log_x) {
    if (std::any_of(x.begin(), x.end(), [](double value) { return value <= 0; }))
      throw Error(ErrorCode::input, "an envelope over a logarithmic axis needs positive x", "leave such points out");
    for (double& place : places) place = std::log(place);
  }
  Envelope envelope;
  envelope.lower_quantile = lower_quantile;
  envelope.upper_quantile = upper_quantile;
  envelope.log_x = log_x;
  envelope.lower = quantile_line(places, y, lower_quantile);
  envelope.upper = quantile_line(places, y, upper_quantile);
  return envelope;
}

}  // namespace inferometer::stats
