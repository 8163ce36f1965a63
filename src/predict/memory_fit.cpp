#include "predict/memory_fit.h"

#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "predict/conformal.h"
#include "stats/non_negative.h"

namespace inferometer::predict {
namespace {

/// What the coefficients of MemoryModel are of, in their order.
constexpr std::size_t kParts = 5, kFewest = kParts + 1;
using Parts = std::array<double, kParts>;

Parts parts_of(const NetworkUnits& network) {
  return {1, network.linear_mb, network.weights_mb - network.linear_mb, network.live_mb, network.activations_mb};
}

using Rows = std::vector<const Observation*>;

Rows without(const Rows& rows, const std::set<std::string>& families) {
  Rows kept;
  for (const Observation* row : rows)
    if (!families.contains(row->family)) kept.push_back(row);
  return kept;
}

std::optional<MemoryModel> fit(const Rows& rows) {
  if (rows.size() < kFewest) return std::nullopt;
  std::vector<std::vector<double>> design(kParts);
  for (const Observation* row : rows) {
    const Parts parts = parts_of(row->network);
    for (std::size_t i = 0; i < kParts; ++i) design[i].push_back(parts[i] / row->peak_mb);
  }
  const std::vector<double> found = stats::fit_non_negative(design, std::vector<double>(rows.size(), 1)).coefficients;
  return MemoryModel{found[0], found[1], found[2], found[3], found[4], std::nullopt};
}

std::set<std::string> families_of(const Rows& rows) {
  std::set<std::string> families;
  for (const Observation* row : rows) families.insert(row->family);
  return families;
}

}  // namespace

double memory_mb(const MemoryModel& model, const NetworkUnits& network) {
  const Parts parts = parts_of(network),
              each = {model.constant_mb, model.per_linear_mb, model.per_convolution_mb, model.per_live_mb, model.per_activation_mb};
  return std::inner_product(parts.begin(), parts.end(), each.begin(), 0.0);
}

void add_memory(const std::vector<Observation>& observations, Model& model) {
  Rows rows;
  for (const Observation& row : observations)
    if (!row.family.empty() && row.peak_mb > 0) rows.push_back(&row);
  model.memory = fit(rows);
  if (!model.memory) return;
  std::vector<double> scores;
  for (const std::string& family : families_of(rows)) {
    const std::optional<MemoryModel> rule = fit(without(rows, {family}));
    if (!rule) continue;
    for (const Observation* row : rows) {
      if (row->family != family) continue;
      const double predicted = memory_mb(*rule, row->network);
      scores.push_back(std::abs(std::log(row->peak_mb / predicted)));
      for (HeldOut& held : model.held_out) {
        if (held.network != row->name || held.batch != row->batch) continue;
        held.measured_mb = row->peak_mb;
        held.predicted_mb = predicted;
      }
    }
  }
  model.memory->log_bound = conformal_bound(scores, kConfidence);
}

}  // namespace inferometer::predict
