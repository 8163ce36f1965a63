#include "load/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <span>

#include <fmt/format.h>

#include "base/text.h"
#include "load/remarks.h"
#include "stats/distributions.h"
#include "stats/random.h"
#include "stats/sample.h"

namespace inferometer::load {
namespace {

double ms(Nanoseconds time) { return static_cast<double>(time.count()) * 1e-6; }

std::vector<double> values_of(const std::vector<Latency>& all) {
  std::vector<double> values;
  values.reserve(all.size());
  for (const Latency& each : all) values.push_back(each.ms);
  return values;
}

/// nullopt where the sample is too small to bound the percentile.
std::optional<double> percentile(const std::vector<double>& sorted, double p) {
  if (static_cast<std::int64_t>(sorted.size()) < stats::samples_needed_for_quantile(p)) return std::nullopt;
  return stats::quantile_type7_sorted(sorted, p);
}

void count_outcomes(const LoadRun& run, store::LoadRow& row) {
  std::array<std::int64_t, kOutcomes> counts{};
  for (const Sample& sample : run.samples) ++counts[static_cast<std::size_t>(sample.outcome)];
  const auto of = [&](Outcome outcome) { return counts[static_cast<std::size_t>(outcome)]; };
  row.requests = static_cast<std::int64_t>(run.samples.size());
  row.ok = of(Outcome::ok);
  row.errors = *row.requests - *row.ok;
  row.refused_connections = of(Outcome::refused_connection);
  row.closed_connections = of(Outcome::closed_connection);
  row.timeouts = of(Outcome::timed_out);
  row.bad_statuses = of(Outcome::status);
  row.malformed = of(Outcome::malformed);
  row.not_sent = of(Outcome::not_sent);
}

/// The rate, and its 95 % interval from the means of the blocks, which forgives that neighbouring requests are alike.
void fill_rate(const LoadRun& run, store::LoadRow& row) {
  std::vector<double> rates;
  for (const std::size_t count : run.completed) rates.push_back(static_cast<double>(count) * static_cast<double>(kBlocks) / run.seconds);
  const double rate = *stats::mean(rates);
  row.rate_obtained = rate;
  row.images_per_s = rate * static_cast<double>(row.images_per_request.value_or(1));
  constexpr double kFewInABlock = 5;  // below, a block's count says little of its rate
  if (rate * run.seconds < kFewInABlock * static_cast<double>(kBlocks)) return;
  const double blocks = static_cast<double>(kBlocks);
  const double half = stats::t_two_sided_quantile(0.95, blocks - 1) * *stats::sample_stddev(rates) / std::sqrt(blocks);
  row.rate_low = std::max(0.0, rate - half);
  row.rate_high = rate + half;
}

void fill_latencies(const std::vector<Latency>& all, store::LoadRow& row) {
  std::vector<double> sorted = values_of(all);
  std::sort(sorted.begin(), sorted.end());
  if (sorted.empty()) return;
  row.latency_mean_ms = stats::mean(sorted);
  row.latency_max_ms = sorted.back();
  row.latency_p50_ms = stats::quantile_type7_sorted(sorted, 0.5);
  if (const auto interval = stats::median_interval_sorted(sorted)) {
    row.latency_p50_low_ms = interval->low;
    row.latency_p50_high_ms = interval->high;
  }
  row.latency_p90_ms = percentile(sorted, 0.9);
  row.latency_p95_ms = percentile(sorted, 0.95);
  row.latency_p99_ms = percentile(sorted, 0.99);
  row.latency_p99_high_ms = upper_bound(all, 0.99);
  row.latency_p999_ms = percentile(sorted, 0.999);
}

/// The lowest and the highest median of the blocks, where each holds some.
void fill_steadiness(const std::vector<Latency>& all, store::LoadRow& row) {
  std::array<std::vector<double>, kBlocks> blocks;
  for (const Latency& each : all) blocks[each.block].push_back(each.ms);
  std::vector<double> medians;
  for (const std::vector<double>& block : blocks) {
    if (block.size() < 5) return;
    medians.push_back(*stats::median(block));
  }
  row.block_p50_low_ms = *std::min_element(medians.begin(), medians.end());
  row.block_p50_high_ms = *std::max_element(medians.begin(), medians.end());
}

void fill_server_times(const LoadRun& run, store::LoadRow& row) {
  std::vector<double> told;
  for (const Sample& sample : run.samples) {
    if (sample.outcome == Outcome::ok && sample.server_ms > 0) told.push_back(static_cast<double>(sample.server_ms));
  }
  if (told.empty()) return;
  std::sort(told.begin(), told.end());
  row.server_mean_ms = stats::mean(told);
  row.server_p50_ms = stats::quantile_type7_sorted(told, 0.5);
  row.server_p99_ms = percentile(told, 0.99);
}

void fill_client(const LoadRun& run, store::LoadRow& row) {
  row.concurrency_obtained = run.mean_in_flight;
  row.late_sends = static_cast<std::int64_t>(run.late_sends);
  if (run.wall_s > 0) row.client_cpu_share = run.cpu_s / run.wall_s;
  if (run.whole.requests > 0) row.client_cpu_us = run.cpu_s * 1e6 / static_cast<double>(run.whole.requests);
  row.sent_mb = static_cast<double>(run.bytes_sent) * 1e-6;
  row.received_mb = static_cast<double>(run.bytes_received) * 1e-6;
  row.connections = static_cast<std::int64_t>(run.connections);
}

}  // namespace

std::vector<Latency> latencies(const LoadRun& run, const LoadOptions& options) {
  const Nanoseconds window(std::llround(run.seconds * 1e9));
  std::vector<Latency> all;
  all.reserve(run.samples.size());
  for (const Sample& sample : run.samples) {
    const bool gave_up = sample.outcome == Outcome::timed_out || sample.outcome == Outcome::not_sent;
    if (sample.outcome != Outcome::ok && !gave_up) continue;
    all.push_back({gave_up ? options.timeout_s * 1e3 : ms(sample.done - sample.intended), block_of(sample.intended, window)});
  }
  return all;
}

std::optional<double> upper_bound(std::vector<Latency> values, double p) {
  std::sort(values.begin(), values.end(), [](const Latency& a, const Latency& b) { return a.ms < b.ms; });
  const std::optional<double> independent = stats::quantile_upper_bound_sorted(values_of(values), p);
  if (!independent) return std::nullopt;
  std::array<std::size_t, kBlocks> sizes{};
  for (const Latency& each : values) ++sizes[each.block];
  constexpr std::size_t kResamples = 999, kRank = 989;  // the 990th of 999: 99 %
  stats::CounterRandom random(1);
  std::vector<double> quantiles;
  while (quantiles.size() < kResamples) {
    std::array<std::size_t, kBlocks> drawn{};
    for (std::size_t i = 0; i < kBlocks; ++i) ++drawn[random.below(kBlocks)];
    std::size_t total = 0;
    for (std::size_t i = 0; i < kBlocks; ++i) total += drawn[i] * sizes[i];
    // From the largest down: only the share above the quantile is looked at.
    const double above = (1 - p) * static_cast<double>(total);
    double seen = 0, quantile = 0;
    for (auto each = values.rbegin(); each != values.rend() && seen <= above; ++each) {
      seen += static_cast<double>(drawn[each->block]);
      if (drawn[each->block] > 0) quantile = each->ms;
    }
    quantiles.push_back(quantile);
  }
  std::nth_element(quantiles.begin(), quantiles.begin() + kRank, quantiles.end());
  return std::max(*independent, quantiles[kRank]);
}

std::vector<double> with_omitted(const std::vector<double>& latencies_ms, double interval_ms) {
  std::vector<double> all = latencies_ms;
  for (const double latency : latencies_ms) {
    for (double omitted = latency - interval_ms; omitted >= interval_ms; omitted -= interval_ms) all.push_back(omitted);
  }
  return all;
}

void summarize(const LoadRun& run, const LoadOptions& options, store::LoadRow& row) {
  row.loop = name_of(options.loop);
  row.concurrency = options.concurrency;
  if (options.loop != Loop::closed) row.rate_asked = options.rate;
  if (options.loop == Loop::poisson) row.seed = static_cast<std::int64_t>(options.seed);
  row.connection_use = options.new_connections ? "new" : "kept";
  row.seconds = options.seconds;
  row.warmup_seconds = options.warmup_seconds;
  row.timeout_s = options.timeout_s;
  const std::vector<Latency> all = latencies(run, options);
  count_outcomes(run, row);
  fill_rate(run, row);
  fill_latencies(all, row);
  fill_steadiness(all, row);
  fill_server_times(run, row);
  fill_client(run, row);
  if (options.loop == Loop::closed && *row.rate_obtained > 0 && row.latency_p99_ms) {
    const double interval = static_cast<double>(options.concurrency) / *row.rate_obtained * 1e3;
    std::vector<double> corrected = with_omitted(values_of(all), interval);
    std::sort(corrected.begin(), corrected.end());
    row.latency_p99_corrected_ms = stats::quantile_type7_sorted(corrected, 0.99);
  }
  add_remarks(run, options, row);
}

}  // namespace inferometer::load
