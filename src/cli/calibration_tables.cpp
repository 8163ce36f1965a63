#include "cli/calibration_tables.h"

#include <fmt/format.h>

#include "predict/fit.h"

namespace inferometer::cli {
namespace {

Cell whole(std::size_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

Table scores_table(const predict::Model& model) {
  Table table;
  table.title = fmt::format("{} {}: predictions of networks whose family was held out", describe(model), model.engine_version);
  table.columns = {"engine",
                   "engine_version",
                   "threads",
                   "batch",
                   "networks",
                   "families",
                   "predicted_mape_percent",
                   "within_10_percent_ratio",
                   "interval_held_ratio",
                   "half_width_percent",
                   "noise_percent",
                   "probes",
                   "probe_error_percent",
                   "memory_mape_percent"};
  for (const predict::Score& score : predict::scores_of(model.held_out)) {
    std::int64_t probes = 0;
    for (const predict::ProbeFit& probe : model.probes) probes += probe.batch == score.batch ? 1 : 0;
    double probe_error = 0;
    for (const predict::BatchModel& batch : model.batches)
      if (batch.batch == score.batch) probe_error = 100 * batch.probe_error_ratio;
    table.rows.push_back({model.engine, model.engine_version, static_cast<std::int64_t>(model.threads), score.batch, whole(score.networks),
                          whole(score.families), score.mape_percent, score.within_tenth_ratio, to_cell(score.interval_held_ratio),
                          to_cell(score.half_width_percent), score.noise_percent, probes, probe_error, to_cell(score.memory_mape_percent)});
  }
  table.notes = {
      "mape: mean of |predicted / measured - 1|; interval: 90 %, conformal; noise: mean distance of the same figure measured again"};
  if (!model.left_out.empty())
    table.notes.push_back(
        fmt::format("{} figures were left out: not steady, or not measurable (the model's left_out names them)", model.left_out.size()));
  return table;
}

Table held_out_table(const predict::Model& model) {
  Table table;
  table.title = fmt::format("{} {}: networks whose family was held out", describe(model), model.engine_version);
  table.columns = {"engine",
                   "threads",
                   "model",
                   "family",
                   "batch",
                   "measured_latency_ms",
                   "predicted_latency_ms",
                   "predicted_latency_low_ms",
                   "predicted_latency_high_ms",
                   "predicted_error_percent",
                   "noise_percent",
                   "measured_peak_memory_mb",
                   "predicted_peak_memory_mb"};
  for (const predict::HeldOut& held : model.held_out) {
    table.rows.push_back({model.engine, static_cast<std::int64_t>(model.threads), held.network, held.family, held.batch, held.measured_ms,
                          held.predicted_ms, to_cell(held.low_ms), to_cell(held.high_ms), 100 * (held.predicted_ms / held.measured_ms - 1),
                          100 * held.noise_ratio, to_cell(held.measured_mb), to_cell(held.predicted_mb)});
  }
  return table;
}

}  // namespace inferometer::cli
