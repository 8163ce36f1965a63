#include "stats/correlation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "stats/distributions.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

using Values = std::span<const double>;

constexpr std::size_t kSpearmanExactMost = 9;  // 9! orders are gone through in milliseconds
constexpr std::size_t kKendallExactMost = 50;
constexpr std::size_t kBootstrapMost = 1000;
constexpr std::size_t kResamples = 2000;

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("correlation: ") + what);
}

void require_pairs(Values x, Values y) {
  const auto finite = [](double value) { return std::isfinite(value); };
  require(x.size() == y.size(), "columns of unequal lengths");
  require(std::all_of(x.begin(), x.end(), finite) && std::all_of(y.begin(), y.end(), finite), "a value is not a finite number");
}

bool is_constant(Values x) { return std::adjacent_find(x.begin(), x.end(), std::not_equal_to<>()) == x.end(); }

/// Deviations from the mean over the largest of them, so that no square overflows or vanishes.
std::vector<double> scaled_deviations(Values x) {
  std::vector<double> deviations(x.begin(), x.end());
  const double first = x.front();
  for (double& value : deviations) value -= first;
  const double centre = *mean(deviations);
  double largest = 0;
  for (double& value : deviations) {
    value -= centre;
    largest = std::max(largest, std::fabs(value));
  }
  for (double& value : deviations) value /= largest;
  return deviations;
}

bool has_ties(Values x) {
  std::vector<double> sorted(x.begin(), x.end());
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
}

double two_sided_by_t(double r, std::size_t n) {
  const double degrees = static_cast<double>(n - 2);
  const double rest = (1 - r) * (1 + r);
  if (rest <= 0) return 0;
  return t_two_sided_p(r * std::sqrt(degrees / rest), degrees);
}

// ---- Spearman, exact ----

/// Share of all orders whose sum of squared rank differences is as far from its mean as `observed`, or farther.
double spearman_exact_p(std::size_t n, std::int64_t observed) {
  const auto count = static_cast<std::int64_t>(n);
  const std::int64_t twice_mean = count * (count * count - 1) / 3;
  const std::int64_t distance = std::abs(2 * observed - twice_mean);
  std::vector<std::int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::int64_t all = 0, as_far = 0;
  do {
    std::int64_t squares = 0;
    for (std::int64_t i = 0; i < count; ++i) squares += (order[static_cast<std::size_t>(i)] - i) * (order[static_cast<std::size_t>(i)] - i);
    ++all;
    as_far += std::abs(2 * squares - twice_mean) >= distance ? 1 : 0;
  } while (std::next_permutation(order.begin(), order.end()));
  return static_cast<double>(as_far) / static_cast<double>(all);
}

std::int64_t squared_rank_differences(Values x, Values y) {
  const std::vector<double> a = midranks(x), b = midranks(y);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return static_cast<std::int64_t>(sum);
}

// ---- Kendall ----

/// Pairs among groups of equal neighbours, and the sums that the variance of S needs.
struct Ties {
  double pairs = 0;   ///< sum t (t - 1) / 2
  double cubes = 0;   ///< sum t (t - 1) (t - 2)
  double fifths = 0;  ///< sum t (t - 1) (2t + 5)

  void add(std::size_t size) {
    const double t = static_cast<double>(size);
    pairs += t * (t - 1) / 2;
    cubes += t * (t - 1) * (t - 2);
    fifths += t * (t - 1) * (2 * t + 5);
  }
};

template <class Same>
Ties ties_of(std::size_t n, Same&& same) {
  Ties ties;
  std::size_t run = 1;
  for (std::size_t i = 1; i <= n; ++i) {
    if (i < n && same(i - 1, i)) {
      ++run;
    } else {
      ties.add(run);
      run = 1;
    }
  }
  return ties;
}

/// Exchanges that merge sort needs: pairs i < j with x[i] > x[j]. Sorts x.
double count_inversions(std::vector<double>& x) {
  std::vector<double> merged(x.size());
  double inversions = 0;
  for (std::size_t width = 1; width < x.size(); width *= 2) {
    for (std::size_t begin = 0; begin < x.size(); begin += 2 * width) {
      const std::size_t middle = std::min(begin + width, x.size()), end = std::min(begin + 2 * width, x.size());
      std::size_t left = begin, right = middle;
      for (std::size_t to = begin; to < end; ++to) {
        if (left < middle && (right == end || x[left] <= x[right])) {
          merged[to] = x[left++];
        } else {
          inversions += static_cast<double>(middle - left);
          merged[to] = x[right++];
        }
      }
    }
    x.swap(merged);
  }
  return inversions;
}

struct Kendall {
  double s = 0;  ///< concordant less discordant pairs
  Ties x, y;
  double all = 0;  ///< n (n - 1) / 2
};

