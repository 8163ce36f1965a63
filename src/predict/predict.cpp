#include "predict/predict.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "predict/distance.h"
#include "predict/fit.h"
#include "predict/memory_fit.h"

namespace inferometer::predict {
namespace {

/// The models of the nearest calibrated batches on both sides, and how much the upper one counts.
struct Between {
  const BatchModel* lower;
  const BatchModel* upper;
  double share;
};

Between models_for(const Model& model, std::int64_t batch) {
  const auto upper = std::find_if(model.batches.begin(), model.batches.end(), [&](const BatchModel& part) { return part.batch >= batch; });
  if (upper == model.batches.end() || (upper == model.batches.begin() && upper->batch != batch)) {
    throw Error(ErrorCode::unsupported,
                fmt::format("batch {} is outside those that were calibrated, {} to {}", batch, model.batches.front().batch,
                            model.batches.back().batch),
                "`inferometer calibrate --batches` widens them");
  }
  if (upper->batch == batch) return {&*upper, &*upper, 0};
  const auto lower = std::prev(upper);
  const auto logarithm = [](std::int64_t value) { return std::log(static_cast<double>(value)); };
  return {&*lower, &*upper, (logarithm(batch) - logarithm(lower->batch)) / (logarithm(upper->batch) - logarithm(lower->batch))};
}

/// Geometric, as `share` says; where one side has nothing, nothing.
double between(double lower, double upper, double share) {
  if (share == 0) return lower;
  if (lower <= 0 || upper <= 0) return (1 - share) * lower + share * upper;
  return std::exp((1 - share) * std::log(lower) + share * std::log(upper));
}

void require_known_kinds(const Model& model, const NetworkUnits& network) {
  for (const Unit& unit : network.units) {
    if (unit.amounts.empty() || model.ranges.contains(unit.kind)) continue;
    throw Error(ErrorCode::unsupported,
                one_line(fmt::format("layer {}: no {} ({}) was timed in the calibration", unit.layer, unit.operation, unit.kind)),
                "calibrate again with this inferometer, or measure the network with `run`");
  }
}

}  // namespace

Prediction predict_latency(const Model& model, const graph::Graph& graph, std::int64_t batch) {
  const Between parts = models_for(model, batch);
  const NetworkUnits network = units_of(graph, batch, model.block_channels);
  require_known_kinds(model, network);
  const auto whole = [&](const BatchModel& part) { return part.scale * cost_of(total_amounts(network), part.coefficients); };
  const double lower = whole(*parts.lower), upper = whole(*parts.upper);

  if (!(lower > 0 && upper > 0 && std::isfinite(lower) && std::isfinite(upper))) {
    throw Error(ErrorCode::input,
                fmt::format("the calibration of {} gives this network no time: {} and {} ms", describe(model), lower, upper),
                "calibrate again");
  }
  Prediction prediction;
  prediction.batch = batch;
  prediction.latency_ms = between(lower, upper, parts.share);
  // Shares of units are mixed plainly and then brought to the sum, so that they add up.
  double sum = 0;
  std::vector<std::pair<double, std::string>> outside;
  for (const Unit& unit : network.units) {
    const double low = parts.lower->scale * cost_of(unit.amounts, parts.lower->coefficients),
                 high = parts.upper->scale * cost_of(unit.amounts, parts.upper->coefficients);
    UnitCost cost{unit.layer, unit.operation, unit.kind, (1 - parts.share) * low + parts.share * high, outside_text(unit, model.ranges)};
    sum += cost.ms;
    if (!cost.outside.empty()) outside.emplace_back(distance_of(unit, model.ranges), fmt::format("{}: {}", cost.layer, cost.outside));
    prediction.units.push_back(std::move(cost));
  }
  std::stable_sort(outside.begin(), outside.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (auto& [distance, text] : outside) prediction.outside.push_back(std::move(text));
  if (sum > 0)
    for (UnitCost& cost : prediction.units) cost.ms *= prediction.latency_ms / sum;

  if (parts.lower->log_bound && parts.upper->log_bound) {
    const double distance = std::max(distance_of(network, parts.lower->coefficients, model.ranges),
                                     distance_of(network, parts.upper->coefficients, model.ranges));
    const double bound = ((1 - parts.share) * *parts.lower->log_bound + parts.share * *parts.upper->log_bound) * (1 + distance);
    prediction.low_ms = prediction.latency_ms / std::exp(bound);
    prediction.high_ms = prediction.latency_ms * std::exp(bound);
  }
  if (model.memory) {
    const double megabytes = memory_mb(*model.memory, network);
    const double widening = memory_widening(*model.memory, network);
    prediction.peak_memory_mb = megabytes;
    if (model.memory->log_bound) {
      prediction.memory_low_mb = megabytes / std::exp(*model.memory->log_bound * widening);
      prediction.memory_high_mb = megabytes * std::exp(*model.memory->log_bound * widening);
    }
  }
  return prediction;
}

}  // namespace inferometer::predict
