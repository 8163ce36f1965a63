#include "predict/memory_fit.h"

#include <cmath>
#include <set>

#include "predict/conformal.h"
#include "stats/non_negative.h"

namespace inferometer::predict {
namespace {

constexpr std::size_t kFewest = 4;

using Rows = std::vector<const Observation*>;

Rows without(const Rows& rows, const std::set<std::string>& families) {
  Rows kept;
  for (const Observation* row : rows)
    if (!families.contains(row->family)) kept.push_back(row);
  return kept;
}

std::optional<MemoryModel> fit(const Rows& rows) {
  if (rows.size() < kFewest) return std::nullopt;
  std::vector<std::vector<double>> design(3);
  for (const Observation* row : rows) {
    design[0].push_back(1 / row->peak_mb);
    design[1].push_back(row->network.weights_mb / row->peak_mb);
    design[2].push_back(row->network.live_mb / row->peak_mb);
  }
  const stats::NonNegativeFit solved = stats::fit_non_negative(design, std::vector<double>(rows.size(), 1));
  MemoryModel model;
  model.constant_mb = solved.coefficients[0];
  model.per_weights_mb = solved.coefficients[1];
  model.per_live_mb = solved.coefficients[2];
  return model;
}

std::set<std::string> families_of(const Rows& rows) {
  std::set<std::string> families;
  for (const Observation* row : rows) families.insert(row->family);
  return families;
}

}  // namespace

double memory_mb(const MemoryModel& model, const NetworkUnits& network) {
  return model.constant_mb + model.per_weights_mb * network.weights_mb + model.per_live_mb * network.live_mb;
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
