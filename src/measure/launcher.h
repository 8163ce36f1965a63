/// Run one task in a worker process, within its limits.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

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

/// Start a worker, give it the task, wait for its answer. The child is gone when this returns, whatever happens.
/// Throws Error{interrupted} when the user asked to stop (the start in flight is lost), Error{io} when no process can be started.
WorkerOutcome run_worker(const WorkerTask& task, const WorkerLimits& limits, const ProgressCallback& progress = {});

/// Limits of an entry: its own, or 80 % of min(installed memory, cgroup limit).
WorkerLimits limits_of(const Limits& limits);

}  // namespace inferometer::measure
