#include "stats/anova.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/error.h"
#include "stats/distributions.h"
#include "stats/sum.h"

namespace inferometer::stats {
namespace {

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("analysis of variance: ") + what);
}

void require_groups(const Grouped& data) {
  require(data.values.size() == data.codes.size(), "values and groups of unequal lengths");
  require(std::all_of(data.values.begin(), data.values.end(), [](double value) { return std::isfinite(value); }),
          "a value is not a finite number");
  std::vector<bool> seen(data.groups);
  for (const std::size_t code : data.codes) {
    require(code < data.groups, "a group's number is out of range");
    seen[code] = true;
  }
  require(std::find(seen.begin(), seen.end(), false) == seen.end(), "a group has no value");
}

/// Values less the first of all, and the groups' figures in that scale.
struct Shifted {
  std::vector<double> values;
  std::vector<double> means, squares;  ///< squares: of the deviations from the group's mean
  std::vector<std::size_t> counts;
};

Shifted shift(const Grouped& data) {
  Shifted shifted;
  shifted.values.assign(data.values.begin(), data.values.end());
  const double first = shifted.values.empty() ? 0 : shifted.values.front();
  for (double& value : shifted.values) value -= first;
  shifted.counts.assign(data.groups, 0);
  for (const std::size_t code : data.codes) ++shifted.counts[code];

  std::vector<Sum> sums(data.groups), corrections(data.groups), squares(data.groups);
  for (std::size_t i = 0; i < shifted.values.size(); ++i) sums[data.codes[i]].add(shifted.values[i]);
  for (std::size_t g = 0; g < data.groups; ++g) shifted.means.push_back(sums[g].total() / static_cast<double>(shifted.counts[g]));
  for (std::size_t i = 0; i < shifted.values.size(); ++i) corrections[data.codes[i]].add(shifted.values[i] - shifted.means[data.codes[i]]);
  for (std::size_t g = 0; g < data.groups; ++g) shifted.means[g] += corrections[g].total() / static_cast<double>(shifted.counts[g]);
  for (std::size_t i = 0; i < shifted.values.size(); ++i) {
    const double deviation = shifted.values[i] - shifted.means[data.codes[i]];
    squares[data.codes[i]].add(deviation * deviation);
  }
  for (const Sum& sum : squares) shifted.squares.push_back(sum.total());
  return shifted;
}

OneWay one_way_of(const Shifted& shifted) {
  OneWay result;
  result.n = shifted.values.size();
  result.groups = shifted.counts.size();
  result.df_between = result.groups - 1;
  result.df_within = result.n - result.groups;
  Sum weighted, between, within;
  for (std::size_t g = 0; g < result.groups; ++g) weighted.add(static_cast<double>(shifted.counts[g]) * shifted.means[g]);
  const double grand = weighted.total() / static_cast<double>(result.n);
  for (std::size_t g = 0; g < result.groups; ++g) {
    const double deviation = shifted.means[g] - grand;
    between.add(static_cast<double>(shifted.counts[g]) * deviation * deviation);
    within.add(shifted.squares[g]);
  }
  result.ss_between = between.total();
  result.ss_within = within.total();
  result.ms_between = result.ss_between / static_cast<double>(result.df_between);
  const double total = result.ss_between + result.ss_within;
  if (total > 0) result.eta_squared = result.ss_between / total;
  if (result.df_within == 0) return result;
  result.ms_within = result.ss_within / static_cast<double>(result.df_within);
  if (total > 0) {
    result.omega_squared = (result.ss_between - static_cast<double>(result.df_between) * *result.ms_within) / (total + *result.ms_within);
  }
  if (result.ss_within > 0) {
    result.f = result.ms_between / *result.ms_within;
    result.p = f_upper_p(*result.f, static_cast<double>(result.df_between), static_cast<double>(result.df_within));
  }
  return result;
}

double median_of(std::vector<double> values) { return *median(values); }

}  // namespace

