/// Measure one start of one entry, inside the worker.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>

#include "engine/engine.h"
#include "measure/start.h"
#include "measure/worker.h"

namespace inferometer::measure {

/// What the watchdog sees of the loop: a counter that each request raises.
struct RequestMonitor {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<bool> running{false};  ///< requests are being run, so the counter must move
  std::atomic<double> limit_s{60};   ///< for one request
};

struct StartContext {
  const WorkerTask& task;
  engine::Engine& engine;
  engine::ModelFile model;
  RequestMonitor& monitor;
  std::function<void(const char*)> say_phase;  ///< tell the parent
};

/// Steps 1 to 7 of docs/measuring.md. Throws Error.
StartRecord measure_start(const StartContext& context);

/// Run the agreement's images one by one and write what came out to task.outputs_path.
void write_outputs(const StartContext& context);

}  // namespace inferometer::measure
