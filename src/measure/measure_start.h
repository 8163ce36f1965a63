/// Measure one start of one entry, inside the worker.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "engine/engine.h"
#include "measure/images.h"
#include "measure/pictures.h"
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

/// Those of one session that are in flight together.
using Requests = std::vector<std::unique_ptr<engine::Request>>;

/// A model that is loaded and has run once, with the inputs that its requests rotate over. Members end in the reverse order.
struct LoadedStart {
  StartRecord record;  ///< times of loading and of the first inference, memory after both, settings obtained
  std::unique_ptr<engine::Session> session;
  Requests requests;                         ///< as many as the entry has in flight
  std::unique_ptr<const Pictures> pictures;  ///< null: synthetic ones
  std::vector<InputBuffers> pool;
  std::int64_t pool_bytes = 0;              ///< our own pictures, which the memory figures leave out
  std::int64_t peak_before_pool_bytes = 0;  ///< of the process
};
/// Steps 1 and 2 of docs/measuring.md; says the phases "loaded" and "running". Throws Error.
LoadedStart load_start(const StartContext& context);

/// Step 3: compare the engine's outputs with the known ones of the task. Throws Error when a request fails.
Agreement check_agreement(const StartContext& context, const LoadedStart& start);

/// The first request with the next inputs of the pool at every call; counted for the watchdog. Both arguments outlive it.
inline auto rotating_requests(RequestMonitor& monitor, LoadedStart& start) {
  return [&monitor, &request = *start.requests[0], &pool = start.pool, next = std::size_t{0}](std::int64_t) mutable {
    request.run(pool[next].views());
    monitor.requests.fetch_add(1, std::memory_order_relaxed);
    next = next + 1 == pool.size() ? 0 : next + 1;
  };
}

/// Steps 1 to 7 of docs/measuring.md. Throws Error.
StartRecord measure_start(const StartContext& context);

/// Run the agreement's images one by one and write what came out to task.outputs_path.
void write_outputs(const StartContext& context);

}  // namespace inferometer::measure
