/// Keep several requests in flight for a while, and say how fast they went.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "measure/start.h"
#include "measure/timed_loop.h"

namespace inferometer::measure {

struct ThroughputResult {
  ThroughputWindow window;
  Nanoseconds begin{0}, end{0};          ///< of the window, on Flying::now
  std::vector<std::int64_t> samples_ns;  ///< of each request that ended in the window, in the order of the ends
  std::int64_t ramp_requests = 0;
};

struct Flying {
  std::size_t lanes = 1;  ///< requests in flight
  /// Run one request of this lane. Called on the lane's own thread; `number` counts the lane's requests, those of the ramp included.
  std::function<void(std::size_t lane, std::int64_t number)> call;
  /// Every lane has ended a request since this was last called. Called on the caller's thread, a few times a second.
  std::function<void()> progress = [] {};
  Clock now = steady_now;
};

/// Each lane calls again as soon as it has returned, on a thread of its own. The ramp, discarded, lasts until every lane has ended
/// three requests and half a second has passed; after three seconds one request of each is enough. The window (measure/flights.h) then
/// lasts plan.min_time_s and longer, until the rate's 95 % interval by batch means is within +- plan.interval_target_ratio or
/// plan.max_time_s have passed (then plan.at_least_slow requests are enough); the interval counts from plan.at_least requests and a
/// request of every lane to a block; and there are as many requests as percentiles ask for.
/// plan.exact makes it exactly so many completions. There is no allocation, lock or shared write in a lane's loop.
/// What a call throws ends all lanes and is thrown here; a call that never returns is the watchdog's (RequestMonitor).
ThroughputResult fly(const LoopPlan& plan, const Flying& flying);

}  // namespace inferometer::measure
