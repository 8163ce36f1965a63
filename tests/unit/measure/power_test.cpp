#include "measure/power.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace inferometer::measure {
namespace {

PowerTrace trace_of(PowerQuantity quantity, double period_s, std::vector<PowerSample> samples = {}) {
  PowerTrace trace;
  trace.meter = {"meter", "a thing", quantity, period_s};
  trace.samples = std::move(samples);
  return trace;
}

/// Samples of `value(time)` every `period_s`, from before `from_s` until after `to_s`, the first `phase` of a period early.
template <class Value>
std::vector<PowerSample> sampled(double from_s, double to_s, double period_s, double phase, Value value) {
  std::vector<PowerSample> samples;
  for (double time = from_s - phase * period_s;; time += period_s) {
    samples.push_back({time, value(time)});
    if (time >= to_s) return samples;
  }
}

TEST(Energy, ten_watts_over_ten_seconds_are_a_hundred_joules_at_any_phase) {
  for (const double period : {0.02, 0.1, 0.37, 1.0}) {
    for (int step = 0; step < 40; ++step) {
      const auto samples = sampled(100, 110, period, step / 40.0, [](double) { return 10.0; });
      const SpanEnergy energy = energy_over(trace_of(PowerQuantity::watts, period, samples), {100, 110});
      ASSERT_TRUE(energy.joules) << energy.problem;
      EXPECT_NEAR(*energy.joules, 100, 0.1) << period << " " << step;
      EXPECT_NEAR(*energy.joules, 100, 1e-9);
    }
  }
}

TEST(Energy, edges_are_interpolated_at_any_phase) {
  // P = 4 + 3 (t - 50): trapezoids are exact for it, with interpolation at both edges and only with it.
  const auto power = [](double t) { return 4 + 3 * (t - 50); };
  for (int step = 0; step < 20; ++step) {
    const auto samples = sampled(50, 57.5, 0.5, step / 20.0, power);
    const SpanEnergy energy = energy_over(trace_of(PowerQuantity::watts, 0.5, samples), {50, 57.5});
    ASSERT_TRUE(energy.joules) << energy.problem;
    EXPECT_NEAR(*energy.joules, 4 * 7.5 + 1.5 * 7.5 * 7.5, 1e-9);
  }
}

TEST(Energy, of_a_counter_is_its_difference_at_any_phase) {
  for (int step = 0; step < 20; ++step) {
    const auto samples = sampled(5, 9, 0.05, step / 20.0, [](double t) { return 1000 + 25 * t; });
    const SpanEnergy energy = energy_over(trace_of(PowerQuantity::joules, 0.001, samples), {5, 9});
    ASSERT_TRUE(energy.joules) << energy.problem;
    EXPECT_NEAR(*energy.joules, 100, 1e-9);
  }
}

TEST(Energy, steps_of_power_inside_the_span) {
  // 2 W until 3 s, then 6 W: 2*3 + 0.5*(2+6)*1 + 6*6.
  std::vector<PowerSample> samples;
  for (int t = 0; t <= 10; ++t) samples.push_back({static_cast<double>(t), t <= 3 ? 2.0 : 6.0});
  EXPECT_NEAR(*energy_over(trace_of(PowerQuantity::watts, 1, samples), {0, 10}).joules, 6 + 4 + 36, 1e-9);
}

struct Refusal {
  const char* what;
  PowerTrace trace;
  TimeSpan span;
  const char* part;  ///< of the problem
};

TEST(Energy, is_null_with_the_reason) {
  const auto steady = [](double) { return 10.0; };
  const auto growing = [](double t) { return 10 * t; };
  std::vector<PowerSample> gap = sampled(0, 10, 0.1, 0, steady);
  std::erase_if(gap, [](const PowerSample& s) { return s.time_s > 4.05 && s.time_s < 5.25; });
  std::vector<PowerSample> back = sampled(0, 10, 0.1, 0, steady);
  for (std::size_t i = 50; i < back.size(); ++i) back[i].time_s -= 3;
  std::vector<PowerSample> ahead = sampled(0, 10, 0.1, 0, steady);
  for (std::size_t i = 50; i < ahead.size(); ++i) ahead[i].time_s += 3;
  const std::vector<PowerSample> frozen = sampled(0, 10, 0.05, 0, [](double t) { return 10 * std::min(t, 7.88); });
  const std::vector<PowerSample> stopped_at_once = sampled(0, 10, 0.05, 0, [](double) { return 77.0; });
  std::vector<PowerSample> fell = sampled(0, 10, 0.05, 0, growing);
  fell[100].value = 1;
  std::vector<PowerSample> negative = sampled(0, 10, 0.1, 0, steady);
  negative[7].value = -0.5;
  std::vector<PowerSample> not_finite = sampled(0, 10, 0.1, 0, steady);
  not_finite[7].value = std::numeric_limits<double>::quiet_NaN();
  PowerTrace failed = trace_of(PowerQuantity::watts, 0.1, sampled(0, 10, 0.1, 0, steady));
  failed.problem = "it was unplugged";
  constexpr auto kWatts = PowerQuantity::watts;
  constexpr auto kJoules = PowerQuantity::joules;
  const Refusal refusals[] = {
      {"no samples", trace_of(kWatts, 0.1), {0, 10}, "no sample"},
      {"samples begin late", trace_of(kWatts, 0.1, sampled(0.05, 10, 0.1, 0, steady)), {0, 10}, "its first sample came 0.05 s after"},
      {"samples stop", trace_of(kWatts, 0.1, sampled(0, 9, 0.1, 0, steady)), {0, 10}, "before the loop's end"},
      {"a gap", trace_of(kWatts, 0.1, gap), {0, 10}, "without a sample"},
      {"a clock that jumps back", trace_of(kWatts, 0.1, back), {0, 10}, "clock jumped back"},
      {"a clock that jumps ahead", trace_of(kWatts, 0.1, ahead), {0, 10}, "without a sample"},
      {"too short for the meter", trace_of(kWatts, 1, sampled(0, 9, 1, 0, steady)), {0, 8.9}, "10 s are needed"},
      {"too short for our sampling", trace_of(kJoules, 0.001, sampled(0, 1, 0.02, 0, growing)), {0, 0.19}, "0.2 s are needed"},
      {"a counter that freezes", trace_of(kJoules, 0.001, frozen), {0, 10}, "stood still for 2.1 s"},
      {"a frozen counter", trace_of(kJoules, 0.001, stopped_at_once), {3, 5}, "stood still for 2 s"},
      {"a counter that falls", trace_of(kJoules, 0.001, fell), {0, 10}, "fell"},
      {"a negative power", trace_of(kWatts, 0.1, negative), {0, 10}, "read -0.5 W"},
      {"no number", trace_of(kWatts, 0.1, not_finite), {0, 10}, "no number"},
      {"nothing but zero", trace_of(kWatts, 0.1, sampled(0, 10, 0.1, 0, [](double) { return 0.0; })), {0, 10}, "0 W"},
      {"an empty span", trace_of(kWatts, 0.1, sampled(0, 10, 0.1, 0, steady)), {5, 5}, "empty"},
      {"a meter's own problem", failed, {0, 10}, "unplugged"},
  };
  for (const Refusal& refusal : refusals) {
    const SpanEnergy energy = energy_over(refusal.trace, refusal.span);
    EXPECT_FALSE(energy.joules) << refusal.what;
    EXPECT_NE(energy.problem.find(refusal.part), std::string::npos) << refusal.what << ": " << energy.problem;
    EXPECT_TRUE(energy.problem.starts_with("meter: ")) << energy.problem;
  }
}

TEST(Energy, gaps_outside_the_span_do_not_matter) {
  std::vector<PowerSample> samples{{0, 10}};
  for (double t = 20; t <= 30; t += 0.1) samples.push_back({t, 10});
  samples.push_back({50, 10});
  EXPECT_TRUE(energy_over(trace_of(PowerQuantity::watts, 0.1, samples), {21, 29}).joules);
  EXPECT_FALSE(energy_over(trace_of(PowerQuantity::watts, 0.1, samples), {19, 29}).joules);
}

TEST(Energy, the_longest_gap_allowed_follows_the_meter) {
  std::vector<PowerSample> samples;
  for (double t = 0; t <= 43; t += 2.9) samples.push_back({t, 10});
  EXPECT_TRUE(energy_over(trace_of(PowerQuantity::watts, 1, samples), {1, 39}).joules);
  EXPECT_FALSE(energy_over(trace_of(PowerQuantity::watts, 0.9, samples), {1, 39}).joules);
}

TEST(FrozenAfter, ten_periods_within_limits) {
  EXPECT_DOUBLE_EQ(frozen_after_s({"", "", PowerQuantity::joules, 0.001}), 0.25);
  EXPECT_DOUBLE_EQ(frozen_after_s({"", "", PowerQuantity::joules, 0.1}), 1);
  EXPECT_DOUBLE_EQ(frozen_after_s({"", "", PowerQuantity::joules, 1}), 2);
}

}  // namespace
}  // namespace inferometer::measure
