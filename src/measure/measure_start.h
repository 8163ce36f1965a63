/// Measure one start of one entry, inside the worker.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>

#include "engine/engine.h"
#include "measure/start.h"
#include "measure/worker.h"

namespace inferometer::measure {

struct StartContext {
  const WorkerTask& task;
  engine::Engine& engine;
  engine::ModelFile model;
  RequestMonitor& monitor;
  std::function<void(const char*)> say_phase;                       ///< tell the parent
  std::function<void(std::size_t, std::size_t)> say_progress = {};  ///< images done, images in all; may be empty
};

/// Says that requests are running while it lives.
class RunningScope {
 public:
  explicit RunningScope(RequestMonitor& monitor) : monitor_(monitor) { monitor_.running = true; }
  ~RunningScope() { monitor_.running = false; }
  RunningScope(const RunningScope&) = delete;
  RunningScope& operator=(const RunningScope&) = delete;

 private:
  RequestMonitor& monitor_;
};

/// Round trip between the entry's first two cores in ns, once its threads have ceased to spin; nullopt for one thread or one core.
std::optional<double> read_core_distance(const Entry& entry);

/// What an entry asks of a session.
engine::SessionSettings settings_of(const Entry& entry);

/// Steps 1 to 7 of docs/measuring.md. Throws Error.
StartRecord measure_start(const StartContext& context);

/// Run the agreement's images one by one and write what came out to task.outputs_path.
void write_outputs(const StartContext& context);

}  // namespace inferometer::measure
