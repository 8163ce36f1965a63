#include "predict/fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "predict/conformal.h"
#include "predict/distance.h"
#include "predict/memory_fit.h"
#include "stats/non_negative.h"
#include "stats/sample.h"
#include "zoo/zoo.h"

namespace inferometer::predict {
namespace {

using Coefficients = std::map<std::string, double>;
using Rows = std::vector<const Observation*>;
/// Families whose networks a model must not have seen.
using Families = std::set<std::string>;

/// What a column must add to be charged for (stats/non_negative.h): else few probes would be explained by many columns.
constexpr double kPenalty = 0.001;
constexpr double kTenth = 0.1;
constexpr std::size_t kFewestProbes = 2;
/// A column that tells cases of a kind apart needs so many probes: of one or two it would learn whatever else is particular to them.
constexpr std::size_t kFewestOfColumn = 4;

/// The columns that the rows can tell the cost of, numbered in the order of their names.
std::map<std::string, std::size_t> columns_of(const Rows& rows) {
  std::map<std::string, std::size_t> counts;
  for (const Observation* row : rows)
    for (const auto& [column, amount] : row->amounts) ++counts[column];
  std::map<std::string, std::size_t> columns;
  for (const auto& [column, count] : counts) {
    // A kind that is seldom altogether is charged for as well as can be.
    const auto kind = counts.find(column.substr(0, column.find('.')) + ".count");
    if (count < kFewestOfColumn && kind != counts.end() && kind->second >= kFewestOfColumn) continue;
    columns.emplace(column, columns.size());
  }
  return columns;
}

Coefficients fit_coefficients(const Rows& rows) {
  const std::map<std::string, std::size_t> columns = columns_of(rows);
  std::vector<std::vector<double>> design(columns.size(), std::vector<double>(rows.size(), 0));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const auto& [column, amount] : rows[r]->amounts) {
      const auto known = columns.find(column);
      if (known != columns.end()) design[known->second][r] = amount / rows[r]->ms;
    }
  }
  const stats::NonNegativeFit fit = stats::fit_non_negative(design, std::vector<double>(rows.size(), 1), kPenalty);
  Coefficients coefficients;
  for (const auto& [column, place] : columns)
    if (fit.coefficients[place] > 0) coefficients[column] = fit.coefficients[place];
  return coefficients;
}

/// What one batch's model is made of, without some families.
struct BatchFit {
  Coefficients coefficients;
  double scale = 1;
};

class BatchFitter {
 public:
  BatchFitter(const std::vector<Observation>& observations, std::int64_t batch) {
    for (const Observation& row : observations) {
      if (row.batch != batch) continue;
      (row.family.empty() ? probes_ : networks_).push_back(&row);
    }
    if (probes_.size() < kFewestProbes || networks_.empty()) {
      throw Error(ErrorCode::input,
                  fmt::format("batch {}: {} probes and {} networks have a steady figure, which is too few to fit", batch, probes_.size(),
                              networks_.size()),
                  "calibrate on a quiet machine, or with more --probes and --networks");
    }
    coefficients_ = fit_coefficients(probes_);
  }

  const Rows& probes() const { return probes_; }
  const Rows& networks() const { return networks_; }

  BatchFit fit_without(const Families& families) const {
    BatchFit fit;
    fit.coefficients = coefficients_;
    double log_sum = 0;
    int count = 0;
    for (const Observation* network : networks_) {
      if (families.contains(network->family)) continue;
      log_sum += std::log(network->ms / cost_of(network->amounts, fit.coefficients));
      ++count;
    }
    if (count > 0) fit.scale = std::exp(log_sum / count);
    return fit;
  }

  /// How many times further the bound reaches for this network.
  double widening(const Observation& network, const BatchFit& fit, const Families& families) const {
    Ranges ranges;
    for (const Observation* probe : probes_) extend(ranges, probe->network);
    for (const Observation* other : networks_)
      if (!families.contains(other->family)) extend(ranges, other->network);
    const double distance = distance_of(network.network, fit.coefficients, ranges);
    return 1 + (std::isfinite(distance) ? distance : 1);
  }

  /// The conformal bound for networks of other families than these, from networks that were each predicted without their own family.
  std::optional<double> bound_without(const Families& families) const {
    std::vector<double> scores;
    for (const std::string& family : families_of(networks_)) {
      if (families.contains(family)) continue;
      Families both = families;
      both.insert(family);
      const BatchFit fit = fit_without(both);
      for (const Observation* network : networks_) {
        if (network->family != family) continue;
        const double ratio = network->ms / (fit.scale * cost_of(network->amounts, fit.coefficients));
        scores.push_back(std::abs(std::log(ratio)) / widening(*network, fit, both));
      }
    }
    return conformal_bound(scores, kConfidence);
  }

  static Families families_of(const Rows& networks) {
    Families families;
    for (const Observation* network : networks) families.insert(network->family);
    return families;
  }

 private:
  Rows probes_, networks_;
  Coefficients coefficients_;  ///< of the probes, which belong to no family
};

void add_held_out(const BatchFitter& fitter, Model& model) {
  const Families families = BatchFitter::families_of(fitter.networks());
  for (const std::string& family : families) {
    if (families.size() < 2) break;  // nothing would be left to set the scale
    const BatchFit fit = fitter.fit_without({family});
    const std::optional<double> bound = fitter.bound_without({family});
    for (const Observation* network : fitter.networks()) {
      if (network->family != family) continue;
      HeldOut held;
      held.network = network->name;
      held.family = family;
      held.batch = network->batch;
      held.measured_ms = network->ms;
      held.predicted_ms = fit.scale * cost_of(network->amounts, fit.coefficients);
      held.noise_ratio = network->noise_ratio;
      if (bound) {
        const double reach = std::exp(*bound * fitter.widening(*network, fit, {family}));
        held.low_ms = held.predicted_ms / reach;
        held.high_ms = held.predicted_ms * reach;
      }
      model.held_out.push_back(held);
    }
  }
}

}  // namespace

