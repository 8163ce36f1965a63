#include "stats/two_lines.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "stats/least_squares.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

constexpr std::size_t kFewestOfALine = 3;
constexpr int kMostTurns = 100;
/// Many points determine two lines from few starts.
constexpr std::size_t kFewestStarts = 50;
constexpr std::size_t kMostPointsVisited = 2'000'000;

using Line = TwoLines::Line;

/// Least squares through the points with keep[i] == which; nullopt for too few of them or one x only.
std::optional<Line> line_through(std::span<const double> x, std::span<const double> y, const std::vector<std::uint8_t>& keep,
                                 std::uint8_t which) {
  double sum_x = 0, sum_y = 0;
  std::size_t n = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (keep[i] != which) continue;
    sum_x += x[i];
    sum_y += y[i];
    ++n;
  }
  if (n < kFewestOfALine) return std::nullopt;
  const double mean_x = sum_x / static_cast<double>(n), mean_y = sum_y / static_cast<double>(n);
  double xx = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (keep[i] != which) continue;
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (!(xx > 0)) return std::nullopt;
  const double slope = xy / xx;
  return Line{.intercept = mean_y - slope * mean_x, .slope = slope, .n = n};
}

/// The same line from the solver that knows its standard errors.
Line settled_line(std::span<const double> x, std::span<const double> y, const std::vector<std::uint8_t>& keep, std::uint8_t which) {
  std::vector<double> design, own;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (keep[i] != which) continue;
    design.insert(design.end(), {1, x[i]});
    own.push_back(y[i]);
  }
  const LeastSquares solved = linear_least_squares(design, own, 2);
  if (solved.factor.empty()) throw Error(ErrorCode::input, "two lines: x hardly varies for its size", "subtract a common value from x");
  const std::vector<double> covariance = covariance_of(solved, std::sqrt(solved.residual_ss / static_cast<double>(own.size() - 2)));
  return {solved.parameters[0], solved.parameters[1], own.size(), std::sqrt(covariance[0]), std::sqrt(covariance[3])};
}

double squared_residual(const Line& line, double x, double y) {
  const double residual = y - line.intercept - line.slope * x;
  return residual * residual;
}

std::optional<Line> line_between(std::span<const double> x, std::span<const double> y, std::size_t a, std::size_t b) {
  if (x[a] == x[b]) return std::nullopt;
  const double slope = (y[b] - y[a]) / (x[b] - x[a]);
  return Line{.intercept = y[a] - slope * x[a], .slope = slope, .n = 2};
}

/// Take turns from these lines on. nullopt when one of them loses its points.
std::optional<TwoLines> settle(std::span<const double> x, std::span<const double> y, Line first, Line second) {
  TwoLines found;
  found.line.assign(x.size(), 2);
  for (int turn = 0; turn < kMostTurns; ++turn) {
    bool changed = false;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::uint8_t nearer = squared_residual(first, x[i], y[i]) <= squared_residual(second, x[i], y[i]) ? 0 : 1;
      changed = changed || nearer != found.line[i];
      found.line[i] = nearer;
    }
    if (!changed) break;
    const std::optional<Line> new_first = line_through(x, y, found.line, 0), new_second = line_through(x, y, found.line, 1);
    if (!new_first || !new_second) return std::nullopt;
    first = *new_first;
    second = *new_second;
  }
  found.first = first;
  found.second = second;
  for (std::size_t i = 0; i < x.size(); ++i) found.residual_ss += squared_residual(found.line[i] == 0 ? first : second, x[i], y[i]);
  return found;
}

}  // namespace

TwoLines fit_two_lines(std::span<const double> x, std::span<const double> y, std::size_t starts, std::uint64_t seed) {
  const auto is_finite = [](double value) { return std::isfinite(value); };
  if (x.size() != y.size() || !std::all_of(x.begin(), x.end(), is_finite) || !std::all_of(y.begin(), y.end(), is_finite))
    throw Error(ErrorCode::internal, "two lines: x and y must be finite and of one length");
  std::vector<double> distinct(x.begin(), x.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (x.size() < 2 * kFewestOfALine || distinct.size() < 4)
    throw Error(ErrorCode::input, "two lines need at least 6 points at 4 different x", "fit one line");

  starts = std::min(starts, std::max(kFewestStarts, kMostPointsVisited / x.size()));
  CounterRandom random(seed);
  const auto pick = [&] { return static_cast<std::size_t>(random.below(x.size())); };
  std::optional<TwoLines> best;
  for (std::size_t start = 0; start < starts; ++start) {
    const std::size_t a = pick(), b = pick(), c = pick(), d = pick();
    const std::optional<Line> first = line_between(x, y, a, b), second = line_between(x, y, c, d);
    if (!first || !second) continue;
    std::optional<TwoLines> found = settle(x, y, *first, *second);
    if (found && (!best || found->residual_ss < best->residual_ss)) best = std::move(found);
  }
  if (!best) throw Error(ErrorCode::input, "the points do not split into two lines of three points each", "fit one line");
  if (best->first.slope < best->second.slope) {
    std::swap(best->first, best->second);
    for (std::uint8_t& line : best->line) line = line == 0 ? 1 : 0;
  }
  best->first = settled_line(x, y, best->line, 0);
  best->second = settled_line(x, y, best->line, 1);
  const std::vector<std::uint8_t> all(x.size(), 0);
  if (const std::optional<Line> single = line_through(x, y, all, 0)) {
    for (std::size_t i = 0; i < x.size(); ++i) best->single_residual_ss += squared_residual(*single, x[i], y[i]);
  }
  return *best;
}

}  // namespace inferometer::stats