Kendall kendall(Values x, Values y) {
  const std::size_t n = x.size();
  std::vector<std::pair<double, double>> pairs(n);
  for (std::size_t i = 0; i < n; ++i) pairs[i] = {x[i], y[i]};
  std::sort(pairs.begin(), pairs.end());
  Kendall result;
  result.all = static_cast<double>(n) * (static_cast<double>(n) - 1) / 2;
  result.x = ties_of(n, [&](std::size_t i, std::size_t j) { return pairs[i].first == pairs[j].first; });
  const Ties both = ties_of(n, [&](std::size_t i, std::size_t j) { return pairs[i] == pairs[j]; });
  std::vector<double> second(n);
  for (std::size_t i = 0; i < n; ++i) second[i] = pairs[i].second;
  const double discordant = count_inversions(second);
  result.y = ties_of(n, [&](std::size_t i, std::size_t j) { return second[i] == second[j]; });
  result.s = result.all - result.x.pairs - result.y.pairs + both.pairs - 2 * discordant;
  return result;
}

/// P(|S| >= |s|) when all orders are equally likely: the shares of orders with 0, 1, 2, ... inversions, one element more at a time.
double kendall_exact_p(std::size_t n, double s) {
  std::vector<double> shares{1};
  for (std::size_t size = 2; size <= n; ++size) {
    std::vector<double> next(shares.size() + size - 1, 0.0);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      for (std::size_t more = 0; more < size; ++more) next[i + more] += shares[i] / static_cast<double>(size);
    }
    shares = std::move(next);
  }
  const double all = static_cast<double>(shares.size() - 1);
  double p = 0;
  for (std::size_t inversions = 0; inversions < shares.size(); ++inversions) {
    if (std::fabs(all - 2 * static_cast<double>(inversions)) >= std::fabs(s)) p += shares[inversions];
  }
  return std::min(p, 1.0);
}

double kendall_normal_p(const Kendall& found, std::size_t size) {
  const double n = static_cast<double>(size);
  const double base = n * (n - 1);
  double variance = (base * (2 * n + 5) - found.x.fifths - found.y.fifths) / 18;
  variance += 2 * found.x.pairs * found.y.pairs / base;
  variance += found.x.cubes * found.y.cubes / (9 * base * (n - 2));
  return normal_two_sided_p(found.s / std::sqrt(variance));
}

// ---- intervals ----

std::optional<Interval> fisher_interval(double r, double variance, double confidence) {
  if (!(std::fabs(r) < 1)) return std::nullopt;
  const double half = normal_quantile(0.5 + confidence / 2) * std::sqrt(variance);
  return Interval{std::tanh(std::atanh(r) - half), std::tanh(std::atanh(r) + half)};
}

using Coefficient = std::optional<double> (*)(Values, Values);

/// nullopt where more than half of the resamples have a constant column.
std::optional<Interval> bootstrap_interval(Coefficient coefficient, Values x, Values y, double confidence, std::uint64_t seed) {
  CounterRandom random(seed);
  std::vector<double> a(x.size()), b(x.size()), found;
  for (std::size_t resample = 0; resample < kResamples; ++resample) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto chosen = static_cast<std::size_t>(random.below(x.size()));
      a[i] = x[chosen];
      b[i] = y[chosen];
    }
    if (const auto value = coefficient(a, b)) found.push_back(*value);
  }
  if (found.size() * 2 < kResamples) return std::nullopt;
  std::sort(found.begin(), found.end());
  return Interval{*quantile_type7_sorted(found, (1 - confidence) / 2), *quantile_type7_sorted(found, (1 + confidence) / 2)};
}

void add_pearson(Correlation& result, double confidence) {
  const double n = static_cast<double>(result.n);
  result.p = two_sided_by_t(*result.coefficient, result.n);
  result.p_basis = CorrelationBasis::student_t;
  if (result.n < 4) return;
  result.interval = fisher_interval(*result.coefficient, 1 / (n - 3), confidence);
  if (result.interval) result.interval_basis = CorrelationBasis::fisher_z;
}

void add_rank_interval(Correlation& result, CorrelationMethod method, Values x, Values y, double confidence, std::uint64_t seed) {
  const bool spearman = method == CorrelationMethod::spearman;
  const double n = static_cast<double>(result.n), r = *result.coefficient;
  if (result.n < 4) return;
  if (result.n <= kBootstrapMost) {
    result.interval = bootstrap_interval(spearman ? spearman_rho : kendall_tau_b, x, y, confidence, seed);
    result.interval_basis = CorrelationBasis::bootstrap;
  } else {
    result.interval = fisher_interval(r, spearman ? (1 + r * r / 2) / (n - 3) : 0.437 / (n - 4), confidence);
    result.interval_basis = spearman ? CorrelationBasis::bonett_wright : CorrelationBasis::fieller;
  }
  if (!result.interval) result.interval_basis = CorrelationBasis::none;
}

