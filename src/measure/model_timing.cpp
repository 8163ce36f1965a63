#include "measure/model_timing.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "measure/sensors.h"
#include "measure/timed_loop.h"
#include "measure/worker_parts.h"
#include "stats/sample.h"

namespace inferometer::measure {
namespace {

double median_ms(const std::vector<std::int64_t>& samples_ns) {
  const std::vector<double> samples(samples_ns.begin(), samples_ns.end());
  return stats::median(samples).value_or(0) * 1e-6;
}

}  // namespace

void to_json(nlohmann::json& json, const TimingRequest& request) {
  json = {{"model_path", request.model_path},
          {"batch", request.batch},
          {"warm_s", request.warm_s},
          {"block_s", request.block_s},
          {"blocks", request.blocks}};
}

void from_json(const nlohmann::json& json, TimingRequest& request) {
  json.at("model_path").get_to(request.model_path);
  json.at("batch").get_to(request.batch);
  json.at("warm_s").get_to(request.warm_s);
  json.at("block_s").get_to(request.block_s);
  json.at("blocks").get_to(request.blocks);
}

void to_json(nlohmann::json& json, const ModelTiming& timing) {
  // A start's JSON has memory and surroundings already.
  StartRecord record;
  record.memory = timing.memory;
  record.surroundings = timing.surroundings;
  record.load_ms = timing.load_ms;
  record.first_inference_ms = timing.first_inference_ms;
  json = {{"block_medians_ms", timing.block_medians_ms}, {"requests", timing.requests}, {"start", record}};
}

void from_json(const nlohmann::json& json, ModelTiming& timing) {
  const auto record = json.at("start").get<StartRecord>();
  timing.memory = record.memory;
  timing.surroundings = record.surroundings;
  timing.load_ms = record.load_ms;
  timing.first_inference_ms = record.first_inference_ms;
  json.at("block_medians_ms").get_to(timing.block_medians_ms);
  json.at("requests").get_to(timing.requests);
}

ModelTiming time_model(const StartContext& context, const TimingRequest& request) {
  WorkerTask task = context.task;
  task.model_path = request.model_path;
  task.entry.batch = request.batch;
  const StartContext own{task, context.engine, model_file(task.model_path, task.entry.model), context.monitor, context.say_phase, {}};
  LoadedStart start = load_start(own);

  ModelTiming timing;
  timing.load_ms = start.record.load_ms;
  timing.first_inference_ms = start.record.first_inference_ms;
  const RunningScope running(context.monitor);
  auto call = rotating_requests(context.monitor, start);
  const Nanoseconds begin = steady_now();
  std::int64_t number = 0;
  do {
    call(number++);
  } while (static_cast<double>((steady_now() - begin).count()) < request.warm_s * 1e9);

  LoopPlan plan;
  plan.warm_up = false;
  plan.at_least = plan.at_least_slow = 1;
  plan.min_time_s = plan.max_time_s = request.block_s;
  timing.surroundings.core_roundtrip_before_ns = read_core_distance(task.entry);
  const auto before = read_cpu_times();
  for (int block = 0; block < request.blocks; ++block) {
    const LoopResult loop = run_timed_loop(plan, steady_now, call);
    timing.block_medians_ms.push_back(median_ms(loop.samples_ns));
    timing.requests += static_cast<std::int64_t>(loop.samples_ns.size());
  }
  compare_cpu_times(before, read_cpu_times(), timing.surroundings);
  timing.surroundings.core_roundtrip_after_ns = read_core_distance(task.entry);
  timing.memory = start.record.memory;
  timing.memory.peak = std::max(start.peak_before_pool_bytes, peak_resident_bytes() - start.pool_bytes);
  return timing;
}

}  // namespace inferometer::measure
