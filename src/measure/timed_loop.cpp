#include "measure/timed_loop.h"

#include "stats/sample.h"

namespace inferometer::measure {

LoopPlan loop_plan(const Entry& entry) {
  LoopPlan plan;
  plan.min_time_s = entry.stop.min_time_s;
  plan.max_time_s = entry.stop.max_time_s;
  plan.interval_target_ratio = entry.stop.interval_target_ratio;
  plan.exact = entry.stop.runs;
  switch (entry.protocol) {
    case Protocol::standard: break;
    case Protocol::dd:
      plan.warm_up = false;
      plan.dropped = 1;
      if (plan.exact == 0) plan.exact = 5;
      break;
    case Protocol::ten:
      if (plan.exact == 0) plan.exact = 10;
      break;
  }
  for (const double percent : entry.stop.percentiles) {
    const std::int64_t needed = stats::samples_needed_for_quantile(percent / 100);
    plan.for_percentiles = std::max(plan.for_percentiles, (needed + entry.starts - 1) / entry.starts);
  }
  plan.for_percentiles = std::min(plan.for_percentiles, kMostSamples);
  return plan;
}

bool median_is_settled(std::span<const std::int64_t> samples, double target_ratio, std::vector<std::int64_t>& scratch) {
  const auto n = static_cast<std::int64_t>(samples.size());
  const double half_width = 0.98 * std::sqrt(static_cast<double>(n));  // 1.96 sqrt(n) / 2 ranks on each side
  const auto low_rank = static_cast<std::int64_t>(std::floor(static_cast<double>(n) / 2 - half_width)) - 1;
  const std::int64_t high_rank = n - 1 - low_rank;
  if (low_rank < 0 || high_rank >= n) return false;
  scratch.assign(samples.begin(), samples.end());
  const auto low = scratch.begin() + low_rank;
  const auto middle = scratch.begin() + n / 2;
  const auto high = scratch.begin() + high_rank;
  std::nth_element(scratch.begin(), middle, scratch.end());
  std::nth_element(scratch.begin(), low, middle);
  std::nth_element(middle + 1, high, scratch.end());  // the middle one must stay
  const auto target = target_ratio * static_cast<double>(*middle);
  return static_cast<double>(*middle - *low) <= target && static_cast<double>(*high - *middle) <= target;
}

double timer_overhead_ns() {
  LoopPlan plan;
  plan.warm_up = false;
  plan.dropped = 100;
  plan.exact = 2001;
  const LoopResult result = run_timed_loop(plan, steady_now, [](std::int64_t) {});
  const std::vector<double> samples(result.samples_ns.begin(), result.samples_ns.end());
  return stats::median(samples).value_or(0);
}

}  // namespace inferometer::measure
