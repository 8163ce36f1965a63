/// Run one model on one engine in a process of its own, with tensors in shared memory.
///
/// The parent writes inputs and reads outputs in place; nothing is copied or serialised between the processes. A crash of the engine costs
/// this worker alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "measure/entry.h"

namespace inferometer::serve {

struct WorkerOptions {
  std::string plugin;               ///< path of the shared object
  measure::Entry entry;             ///< model, engine, its settings, device, precision, threads, streams, limits; batch is not read
  std::string model_path;           ///< file that the engine loads (measure::model_file_path())
  std::int64_t largest_batch = 64;  ///< of one inference; calls with more are cut by whoever calls
  std::size_t slots = 8;            ///< inferences prepared or running at once; beyond, callers wait, first come first
  std::int64_t merged_batch = 0;    ///< dynamic batching: inferences of several callers are one up to this many items; 0 or 1: never
  std::chrono::microseconds merge_delay{0};  ///< how long the first caller waits for others
};

/// The model as the worker loaded it. Shapes are of one item: batch 1.
struct WorkerModel {
  std::vector<engine::TensorInfo> inputs, outputs;
  engine::ObtainedSettings obtained;
  std::int64_t largest_batch = 1;  ///< 1 where the file's batch is fixed to 1; lower than asked where the memory would be too large
  double load_ms = 0;              ///< opening the engine and loading; without the first inference
};

/// What a worker has done. Several callers' merged inference counts once.
struct WorkerCounts {
  std::uint64_t inferences = 0;  ///< requests of the engine: 7 items are 3, of 4, 2 and 1
  std::uint64_t items = 0;
  std::uint64_t sessions_made = 0, sessions_held = 0;
};

class Worker;

/// Room for some items' inputs and outputs in the shared memory, until destruction. One thread at a time.
class Places {
 public:
  Places(Places&&) noexcept;
  Places& operator=(Places&&) noexcept;
  ~Places();  ///< gives them back; a merged inference goes on without them
  std::size_t count() const;
  /// Bytes of one item's input, to be filled before run(). 64-byte aligned where the item's size allows.
  std::span<std::byte> input(std::size_t tensor, std::size_t item);
  /// Let the worker infer them: inputs are complete and not touched any more. Once. Throws Error{engine_failure} when the process has died.
  void start();
  /// After start(): wait until outputs are there. Throws Error{engine_failure}: the engine failed or its process died;
  /// Error{out_of_memory}; Error{interrupted}: not done within `limit` (the worker goes on, the places are abandoned).
  void wait(std::chrono::milliseconds limit);
  void run(std::chrono::milliseconds limit) {
    start();
    wait(limit);
  }
  /// The rest after wait(). Views are valid as long as this.
  std::span<const std::byte> output(std::size_t tensor, std::size_t item) const;
  std::chrono::nanoseconds inference_time() const;  ///< of the engine alone, for the whole (merged) inference
  std::size_t inference_items() const;              ///< items of that inference
  Nanoseconds finished() const;                     ///< when outputs were there, as steady_now() tells time

 private:
  friend class Worker;
  struct State;
  explicit Places(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Members: any thread. The destructor waits until all places are given back, then ends the process.
class Worker {
 public:
  /// Start the process and load the model at batch 1; sessions of other batches (powers of two; what is between is cut into these) are made
  /// when first needed and kept, the least recently used leaving when they exceed a few.
  /// The first inference, on zeros, is run too. A batch that the engine refuses is cut smaller.
  /// Throws what loading throws: Error{unsupported}, Error{input}, Error{out_of_memory}, Error{engine_failure}; Error{interrupted} when the
  /// user asked to stop meanwhile.
  explicit Worker(const WorkerOptions& options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  const WorkerModel& model() const;
  /// Room for 1 to model().largest_batch items; waits for a free slot at most `limit`, then Error{interrupted}.
  /// With merging, room in an inference that others share; see docs/serving.md. First come, first served.
  /// Throws Error{engine_failure} once the process has died; Error{interrupted} when the worker is closing.
  Places take(std::size_t items, std::chrono::milliseconds limit);
  /// The same without waiting: nullopt when there is no room, or others wait for it. Who holds places already must not wait for more: all
  /// could hold some and nobody get on.
  std::optional<Places> try_take(std::size_t items);
  WorkerCounts counts() const;
  bool alive() const;
  std::string failure() const;          ///< one line, once it is not alive
  std::int64_t resident_bytes() const;  ///< of the process
  int process() const;                  ///< its pid

 private:
  friend class Places;
  struct State;
  std::unique_ptr<State> state_;
};

/// The process's side: `inferometer service-worker`. @return the exit code.
int worker_main();

}  // namespace inferometer::serve
