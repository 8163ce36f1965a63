#include "stats/post_hoc.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "stats/distributions.h"
#include "stats/studentized_range.h"

namespace inferometer::stats {
namespace {

/// Pairs with their differences alone.
std::vector<PairComparison> bare_pairs(std::span<const double> means) {
  std::vector<PairComparison> pairs;
  for (std::size_t a = 0; a < means.size(); ++a) {
    for (std::size_t b = a + 1; b < means.size(); ++b) {
      PairComparison pair;
      pair.a = a;
      pair.b = b;
      pair.difference = means[a] - means[b];
      pairs.push_back(pair);
    }
  }
  return pairs;
}

}  // namespace

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> corrected(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, p[order[i]] * static_cast<double>(p.size() - i)));
    corrected[order[i]] = largest;
  }
  return corrected;
}

std::vector<PairComparison> compare_pairs(std::span<const double> means, std::span<const double> standard_errors,
                                          std::size_t degrees_of_freedom, double confidence) {
  std::vector<PairComparison> pairs = bare_pairs(means);
  if (standard_errors.size() != pairs.size()) throw Error(ErrorCode::internal, "post hoc: a pair has no standard error");
  const double degrees = static_cast<double>(degrees_of_freedom);
  const double factor = t_two_sided_quantile(confidence, degrees);
  std::vector<double> p, q;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    PairComparison& pair = pairs[i];
    const double t = pair.difference / standard_errors[i];
    pair.standard_error = standard_errors[i];
    pair.p_lsd = t_two_sided_p(t, degrees);
    pair.low = pair.difference - factor * standard_errors[i];
    pair.high = pair.difference + factor * standard_errors[i];
    pair.p_bonferroni = std::min(1.0, *pair.p_lsd * static_cast<double>(pairs.size()));
    p.push_back(*pair.p_lsd);
    q.push_back(std::fabs(t) * std::numbers::sqrt2);
  }
  const std::vector<double> p_holm = holm(p), p_tukey = studentized_range_upper_p(q, means.size(), degrees);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i].p_holm = p_holm[i];
    pairs[i].p_tukey = p_tukey[i];
  }
  return pairs;
}

std::vector<PairComparison> compare_pairs(std::span<const ComparedMean> groups, std::optional<double> error_variance,
                                          std::size_t degrees_of_freedom, double confidence) {
  std::vector<double> means, standard_errors;
  for (const ComparedMean& group : groups) means.push_back(group.mean);
  if (!error_variance || !(*error_variance > 0) || degrees_of_freedom == 0) return bare_pairs(means);
  for (std::size_t a = 0; a < groups.size(); ++a) {
    for (std::size_t b = a + 1; b < groups.size(); ++b) {
      standard_errors.push_back(std::sqrt(*error_variance * (1 / groups[a].n + 1 / groups[b].n)));
    }
  }
  return compare_pairs(means, standard_errors, degrees_of_freedom, confidence);
}

}  // namespace inferometer::stats
