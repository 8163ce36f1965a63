/// Turn the samples of a window into figures, with what they are worth.
///
/// Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "load/load.h"
#include "store/load_row.h"

namespace inferometer::load {

/// One request's latency as percentiles count it, and the part of the window that it was due in.
struct Latency {
  double ms = 0;
  std::size_t block = 0;
};

/// Of answers with a 2xx status; requests that timed out or were never sent count as the timeout, which they took at least. Other failures
/// (a refusal, an error's status, a connection closed) do not count: they are often quicker than an answer.
std::vector<Latency> latencies(const LoadRun& run, const LoadOptions& options);

/// Upper bound of the p-quantile at confidence 0.99: the higher of the order statistic for independent samples, and of the 99th percentile
/// over 999 resamples of whole blocks (seeded), since requests that meet one stall are late together. nullopt: too few samples.
std::optional<double> upper_bound(std::vector<Latency> values, double p);

/// What a closed loop left out (G. Tene): a client that waited for `latency` would have sent further requests meanwhile, one an interval;
/// they would have waited latency - interval, latency - 2 intervals, ... The values given and those, unordered.
/// @param interval_ms  a client's mean time from one request to the next; above 0
std::vector<double> with_omitted(const std::vector<double>& latencies_ms, double interval_ms);

/// Fill in of `row` what the window says: rates, latencies, counts, the server's own times, status, verdict, reasons and notes.
/// @param row  images_per_request is read
void summarize(const LoadRun& run, const LoadOptions& options, store::LoadRow& row);

}  // namespace inferometer::load
