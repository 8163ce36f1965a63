/// Run one task in a worker process, within its limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/child_process.h"
#include "base/error.h"
#include "measure/start.h"
#include "measure/worker.h"

namespace inferometer::measure {

struct WorkerLimits {
  double load_timeout_s = 300;    ///< until the model is loaded
  std::int64_t memory_bytes = 0;  ///< resident; 0: none
};

/// How a task ended. Expected failures are values, not exceptions.
struct WorkerOutcome {
  Status status = Status::passed;
  std::string reason, hint;        ///< when not passed
  std::optional<ErrorCode> error;  ///< what the worker itself reported
  std::string log_tail;            ///< stdout and stderr of the worker
  nlohmann::json answer;           ///< when passed
};

/// The program that is started as `PROGRAM worker`: this one.
std::filesystem::path worker_program();

/// Told how many images of how many are done; may be empty.
using ProgressCallback = std::function<void(std::size_t done, std::size_t all)>;

/// Held (base/file_lock.h) while a start runs, by whoever measures on this machine.
std::filesystem::path machine_lock_path();

/// A worker that lives between its answers. One thread; make it from one that lives as long. The destructor ends it.
class LiveWorker {
 public:
  /// Start it with its task. Throws Error{io} when no process can be started.
  LiveWorker(const WorkerTask& task, const WorkerLimits& limits);

  /// Wait for its next answer. When that is no `passed`, the worker is gone.
  /// Throws Error{interrupted} when the user asked to stop.
  WorkerOutcome answer(const ProgressCallback& progress = {});
  /// Ask for another answer. False when it is gone: answer() then says how it ended.
  bool ask(const nlohmann::json& request);
  /// Let it end by itself within 2 s, else kill it.
  void end();

 private:
  WorkerOutcome supervise(const ProgressCallback& progress);

  WorkerLimits limits_;
  std::optional<std::int64_t> kills_before_;
  std::chrono::steady_clock::time_point begin_;
  std::string phase_ = "opening the engine";
  ChildProcess child_;
};

/// Start a worker, give it the task, wait for its answer. The child is gone when this returns, whatever happens.
/// Throws Error{interrupted} when the user asked to stop (the start in flight is lost), Error{io} when no process can be started.
WorkerOutcome run_worker(const WorkerTask& task, const WorkerLimits& limits, const ProgressCallback& progress = {});

/// Limits of an entry: its own, or 80 % of min(installed memory, cgroup limit).
WorkerLimits limits_of(const Limits& limits);

}  // namespace inferometer::measure
