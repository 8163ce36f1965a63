/// Warm up and time requests, as a protocol says.
///
/// The clock and the request are parameters, so the arithmetic is tested on a manual clock. Between the two readings
/// of a request there is only the call itself; samples go to an array that exists before the loop.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "measure/entry.h"

namespace inferometer::measure {

/// Bounds of one loop, from the entry's protocol and stop rule.
struct LoopPlan {
  bool warm_up = true;
  std::int64_t dropped = 0;          ///< first requests of the loop that are not kept
  std::int64_t exact = 0;            ///< kept requests; 0: by the rule below
  std::int64_t at_least = 10;        ///< kept requests before the interval counts
  std::int64_t at_least_slow = 5;    ///< kept requests when max_time has passed
  std::int64_t for_percentiles = 0;  ///< kept requests that this start owes the percentiles asked
  double min_time_s = 0.3, max_time_s = 2.0, interval_target_ratio = 0.01;
};
LoopPlan loop_plan(const Entry& entry);

struct LoopResult {
  std::vector<std::int64_t> samples_ns;  ///< kept, in order
  std::int64_t dropped = 0;
  std::int64_t warmup_requests = 0;
  Nanoseconds begin{0}, end{0};  ///< of the kept ones, on the loop's clock
};

/// More samples than this end a loop: the array exists before it.
inline constexpr std::int64_t kMostSamples = 1 << 20;

/// True when the 95 % interval of the median is within +-target (ranks by normal approximation: it only decides when to
/// stop). `scratch` keeps its memory between calls.
bool median_is_settled(std::span<const std::int64_t> samples, double target_ratio, std::vector<std::int64_t>& scratch);

inline constexpr double kWarmUp_s = 0.3;

/// Run requests until they are warm: at least 3 and `enough_s`, until the last three spread less than 20 % or 3 s have passed; one
/// request longer than 3 s is enough. @return how many were run.
template <class ClockType, class CallType>
std::int64_t warm_up(ClockType&& now, CallType&& call, double enough_s = kWarmUp_s) {
  constexpr double kMost = 3e9, kSpread = 0.20;
  const Nanoseconds begin = now();
  std::int64_t last[3] = {0, 0, 0};
  for (std::int64_t n = 1;; ++n) {
    const Nanoseconds before = now();
    call(n - 1);
    const Nanoseconds after = now();
    last[n % 3] = (after - before).count();
    const double elapsed = static_cast<double>((after - begin).count());
    if (static_cast<double>(last[n % 3]) > kMost) return n;
    if (n < 3 || elapsed < enough_s * 1e9) continue;
    const auto [low, high] = std::minmax({last[0], last[1], last[2]});
    if (elapsed >= kMost || static_cast<double>(high - low) < kSpread * static_cast<double>(low)) return n;
  }
}

/// Warm up if the plan says so, then time requests. `call(i)` runs request i of its phase.
template <class ClockType, class CallType>
LoopResult run_timed_loop(const LoopPlan& plan, ClockType&& now, CallType&& call) {
  LoopResult result;
  if (plan.warm_up) result.warmup_requests = warm_up(now, call);

  const std::int64_t capacity = plan.exact > 0 ? plan.exact : kMostSamples;
  // Reserved, not filled: room for a million samples must not show in the engine's memory figures.
  std::vector<std::int64_t> samples, scratch;
  samples.reserve(static_cast<std::size_t>(capacity));

  std::int64_t request = 0;
  for (; request < plan.dropped; ++request) call(request);
  result.dropped = plan.dropped;

  std::int64_t kept = 0, next_check = plan.at_least;
  const Nanoseconds begin = now();
  result.begin = result.end = begin;
  while (kept < capacity) {
    const Nanoseconds before = now();
    call(request++);
    const Nanoseconds after = now();
    samples.push_back((after - before).count());
    result.end = after;
    ++kept;
    if (plan.exact > 0) continue;

    const double elapsed_s = static_cast<double>((after - begin).count()) * 1e-9;
    if (kept < plan.for_percentiles) continue;
    if (elapsed_s >= plan.max_time_s && kept >= plan.at_least_slow) break;
    if (kept < plan.at_least || elapsed_s < plan.min_time_s || kept < next_check) continue;
    if (median_is_settled(samples, plan.interval_target_ratio, scratch)) break;
    // Growing steps keep the checks' cost a request constant.
    next_check = kept + std::max<std::int64_t>(1, kept / 4);
  }
  result.samples_ns = std::move(samples);
  return result;
}

/// Median time of the loop around an empty call, nanoseconds.
double timer_overhead_ns();

}  // namespace inferometer::measure
