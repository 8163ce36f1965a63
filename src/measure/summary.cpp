#include "measure/summary.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "measure/power_row.h"
#include "measure/verdict.h"
#include "stats/sample.h"

namespace inferometer::measure {
namespace {

constexpr double kNsPerMs = 1e6;

/// Identity, settings asked and what is known of the model: every key that needs no measurement.
Row plain_row(const Entry& entry, const ModelFacts& facts, const std::string& platform_name) {
  Row row;
  row.model = entry.model.name;
  row.model_sha256 = entry.model.sha256;
  row.parameters = facts.parameters;
  row.macs = facts.macs;
  if (facts.macs) row.gmacs = static_cast<double>(*facts.macs) * 1e-9;
  row.top1 = facts.top1;
  row.top5 = facts.top5;
  if (entry.model.height > 0) {
    row.input_height = entry.model.height;
    row.input_width = entry.model.width;
  }
  row.engine = entry.engine;
  row.engine_version = entry.engine_version;
  row.engine_settings = engine_text(entry).substr(entry.engine.size());
  if (!row.engine_settings.empty()) row.engine_settings.erase(0, 1);
  row.device = entry.device;
  row.precision_requested = entry.precision;
  row.threads = entry.threads;
  row.streams = entry.streams;
  row.requests = entry.requests;
  row.batch = entry.batch;
  row.mode = name_of(entry.mode);
  row.protocol = name_of(entry.protocol);
  row.platform = platform_name;
  row.source = "measured";
  row.repro = repro_command(entry);
  row.inferometer_version = INFEROMETER_VERSION;
  row.metric_version = kMetricVersion;
  return row;
}

/// Obtained settings of the first start that loaded; a difference from what was asked is noted.
void add_obtained(const Entry& entry, const StartRecord& start, Row& row) {
  row.precision = start.obtained_precision;
  if (!start.obtained_device.empty()) row.device = start.obtained_device;
  if (start.obtained_threads > 0) {
    if (start.obtained_threads != entry.threads) {
      row.notes.push_back(fmt::format("{} threads were asked, the engine uses {}", entry.threads, start.obtained_threads));
    }
    row.threads = start.obtained_threads;
  }
  if (start.obtained_streams > 0) row.streams = start.obtained_streams;
  // The fake engine's own small input says nothing of the network.
  if (start.computes && start.input_height > 0) {
    row.input_height = start.input_height;
    row.input_width = start.input_width;
  }
}

/// A percentile and its upper bound, or a note with the count that is missing.
struct Percentile {
  std::optional<double> estimate_ms, high_ms;
};
Percentile percentile(const std::vector<double>& sorted_ms, double p, std::vector<std::string>& notes) {
  const std::int64_t needed = stats::samples_needed_for_quantile(p);
  const auto n = static_cast<std::int64_t>(sorted_ms.size());
  if (n < needed) {
    notes.push_back(fmt::format("p{:g} needs {} samples, {} are missing (--percentiles {:g})", 100 * p, needed, needed - n, 100 * p));
    return {};
  }
  return {stats::quantile_type7_sorted(sorted_ms, p), stats::quantile_upper_bound(sorted_ms, p)};
}

/// Of one start; 0 where the clock saw no time pass.
double images_per_s(const Entry& entry, const StartRecord& start, const std::vector<double>& samples_ms) {
  const auto batch = static_cast<double>(entry.batch);
  if (start.window) return start.window->seconds > 0 ? start.window->requests * batch / start.window->seconds : 0;
  const double central_ms = entry.protocol == Protocol::standard ? *stats::median(samples_ms) : *stats::mean(samples_ms);
  return central_ms > 0 ? 1000 * batch / central_ms : 0;
}

void add_latency(const Entry& entry, const std::vector<StartRecord>& starts, const std::vector<bool>& pooled, Row& row) {
  std::vector<double> all_ms, medians, rates, below_full_flight;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (!pooled[i] || starts[i].samples_ns.empty()) continue;
    std::vector<double> samples;
    for (const std::int64_t ns : starts[i].samples_ns) samples.push_back(static_cast<double>(ns) / kNsPerMs);
    medians.push_back(*stats::median(samples));
    rates.push_back(images_per_s(entry, starts[i], samples));
    if (starts[i].window) below_full_flight.push_back(starts[i].window->below_full_flight_ratio);
    all_ms.insert(all_ms.end(), samples.begin(), samples.end());
  }
  if (all_ms.empty()) return;
  std::sort(all_ms.begin(), all_ms.end());