double cost_of(const Amounts& amounts, const std::map<std::string, double>& coefficients) {
  double sum = 0;
  for (const auto& [column, amount] : amounts) {
    const auto found = coefficients.find(column);
    if (found != coefficients.end()) sum += found->second * amount;
  }
  return sum;
}

std::vector<Observation> observations_of(const CalibrationPlan& plan, const std::vector<Measured>& measured, std::int64_t block_channels,
                                         std::vector<std::string>& left_out) {
  std::map<std::string, const graph::Graph*> graphs;
  const std::vector<Probe> probes = generate_probes(plan.probes, plan.seed);
  for (const Probe& probe : probes) graphs[probe.name] = &probe.graph;
  std::vector<Observation> observations;
  for (const Measured& figure : measured) {
    const bool wanted = std::find(plan.batches.begin(), plan.batches.end(), figure.batch) != plan.batches.end();
    const auto probe = graphs.find(figure.name);
    const bool planned =
        figure.network ? std::find(plan.networks.begin(), plan.networks.end(), figure.name) != plan.networks.end() : probe != graphs.end();
    if (!wanted || !planned) continue;
    if (!figure.failure.empty()) {
      left_out.push_back(fmt::format("{} b{}: {}", figure.name, figure.batch, figure.failure));
      continue;
    }
    // A probe that scatters widely teaches nothing; such a network still shows how far predictions are off, with its noise beside.
    if (!figure.usable && !figure.network) {
      left_out.push_back(fmt::format("{} b{}: not steady, {:.0f} % apart", figure.name, figure.batch, 100 * figure.spread_ratio));
      continue;
    }
    Observation row;
    row.name = figure.name;
    row.batch = figure.batch;
    row.ms = figure.ms;
    row.noise_ratio = figure.spread_ratio;
    row.peak_mb = figure.peak_mb;
    if (figure.network) {
      const zoo::Network* network = zoo::find(figure.name);
      row.family = network->family;
      row.network = units_of(network->build({}), figure.batch, block_channels);
    } else {
      row.network = units_of(*probe->second, figure.batch, block_channels);
    }
    row.amounts = total_amounts(row.network);
    observations.push_back(std::move(row));
  }
  return observations;
}

Model fit_model(const std::vector<Observation>& observations, const std::vector<std::int64_t>& batches) {
  Model model;
  if (!observations.empty()) model.block_channels = observations.front().network.block_channels;
  for (const Observation& row : observations) extend(model.ranges, row.network);
  for (const std::int64_t batch : batches) {
    const BatchFitter fitter(observations, batch);
    const BatchFit fit = fitter.fit_without({});
    BatchModel part;
    part.batch = batch;
    part.coefficients = fit.coefficients;
    part.scale = fit.scale;
    part.log_bound = fitter.bound_without({});
    std::vector<double> errors;
    for (const Observation* probe : fitter.probes()) {
      const double fitted = cost_of(probe->amounts, fit.coefficients);
      errors.push_back(std::abs(fitted / probe->ms - 1));
      model.probes.push_back({probe->name, batch, probe->ms, fitted});
    }
    part.probe_error_ratio = stats::median(errors).value_or(0);
    model.batches.push_back(std::move(part));
    add_held_out(fitter, model);
  }
  add_memory(observations, model);
  return model;
}

std::vector<Score> scores_of(const std::vector<HeldOut>& held_out) {
  std::map<std::int64_t, std::vector<const HeldOut*>> by_batch;
  for (const HeldOut& held : held_out) by_batch[held.batch].push_back(&held);
  std::vector<Score> scores;
  for (const auto& [batch, rows] : by_batch) {
    Score score;
    score.batch = batch;
    score.networks = rows.size();
    std::set<std::string> families;
    std::vector<double> widths, memory;
    double errors = 0, within = 0, held = 0, noise = 0;
    for (const HeldOut* row : rows) {
      families.insert(row->family);
      const double error = std::abs(row->predicted_ms / row->measured_ms - 1);
      errors += error;
      within += error <= kTenth ? 1 : 0;
      noise += row->noise_ratio;
      if (row->measured_mb && row->predicted_mb) memory.push_back(100 * std::abs(*row->predicted_mb / *row->measured_mb - 1));
      if (!row->low_ms || !row->high_ms) continue;
      held += row->measured_ms >= *row->low_ms && row->measured_ms <= *row->high_ms ? 1 : 0;
      widths.push_back(*row->high_ms / row->predicted_ms - 1);
    }
    const auto n = static_cast<double>(rows.size());
    score.families = families.size();
    score.mape_percent = 100 * errors / n;
    score.within_tenth_ratio = within / n;
    score.noise_percent = 100 * noise / n;
    if (!widths.empty()) {
      score.interval_held_ratio = held / static_cast<double>(widths.size());
      score.half_width_percent = 100 * *stats::median(widths);
    }
    if (!memory.empty())
      score.memory_mape_percent = std::accumulate(memory.begin(), memory.end(), 0.0) / static_cast<double>(memory.size());
    scores.push_back(score);
  }
  return scores;
}

}  // namespace inferometer::predict
