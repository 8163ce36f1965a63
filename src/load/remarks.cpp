#include "load/remarks.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "load/summary.h"
#include "stats/sample.h"

namespace inferometer::load {
namespace {

void add_errors(const LoadRun& run, store::LoadRow& row) {
  if (row.errors.value_or(0) == 0) return;
  std::map<int, std::size_t> statuses;
  for (const Sample& sample : run.samples) {
    if (sample.outcome == Outcome::status) ++statuses[sample.status];
  }
  std::vector<std::string> parts;
  for (const auto& each : statuses) parts.push_back(fmt::format("{} x status {}", each.second, each.first));
  const auto add = [&](std::optional<std::int64_t> count, std::string_view what) {
    if (count.value_or(0) > 0) parts.push_back(fmt::format("{} x {}", *count, what));
  };
  add(row.refused_connections, name_of(Outcome::refused_connection));
  add(row.closed_connections, name_of(Outcome::closed_connection));
  add(row.timeouts, name_of(Outcome::timed_out));
  add(row.malformed, name_of(Outcome::malformed));
  add(row.not_sent, name_of(Outcome::not_sent));
  row.notes.push_back(
      fmt::format("{} of {} requests failed: {}; the first: {}", *row.errors, *row.requests, join(parts, ", "), run.first_failure));
  if (const std::int64_t gave_up = *row.timeouts + *row.not_sent; gave_up > 0) {
    row.notes.push_back(fmt::format("{} of these count in the percentiles as the timeout of {} s, which they took at least", gave_up,
                                    rounded_text(row.timeout_s.value_or(0))));
  }
  if (*row.errors > *row.timeouts + *row.not_sent) {
    row.notes.push_back("failures other than timeouts are in no percentile: they are often quicker than an answer");
  }
}

void add_missing_percentiles(store::LoadRow& row, std::size_t have) {
  const auto add = [&](const std::optional<double>& value, double p, const char* name) {
    if (value) return;
    row.notes.push_back(fmt::format("{} needs {} requests; there are {}", name, stats::samples_needed_for_quantile(p), have));
  };
  if (!row.latency_p99_ms)
    add(row.latency_p99_ms, 0.99, "the 99th percentile");
  else
    add(row.latency_p999_ms, 0.999, "the 99.9th percentile");
}

/// How far the closed loop's percentile may be from what users would meet.
void add_closed_loop(const LoadOptions& options, store::LoadRow& row) {
  if (!row.latency_max_ms || !row.rate_obtained || *row.rate_obtained <= 0) return;
  const double longest = *row.latency_max_ms, median = row.latency_p50_ms.value_or(0);
  const std::string rate = rounded_text(*row.rate_obtained);
  std::string text = fmt::format("a closed loop hides stalls, since a client that waits sends nothing: the longest request took {} ms",
                                 rounded_text(longest));
  if (median > 0) text += fmt::format(", {} times the median", rounded_text(longest / median));
  if (row.latency_p99_ms && row.latency_p99_corrected_ms) {
    text +=
        fmt::format("; with constant arrivals at the {} requests/s obtained p99 would be {} ms in place of {} ms (corrected, not measured)",
                    rate, rounded_text(*row.latency_p99_corrected_ms), rounded_text(*row.latency_p99_ms));
  }
  row.notes.push_back(text + fmt::format("; --rate below {} measures it", rate));
  if (options.concurrency > 1 && row.concurrency_obtained.value_or(0) < 0.8 * options.concurrency) {
    row.notes.push_back(fmt::format("of {} clients {} had a request in flight on average: the client lags behind, or connections failed",
                                    options.concurrency, rounded_text(*row.concurrency_obtained)));
  }
}

void add_open_loop(const LoadRun& run, const LoadOptions& options, store::LoadRow& row) {
  std::size_t waited = 0;
  Nanoseconds longest{0};
  for (const Sample& sample : run.samples) {
    if (sample.outcome == Outcome::not_sent || sample.sent - sample.intended <= kLateSend) continue;
    ++waited;
    longest = std::max(longest, sample.sent - sample.intended);
  }
  if (waited > 0) {
    row.notes.push_back(
        fmt::format("{} of {} requests went out later than intended, the latest by {} ms ({} of them by the client's own fault); "
                    "latency counts from the intended time",
                    waited, run.samples.size(), rounded_text(static_cast<double>(longest.count()) * 1e-6), run.late_sends));
  }
  const double p99 = row.latency_p99_ms.value_or(0), median = row.latency_p50_ms.value_or(0);
  if (median > 0 && p99 > 5 * median) {
    row.notes.push_back(
        fmt::format("p99 is {} times the median: what was due while the server stalled or lagged counts from its due time; a closed loop "
                    "would not show "
                    "it, since its clients send nothing while they wait and so meet a stall with one request each",
                    rounded_text(p99 / median)));
  }
  if (run.refused_by_cap > 0) {
    row.notes.push_back(fmt::format("{} requests were not sent: {} already waited for one of {} connections", run.refused_by_cap,
                                    options.most_waiting, options.concurrency));
  }
}

/// Why the client, and not the server, may have set the figures.
void add_client_faults(const LoadRun& run, store::LoadRow& row, std::vector<std::string>& faults) {
  if (!run.lags_ms.empty()) {
    const double lag_p99 = *stats::quantile_type7(run.lags_ms, 0.99), lag_mean = *stats::mean(run.lags_ms);
    // A small lag spoils what is small itself, and nothing else.
    const double p99 = row.latency_p99_ms.value_or(row.latency_max_ms.value_or(0)), mean = row.latency_mean_ms.value_or(0);
    if (lag_p99 > kMostLag * p99 || lag_mean > kMostLag * mean) {
      faults.push_back(
          fmt::format("the client is the bottleneck: requests went out {} ms late on average, 1 in 100 more than {} ms, although a "
                      "connection was free; load from another machine, or ask for less",
                      rounded_text(lag_mean), rounded_text(lag_p99)));
    }
  }
  if (row.client_cpu_share.value_or(0) > kMostCpuShare) {
    faults.push_back(
        fmt::format("the client is the bottleneck: its thread was busy for {} % of the run; load from several clients, or ask for less",
                    rounded_text(100 * *row.client_cpu_share)));
  }
  if (run.repeated > 0) {
    row.notes.push_back(fmt::format("{} requests were sent again because the server had closed their connection", run.repeated));
  }
}

void add_instability(const LoadOptions& options, const store::LoadRow& row, std::vector<std::string>& faults) {
  const double rate = row.rate_obtained.value_or(0);
  // Against what was due, not against the rate asked: of Poisson arrivals a window holds more or fewer.
  if (const double due = static_cast<double>(row.requests.value_or(0)) / options.seconds;
      options.loop != Loop::closed && rate < kKeptShare * due) {
    faults.push_back(
        fmt::format("the server did not keep up: {} of {} requests/s; latencies grow with the length of the window; ask for less",
                    rounded_text(rate), rounded_text(due)));
  }
  if (row.rate_low && row.rate_high && (*row.rate_high - *row.rate_low) / 2 > kSteadyShare * rate) {
    faults.push_back(fmt::format("the rate is not steady: {} to {} requests/s from {} parts of the window; measure for longer",
                                 rounded_text(*row.rate_low), rounded_text(*row.rate_high), kBlocks));
  }
}

}  // namespace

void add_remarks(const LoadRun& run, const LoadOptions& options, store::LoadRow& row) {
  row.status = row.ok.value_or(0) > 0 ? "passed" : "failed";
  add_errors(run, row);
  if (row.status == "failed") {
    row.reasons.push_back(run.samples.empty() ? "no request was due within the window; measure for longer"
                                              : "no request was answered well: " + run.first_failure);
    return;
  }
  std::vector<std::string> invalid, unstable;
  add_client_faults(run, row, invalid);
  add_instability(options, row, unstable);
  row.verdict = !invalid.empty() ? "invalid" : !unstable.empty() ? "unstable" : "valid";
  row.reasons.insert(row.reasons.end(), invalid.begin(), invalid.end());
  row.reasons.insert(row.reasons.end(), unstable.begin(), unstable.end());
  add_missing_percentiles(row, latencies(run, options).size());
  if (options.loop == Loop::closed) {
    add_closed_loop(options, row);
  } else {
    add_open_loop(run, options, row);
  }
}

}  // namespace inferometer::load