void add_spearman_p(Correlation& result, Values x, Values y, bool ties) {
  if (!ties && result.n <= kSpearmanExactMost) {
    result.p = spearman_exact_p(result.n, squared_rank_differences(x, y));
    result.p_basis = CorrelationBasis::exact;
  } else {
    result.p = two_sided_by_t(*result.coefficient, result.n);
    result.p_basis = CorrelationBasis::student_t;
  }
}

void add_kendall_p(Correlation& result, Values x, Values y, bool ties) {
  const Kendall found = kendall(x, y);
  if (!ties && result.n <= kKendallExactMost) {
    result.p = kendall_exact_p(result.n, found.s);
    result.p_basis = CorrelationBasis::exact;
  } else {
    result.p = kendall_normal_p(found, result.n);
    result.p_basis = CorrelationBasis::normal;
  }
}

constexpr std::array<std::pair<std::string_view, CorrelationMethod>, 3> kMethods{
    {{"pearson", CorrelationMethod::pearson}, {"spearman", CorrelationMethod::spearman}, {"kendall", CorrelationMethod::kendall}}};

}  // namespace

std::string_view name(CorrelationMethod method) {
  for (const auto& [text, value] : kMethods) {
    if (value == method) return text;
  }
  return {};
}

std::optional<CorrelationMethod> correlation_method(std::string_view name) {
  for (const auto& [text, value] : kMethods) {
    if (text == name) return value;
  }
  return std::nullopt;
}

std::string_view describe(CorrelationBasis basis) {
  switch (basis) {
    case CorrelationBasis::none: return "";
    case CorrelationBasis::student_t: return "Student's t, n - 2 degrees of freedom";
    case CorrelationBasis::exact: return "exact, over all orders";
    case CorrelationBasis::normal: return "normal approximation, ties corrected";
    case CorrelationBasis::fisher_z: return "Fisher's z";
    case CorrelationBasis::bootstrap: return "bootstrap, percentiles of 2000 resamples";
    case CorrelationBasis::bonett_wright: return "Fisher's z with Bonett and Wright's variance";
    case CorrelationBasis::fieller: return "Fisher's z with Fieller's variance";
  }
  return "";
}

std::vector<double> midranks(Values x) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  std::vector<double> ranks(x.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && x[order[end]] == x[order[begin]]) ++end;
    // Ranks begin + 1 ... end have this mean.
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = static_cast<double>(begin + 1 + end) / 2;
    begin = end;
  }
  return ranks;
}

std::optional<double> pearson_r(Values x, Values y) {
  require_pairs(x, y);
  if (x.size() < 2 || is_constant(x) || is_constant(y)) return std::nullopt;
  const std::vector<double> a = scaled_deviations(x), b = scaled_deviations(y);
  const double products = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  const double squares_a = std::inner_product(a.begin(), a.end(), a.begin(), 0.0);
  const double squares_b = std::inner_product(b.begin(), b.end(), b.begin(), 0.0);
  return std::clamp(products / std::sqrt(squares_a * squares_b), -1.0, 1.0);
}

std::optional<double> spearman_rho(Values x, Values y) {
  require_pairs(x, y);
  return pearson_r(midranks(x), midranks(y));
}

std::optional<double> kendall_tau_b(Values x, Values y) {
  require_pairs(x, y);
  if (x.size() < 2 || is_constant(x) || is_constant(y)) return std::nullopt;
  const Kendall found = kendall(x, y);
  return std::clamp(found.s / std::sqrt((found.all - found.x.pairs) * (found.all - found.y.pairs)), -1.0, 1.0);
}

Correlation correlate(CorrelationMethod method, Values x, Values y, double confidence, std::uint64_t seed) {
  require_pairs(x, y);
  require(confidence > 0 && confidence < 1, "a confidence is not in (0, 1)");
  Correlation result;
  result.n = x.size();
  switch (method) {
    case CorrelationMethod::pearson: result.coefficient = pearson_r(x, y); break;
    case CorrelationMethod::spearman: result.coefficient = spearman_rho(x, y); break;
    case CorrelationMethod::kendall: result.coefficient = kendall_tau_b(x, y); break;
  }
  if (!result.coefficient || result.n < 3) return result;
  if (method == CorrelationMethod::pearson) {
    add_pearson(result, confidence);
    return result;
  }
  const bool ties = has_ties(x) || has_ties(y);
  if (method == CorrelationMethod::spearman)
    add_spearman_p(result, x, y, ties);
  else
    add_kendall_p(result, x, y, ties);
  add_rank_interval(result, method, x, y, confidence, seed);
  return result;
}

}  // namespace inferometer::stats
