#include "predict/memory_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>

#include "predict/conformal.h"
#include "stats/non_negative.h"

namespace inferometer::predict {
namespace {

/// What the coefficients of MemoryModel are of, in their order; the first is the constant.
constexpr std::size_t kParts = 5;
using Parts = std::array<double, kParts>;
/// So many networks must be there: one more than coefficients.
constexpr std::size_t kFewest = kParts + 1;

Parts parts_of(const NetworkUnits& network) {
  return {1, network.linear_mb, network.weights_mb - network.linear_mb, network.live_mb, network.activations_mb};
}

Parts coefficients_of(const MemoryModel& model) {
  return {model.constant_mb, model.per_linear_mb, model.per_convolution_mb, model.per_live_mb, model.per_activation_mb};
}

using Rows = std::vector<const Observation*>;

Rows without(const Rows& rows, const std::string& family) {
  Rows kept;
  for (const Observation* row : rows)
    if (row->family != family) kept.push_back(row);
  return kept;
}

template <typename Member>
std::set<std::string> texts_of(const Rows& rows, Member member) {
  std::set<std::string> texts;
  for (const Observation* row : rows) texts.insert(row->*member);
  return texts;
}

std::optional<MemoryModel> fit(const Rows& rows) {
  if (texts_of(rows, &Observation::name).size() < kFewest) return std::nullopt;
  std::vector<std::vector<double>> design(kParts);
  Parts most{};
  for (const Observation* row : rows) {
    const Parts parts = parts_of(row->network);
    for (std::size_t i = 0; i < kParts; ++i) {
      design[i].push_back(parts[i] / row->peak_mb);
      most[i] = std::max(most[i], parts[i]);
    }
  }
  const std::vector<double> found = stats::fit_non_negative(design, std::vector<double>(rows.size(), 1)).coefficients;
  MemoryModel model{found[0], found[1], found[2], found[3], found[4]};
  model.most_linear_mb = most[1];
  model.most_convolution_mb = most[2];
  model.most_live_mb = most[3];
  model.most_activation_mb = most[4];
  return model;
}

}  // namespace

double memory_mb(const MemoryModel& model, const NetworkUnits& network) {
  const Parts parts = parts_of(network), each = coefficients_of(model);
  return std::inner_product(parts.begin(), parts.end(), each.begin(), 0.0);
}

double memory_widening(const MemoryModel& model, const NetworkUnits& network) {
  const Parts parts = parts_of(network), each = coefficients_of(model),
              most{1, model.most_linear_mb, model.most_convolution_mb, model.most_live_mb, model.most_activation_mb};
  double total = 0, beyond = 0;
  for (std::size_t i = 0; i < kParts; ++i) {
    const double megabytes = parts[i] * each[i];
    total += megabytes;
    // Of what no network had, nothing tells how far it is.
    if (parts[i] > most[i]) beyond += megabytes * (most[i] > 0 ? std::log(parts[i] / most[i]) : 1);
  }
  return 1 + (total > 0 ? beyond / total : 0);
}

void add_memory(const std::vector<Observation>& observations, Model& model) {
  Rows rows;
  for (const Observation& row : observations)
    if (!row.family.empty() && row.peak_mb > 0) rows.push_back(&row);
  model.memory = fit(rows);
  if (!model.memory) return;
  // One score a network, its worst batch: what batches of one network have in common is not seen twice.
  std::map<std::string, double> scores;
  for (const std::string& family : texts_of(rows, &Observation::family)) {
    const std::optional<MemoryModel> rule = fit(without(rows, family));
    if (!rule) continue;
    for (const Observation* row : rows) {
      if (row->family != family) continue;
      const double predicted = memory_mb(*rule, row->network);
      double& score = scores[row->name];
      score = std::max(score, std::abs(std::log(row->peak_mb / predicted)) / memory_widening(*rule, row->network));
      for (HeldOut& held : model.held_out) {
        if (held.network != row->name || held.batch != row->batch) continue;
        held.measured_mb = row->peak_mb;
        held.predicted_mb = predicted;
      }
    }
  }
  std::vector<double> values;
  for (const auto& [name, score] : scores) values.push_back(score);
  model.memory->log_bound = conformal_bound(std::move(values), kConfidence);
}

}  // namespace inferometer::predict
