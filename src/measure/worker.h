/// The child process that opens one engine and measures one start.
///
/// Parent and worker exchange one JSON object per line:
///   parent:  {"task": "info" | "measure" | "outputs" | "evaluate" | "served" | "blocks" | "layers" | "calibrate" | "timings" | "train",
///            "plugin": path, ...}  exactly one
///   worker:  {"phase": "opened" | "loaded" | "running"}, {"alive": true} every few seconds,
///            {"progress": [images done, images in all]} while it evaluates,
///            then one of {"info": ...} {"start": ...} {"done": true} {"evaluation": ...} {"layers": ...} {"error": {"code", "message",
///            "hint"}}
/// A worker of the task "blocks" answers with its start once it is warm; then every further line of the parent asks for {"block": ...},
/// until the parent closes the channel. One of the task "timings" says {"ready": true} once the plugin is open; then every further line of
/// the parent is a TimingRequest (model_timing.h) and is answered with {"timing": ...}.
/// A worker of the task "train" says {"begun": ...}, then {"epoch": ...} for each (train/train_start.h), at last {"trained": true}.
/// A request that outlasts its limit ends the worker with {"timed_out": seconds}.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "engine/engine.h"
#include "engine/trainer.h"
#include "measure/entry.h"
#include "measure/evaluation.h"
#include "measure/start.h"

namespace inferometer::measure {

/// What one worker is told to do.
struct WorkerTask {
  enum class Kind : std::uint8_t { info, measure, outputs, evaluate, served, blocks, layers, calibrate, timings, train };
  Kind kind = Kind::info;
  std::string plugin;      ///< path of the shared object; served: none is opened
  Entry entry;             ///< all but info
  std::string model_path;  ///< the .onnx (artefact or the user's)
  int start_index = 0;
  bool check_agreement = false;  ///< measure: judge outputs against expected_path
  bool probe_caching = false;
  double block_s = 0;         ///< blocks: how long each takes
  std::string expected_path;  ///< file of known outputs; empty: there are none, for `agreement_note`'s reason
  std::string agreement_note;
  std::string outputs_path;   ///< outputs: where to write them
  bool quantized = false;     ///< the file is int8
  bool half = false;          ///< the file stores half floats
  bool computes = true;       ///< EngineInfo::computes
  EvaluationTask evaluation;  ///< evaluate, calibrate
  double percentile = 100;    ///< calibrate: share of the values that a range holds; 100: all
  std::string training;       ///< train: a train::TrainTask as JSON
};
void to_json(nlohmann::json& json, const WorkerTask& task);
void from_json(const nlohmann::json& json, WorkerTask& task);

/// JSON of an engine's info, between processes and in the cache.
nlohmann::json info_json(const engine::EngineInfo& info);
engine::EngineInfo info_from_json(const nlohmann::json& json);

/// Limit of one request: max(the entry's least, 20 x the first inference).
double request_limit_s(const Limits& limits, double first_inference_ms);

/// What the watchdog sees of the loop: a counter that each request raises.
struct RequestMonitor {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<bool> running{false};  ///< requests are being run, so the counter must move
  std::atomic<double> limit_s{60};   ///< for one request
};

/// What a start through the server needs of the worker around it.
struct ServedContext {
  const WorkerTask& task;
  RequestMonitor& monitor;
  std::function<void(const char*)> say_phase;  ///< tell the parent: "loaded", "running"
};
/// Measures one start through the server. It lies above this area (load/served_start.h), so whoever knows both hands it over.
using ServedStart = std::function<StartRecord(const ServedContext&)>;

/// What a training needs of the worker around it.
struct TrainContext {
  const std::string& task;  ///< JSON
  const engine::TrainerTable& table;
  std::string engine_version;
  RequestMonitor& monitor;
  std::function<void(const char*)> say_phase;
  std::function<void(std::size_t, std::size_t)> say_progress;  ///< images done, images in all
  std::function<void(const nlohmann::json&)> say;              ///< an answer before the last one
};
/// Trains; @return the last answer. It lies above this area too (train/train_start.h).
using TrainStart = std::function<nlohmann::json(const TrainContext&)>;

/// What of a worker lies above this area. A task whose part is missing is Error{internal}.
struct HigherParts {
  ServedStart served;  ///< carries out Kind::served
  TrainStart train;    ///< carries out Kind::train
};

/// Serve the parent's one task on descriptor 3. @return the process's exit code. Throws Error{usage} when descriptor 3 is no channel.
int worker_main(const HigherParts& parts = {});

}  // namespace inferometer::measure
