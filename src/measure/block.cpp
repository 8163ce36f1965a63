#include "measure/block.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "measure/sensors.h"
#include "measure/timed_loop.h"

namespace inferometer::measure {

void to_json(nlohmann::json& json, const Block& block) {
  // A start's JSON has both already.
  StartRecord record;
  record.samples_ns = block.samples_ns;
  record.surroundings = block.surroundings;
  json = record;
}

void from_json(const nlohmann::json& json, Block& block) {
  auto record = json.get<StartRecord>();
  block.samples_ns = std::move(record.samples_ns);
  block.surroundings = record.surroundings;
}

LoadedStart begin_blocks(const StartContext& context) {
  LoadedStart start = load_start(context);
  StartRecord& record = start.record;
  if (context.task.check_agreement) record.agreement = check_agreement(context, start);
  record.timer_overhead_ns = timer_overhead_ns();
  const RunningScope running(context.monitor);
  record.warmup_requests = warm_up(steady_now, rotating_requests(context.monitor, start), std::min(kWarmUp_s, context.task.block_s));
  record.memory.peak = std::max(start.peak_before_pool_bytes, peak_resident_bytes() - start.pool_bytes);
  return start;
}

Block measure_block(const StartContext& context, LoadedStart& start) {
  const Entry& entry = context.task.entry;
  LoopPlan plan;
  plan.warm_up = false;
  plan.dropped = kDroppedOfBlock;
  plan.at_least_slow = kLeastOfBlock;
  // Before this time the loop looks at no interval, and with it the loop ends.
  plan.min_time_s = plan.max_time_s = context.task.block_s;
  Block block;
  block.surroundings.core_roundtrip_before_ns = read_core_distance(entry);
  {
    const RunningScope running(context.monitor);
    const auto before = read_cpu_times();
    block.samples_ns = run_timed_loop(plan, steady_now, rotating_requests(context.monitor, start)).samples_ns;
    compare_cpu_times(before, read_cpu_times(), block.surroundings);
  }
  // Its threads have ceased to spin when this returns, so they do not take time from the other worker.
  block.surroundings.core_roundtrip_after_ns = read_core_distance(entry);
  return block;
}

}  // namespace inferometer::measure