  row.starts = static_cast<std::int64_t>(medians.size());
  row.runs = static_cast<std::int64_t>(all_ms.size());
  row.latency_median_ms = stats::median(medians);
  const auto [least, most] = std::minmax_element(medians.begin(), medians.end());
  if (const auto interval = stats::median_interval_sorted(all_ms)) {
    row.latency_median_low_ms = std::min(interval->low, *least);
    row.latency_median_high_ms = std::max(interval->high, *most);
    if (medians.size() == 1) row.notes.push_back("interval within one start");
  } else {
    row.notes.push_back(fmt::format("an interval of the median needs 6 samples, {} are missing", 6 - all_ms.size()));
  }
  row.latency_mean_ms = stats::mean(all_ms);
  row.latency_sample_stddev_ms = stats::sample_stddev(all_ms);
  row.latency_min_ms = all_ms.front();
  row.latency_p90_ms = percentile(all_ms, 0.90, row.notes).estimate_ms;
  const Percentile p99 = percentile(all_ms, 0.99, row.notes);
  row.latency_p99_ms = p99.estimate_ms;
  row.latency_p99_high_ms = p99.high_ms;
  for (const double asked : entry.stop.percentiles) {
    if (asked == 90 || asked == 99) continue;
    const Percentile other = percentile(all_ms, asked / 100, row.notes);
    if (other.estimate_ms)
      row.notes.push_back(fmt::format("p{:g} {:.6g} ms, at most {:.6g} ms", asked, *other.estimate_ms, *other.high_ms));
  }

  const auto [slowest, fastest] = std::minmax_element(rates.begin(), rates.end());
  if (*slowest > 0) {
    row.images_per_s_low = *slowest;
    row.images_per_s_high = *fastest;
  }
  if (entry.mode == Mode::throughput) {
    row.below_full_flight_ratio = stats::median(below_full_flight);
    row.images_per_s = stats::median(rates);
    if (*row.images_per_s > 0) row.per_image_ms = 1000 / *row.images_per_s;
    return;
  }
  const double central = entry.protocol == Protocol::standard ? *row.latency_median_ms : *row.latency_mean_ms;
  row.per_image_ms = central / static_cast<double>(entry.batch);
  if (*row.per_image_ms > 0) row.images_per_s = 1000 / *row.per_image_ms;
}

/// Median over starts of one of their figures.
template <class Get>
std::optional<double> over_starts(const std::vector<StartRecord>& starts, Get get) {
  std::vector<double> values;
  for (const StartRecord& start : starts) values.push_back(get(start));
  return stats::median(values);
}

/// What the server's own time of a call does not say.
void add_served_note(const std::vector<StartRecord>& starts, Row& row) {
  if (starts.empty() || !starts.front().served) return;
  const auto client_ms = over_starts(starts, [](const StartRecord& s) { return s.served ? s.served->client_ms : 0; });
  const auto transform_ms = over_starts(starts, [](const StartRecord& s) { return s.served ? s.served->transform_ms : 0; });
  row.notes.push_back(
      fmt::format("time of a call as the server tells it; {:.4g} ms of it read and prepared pictures; the client waited {:.4g} ms",
                  *transform_ms, *client_ms));
}

void add_rest(const std::vector<StartRecord>& starts, Row& row) {
  row.load_ms = over_starts(starts, [](const StartRecord& s) { return s.load_ms; });
  row.first_inference_ms = over_starts(starts, [](const StartRecord& s) { return s.first_inference_ms; });
  row.timer_overhead_ns = over_starts(starts, [](const StartRecord& s) { return s.timer_overhead_ns; });
  double peak = 0;
  for (const StartRecord& start : starts) peak = std::max(peak, static_cast<double>(start.memory.peak) * 1e-6);
  if (peak > 0) row.peak_memory_mb = peak;
  std::vector<double> model_mb;
  for (const StartRecord& start : starts) {
    const Memory& memory = start.memory;
    if (memory.baseline > 0 && memory.after_first > 0) model_mb.push_back(static_cast<double>(memory.after_first - memory.baseline) * 1e-6);
  }
  row.model_memory_mb = stats::median(model_mb);
  if (row.latency_median_ms && *row.latency_median_ms > 0) row.harness_ratio = *row.timer_overhead_ns / (*row.latency_median_ms * kNsPerMs);
  if (!starts.empty() && !starts.front().inputs.empty()) row.notes.push_back(starts.front().inputs);
  add_served_note(starts, row);
  for (const StartRecord& start : starts) {
    if (!start.agreement) continue;
    row.agreement_max_error = start.agreement->max_error;
    row.agreement_top1_ratio = start.agreement->top1_ratio;
    break;
  }
}

std::string_view name_of_state(CoreState state) { return state == CoreState::near ? "near" : "far"; }

}  // namespace

