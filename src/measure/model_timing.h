/// Time many models one after the other in one worker, for fits that need hundreds of short timings.
///
/// A start (measure_start.h) takes seconds and stands for an entry; a timing takes tens of milliseconds and stands for a point of a fit.
/// What it lacks of a start's certainty, a second worker gives that times all of them once more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "measure/measure_start.h"
#include "measure/start.h"

namespace inferometer::measure {

/// What the parent asks for, one line each.
struct TimingRequest {
  std::string model_path;
  std::int64_t batch = 1;
  double warm_s = 0.02;   ///< at least, before the first block
  double block_s = 0.01;  ///< each block lasts so long, and one request at least
  int blocks = 5;
};
void to_json(nlohmann::json& json, const TimingRequest& request);
void from_json(const nlohmann::json& json, TimingRequest& request);

struct ModelTiming {
  std::vector<double> block_medians_ms;  ///< of one request, in order
  std::int64_t requests = 0;             ///< in all blocks
  double load_ms = 0, first_inference_ms = 0;
  Memory memory;  ///< of the process: means something for the first model of a worker only
  Surroundings surroundings;
};
void to_json(nlohmann::json& json, const ModelTiming& timing);
void from_json(const nlohmann::json& json, ModelTiming& timing);

/// Load the model, warm up, time its blocks, unload it. Inside the worker. Everything else is as the context's entry says. Throws Error.
ModelTiming time_model(const StartContext& context, const TimingRequest& request);

}  // namespace inferometer::measure
