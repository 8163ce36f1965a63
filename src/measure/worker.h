/// The child process that opens one engine and measures one start.
///
/// Parent and worker exchange one JSON object per line:
///   parent:  {"task": "info" | "measure" | "outputs" | "evaluate", "plugin": path, ...}      exactly one
///   worker:  {"phase": "opened" | "loaded" | "running"}, {"alive": true} every few seconds,
///            {"progress": [images done, images in all]} while it evaluates,
///            then one of {"info": ...} {"start": ...} {"done": true} {"evaluation": ...} {"error": {"code", "message", "hint"}}
/// A request that outlasts its limit ends the worker with {"timed_out": seconds}.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "engine/engine.h"
#include "measure/entry.h"
#include "measure/evaluation.h"

namespace inferometer::measure {

/// What one worker is told to do.
struct WorkerTask {
  enum class Kind : std::uint8_t { info, measure, outputs, evaluate };
  Kind kind = Kind::info;
  std::string plugin;      ///< path of the shared object
  Entry entry;             ///< measure, outputs, evaluate
  std::string model_path;  ///< the .onnx (artefact or the user's)
  int start_index = 0;
  bool check_agreement = false;  ///< measure: judge outputs against expected_path
  bool probe_caching = false;
  std::string expected_path;  ///< file of known outputs; empty: there are none, for `agreement_note`'s reason
  std::string agreement_note;
  std::string outputs_path;   ///< outputs: where to write them
  bool quantized = false;     ///< the file is int8
  EvaluationTask evaluation;  ///< evaluate
};
void to_json(nlohmann::json& json, const WorkerTask& task);
void from_json(const nlohmann::json& json, WorkerTask& task);

/// JSON of an engine's info, between processes and in the cache.
nlohmann::json info_json(const engine::EngineInfo& info);
engine::EngineInfo info_from_json(const nlohmann::json& json);

/// Limit of one request: max(the entry's least, 20 x the first inference).
double request_limit_s(const Limits& limits, double first_inference_ms);

/// Serve the parent's one task on descriptor 3. @return the process's exit code. Throws Error{usage} when descriptor 3 is no channel.
int worker_main();

}  // namespace inferometer::measure