CoreState state_of(const Surroundings& around, std::span<const double> known_roundtrips) {
  const auto& before = around.core_roundtrip_before_ns;
  const auto& after = around.core_roundtrip_after_ns;
  if (!before || !after) return CoreState::unknown;
  const CoreState first = core_state(*before, known_roundtrips), second = core_state(*after, known_roundtrips);
  if (first != second) return CoreState::changed;
  const bool moved = std::max(*before, *after) > kChangeRatio * std::min(*before, *after);
  if (first == CoreState::unknown && moved) return CoreState::changed;
  return first;
}

std::vector<bool> poolable(std::span<const CoreState> states) {
  // One state only, the best that is there; starts whose state changed have no state in common.
  const auto holds = [&](CoreState state) { return std::find(states.begin(), states.end(), state) != states.end(); };
  const bool some_near = holds(CoreState::near) || holds(CoreState::unknown);
  std::vector<bool> result;
  bool took_changed = false;
  for (const CoreState state : states) {
    bool pooled = state == CoreState::near || state == CoreState::unknown;
    if (!some_near) pooled = holds(CoreState::far) ? state == CoreState::far : !std::exchange(took_changed, true);
    result.push_back(pooled);
  }
  return result;
}

Row summarize(const Entry& entry, const std::vector<StartRecord>& starts, const ModelFacts& facts, std::span<const double> known_roundtrips,
              const std::string& platform_name) {
  Row row = plain_row(entry, facts, platform_name);
  row.status = name_of(Status::passed);
  if (!starts.empty()) row.started_at = starts.front().started_at;
  for (const StartRecord& start : starts) {
    if (start.status == Status::passed) continue;
    row.status = name_of(start.status);
    row.reasons.push_back(start.reason);
    add_obtained(entry, start, row);
    return row;
  }
  add_obtained(entry, starts.front(), row);

  Evidence evidence;
  evidence.starts = starts;
  for (const StartRecord& start : starts) evidence.states.push_back(state_of(start.surroundings, known_roundtrips));
  evidence.pooled = poolable(evidence.states);
  evidence.trusted_build = is_trusted_build();
  add_latency(entry, starts, evidence.pooled, row);
  add_rest(starts, row);
  add_power(entry, starts, evidence.pooled, row);
  if (const auto left_out = std::count(evidence.pooled.begin(), evidence.pooled.end(), false); left_out > 0) {
    row.notes.push_back(fmt::format("{} of {} starts left out: cores far apart", left_out, starts.size()));
  }

  std::vector<double> roundtrips;
  CoreState state = CoreState::unknown;
  int repeats = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    repeats += starts[i].repeats;
    if (!evidence.pooled[i] || !starts[i].surroundings.core_roundtrip_before_ns || !starts[i].surroundings.core_roundtrip_after_ns)
      continue;
    roundtrips.push_back(*starts[i].surroundings.core_roundtrip_before_ns);
    roundtrips.push_back(*starts[i].surroundings.core_roundtrip_after_ns);
    state = evidence.states[i];
  }
  row.core_roundtrip_ns = stats::median(roundtrips);
  if (state != CoreState::unknown) row.core_state = name_of_state(state);
  if (repeats > 0) row.notes.push_back(fmt::format("starts repeated because cores were far apart: {}", repeats));

  evidence.harness_ratio = row.harness_ratio.value_or(0);
  const Verdict verdict = judge(evidence);
  row.verdict = name_of(verdict.kind);
  row.reasons = verdict.reasons;
  return row;
}

Row settled_row(const Entry& entry, Status status, const std::string& reason, const ModelFacts& facts, const std::string& platform_name) {
  Row row = plain_row(entry, facts, platform_name);
  row.status = name_of(status);
  row.reasons.push_back(reason);
  row.started_at = utc_timestamp();
  return row;
}

}  // namespace inferometer::measure