std::vector<GroupSummary> summarize_groups(const Grouped& data, double confidence) {
  require_groups(data);
  if (data.values.empty()) return {};
  const Shifted shifted = shift(data);
  std::vector<GroupSummary> groups(data.groups);
  for (std::size_t g = 0; g < data.groups; ++g) {
    GroupSummary& group = groups[g];
    group.n = shifted.counts[g];
    group.mean = data.values.front() + shifted.means[g];
    group.minimum = std::numeric_limits<double>::infinity();
    group.maximum = -group.minimum;
    if (group.n < 2) continue;
    const double degrees = static_cast<double>(group.n - 1);
    group.sample_stddev = std::sqrt(shifted.squares[g] / degrees);
    group.standard_error = *group.sample_stddev / std::sqrt(static_cast<double>(group.n));
    const double half = t_two_sided_quantile(confidence, degrees) * *group.standard_error;
    group.interval = Interval{group.mean - half, group.mean + half};
  }
  for (std::size_t i = 0; i < data.values.size(); ++i) {
    GroupSummary& group = groups[data.codes[i]];
    group.minimum = std::min(group.minimum, data.values[i]);
    group.maximum = std::max(group.maximum, data.values[i]);
  }
  return groups;
}

OneWay one_way(const Grouped& data) {
  require_groups(data);
  require(data.groups >= 2, "fewer than two groups");
  return one_way_of(shift(data));
}

std::optional<TestResult> levene(const Grouped& data, Centre centre) {
  require_groups(data);
  require(data.groups >= 2, "fewer than two groups");
  const Shifted shifted = shift(data);
  std::vector<double> centres = shifted.means;
  if (centre == Centre::median) {
    std::vector<std::vector<double>> groups(data.groups);
    for (std::size_t i = 0; i < shifted.values.size(); ++i) groups[data.codes[i]].push_back(shifted.values[i]);
    for (std::size_t g = 0; g < data.groups; ++g) centres[g] = median_of(groups[g]);
  }
  std::vector<double> distances(shifted.values.size());
  double largest = 0;
  for (std::size_t i = 0; i < distances.size(); ++i) {
    distances[i] = std::fabs(shifted.values[i] - centres[data.codes[i]]);
    largest = std::max(largest, std::fabs(shifted.values[i]));
  }
  const OneWay result = one_way_of(shift({distances, data.codes, data.groups}));
  // Two values lie equally far from their mean but for rounding: what is below that is no variation, and its F would be noise.
  const double rounding = 8 * std::numeric_limits<double>::epsilon() * largest;
  if (!result.f || result.ss_within <= static_cast<double>(result.n) * rounding * rounding) return std::nullopt;
  return TestResult{*result.f, static_cast<double>(result.df_between), static_cast<double>(result.df_within), *result.p};
}

std::optional<TestResult> welch(const Grouped& data) {
  require_groups(data);
  require(data.groups >= 2, "fewer than two groups");
  const Shifted shifted = shift(data);
  std::vector<double> weights;
  Sum all, weighted;
  for (std::size_t g = 0; g < data.groups; ++g) {
    const double n = static_cast<double>(shifted.counts[g]);
    if (shifted.counts[g] < 2 || !(shifted.squares[g] > 0)) return std::nullopt;
    weights.push_back(n * (n - 1) / shifted.squares[g]);
    all.add(weights.back());
    weighted.add(weights.back() * shifted.means[g]);
  }
  const double centre = weighted.total() / all.total();
  const double k = static_cast<double>(data.groups);
  Sum between, spread;
  for (std::size_t g = 0; g < data.groups; ++g) {
    const double deviation = shifted.means[g] - centre;
    between.add(weights[g] * deviation * deviation);
    const double rest = 1 - weights[g] / all.total();
    spread.add(rest * rest / static_cast<double>(shifted.counts[g] - 1));
  }
  TestResult result;
  result.df_numerator = k - 1;
  result.df_denominator = (k * k - 1) / (3 * spread.total());
  result.statistic = between.total() / (k - 1) / (1 + 2 * (k - 2) / (k * k - 1) * spread.total());
  result.p = f_upper_p(result.statistic, result.df_numerator, result.df_denominator);
  return result;
}

std::vector<double> residuals(const Grouped& data) {
  require_groups(data);
  Shifted shifted = shift(data);
  for (std::size_t i = 0; i < shifted.values.size(); ++i) shifted.values[i] -= shifted.means[data.codes[i]];
  return shifted.values;
}

}  // namespace inferometer::stats
