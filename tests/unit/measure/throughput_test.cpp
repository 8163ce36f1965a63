#include "measure/throughput.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

#include <gtest/gtest.h>

#include "base/error.h"
#include "measure/flights.h"

namespace inferometer::measure {
namespace {

void nap() { std::this_thread::sleep_for(std::chrono::microseconds(500)); }

LoopPlan exactly(std::int64_t requests) {
  LoopPlan plan;
  plan.exact = requests;
  return plan;
}

TEST(Fly, every_lane_calls_one_request_after_another) {
  constexpr std::size_t kLanes = 3;
  std::array<std::atomic<int>, kLanes> inside{};
  std::array<std::int64_t, kLanes> next{};
  std::atomic<bool> overlapped{false}, out_of_order{false};
  std::atomic<int> flying{0}, most{0};
  const auto call = [&](std::size_t lane, std::int64_t number) {
    if (inside[lane].fetch_add(1) != 0) overlapped = true;
    if (number != next[lane]++) out_of_order = true;
    const int now = flying.fetch_add(1) + 1;
    int seen = most.load();
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    nap();
    flying.fetch_sub(1);
    inside[lane].fetch_sub(1);
  };
  int progress = 0;
  const ThroughputResult result = fly(exactly(60), {.lanes = kLanes, .call = call, .progress = [&] { ++progress; }});
  EXPECT_FALSE(overlapped);
  EXPECT_FALSE(out_of_order);
  EXPECT_EQ(most, 3);
  EXPECT_GT(progress, 0);
  EXPECT_EQ(result.samples_ns.size(), 60u);
  EXPECT_GE(*std::min_element(result.samples_ns.begin(), result.samples_ns.end()), 500'000);
  for (const std::int64_t calls : next) EXPECT_GE(calls, 3);
  EXPECT_GE(result.ramp_requests, 9);
  EXPECT_LE(result.ramp_requests + 60, std::accumulate(next.begin(), next.end(), std::int64_t{0}) + 3);
  // Those that the window's ends cut count in part: at most one of each lane at each end.
  EXPECT_NEAR(result.window.requests, 60, 3);
  EXPECT_GT(result.window.seconds, 0.01);  // 20 naps of each lane
  EXPECT_EQ(result.window.block_requests_per_s.size(), kBlocks);
  EXPECT_GE(result.window.below_full_flight_ratio, 0);
  EXPECT_LE(result.window.below_full_flight_ratio, 1);
}

TEST(Fly, lasts_until_the_rule_is_satisfied) {
  LoopPlan plan;
  plan.min_time_s = 0.1;
  plan.max_time_s = 60;
  plan.interval_target_ratio = 1;  // satisfied as soon as there is a rate
  const auto call = [](std::size_t, std::int64_t) { nap(); };
  const ThroughputResult soon = fly(plan, {.lanes = 2, .call = call});
  EXPECT_GE(soon.window.seconds, 0.1);
  EXPECT_GE(soon.samples_ns.size(), 2 * kBlocks);

  plan.interval_target_ratio = 0;  // never
  plan.max_time_s = 0.3;
  EXPECT_GE(fly(plan, {.lanes = 2, .call = call}).window.seconds, 0.3);

  plan.max_time_s = 0.001;
  plan.for_percentiles = 1000;
  EXPECT_GE(fly(plan, {.lanes = 2, .call = call}).samples_ns.size(), 1000u);
}

TEST(Fly, an_error_of_one_lane_ends_all) {
  for (const std::int64_t failing : {std::int64_t{0}, std::int64_t{3}, std::int64_t{2000}}) {
    const auto call = [failing](std::size_t lane, std::int64_t number) {
      nap();
      if (lane == 1 && number == failing) throw Error(ErrorCode::engine_failure, "lane 1 broke");
    };
    LoopPlan plan;
    plan.interval_target_ratio = 0;
    plan.max_time_s = 60;
    try {
      fly(plan, {.lanes = 3, .call = call});
      ADD_FAILURE() << failing;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::engine_failure);
      EXPECT_STREQ(error.what(), "lane 1 broke");
    }
  }
}

TEST(Fly, tells_of_progress_only_while_every_lane_moves) {
  std::atomic<bool> release{false};
  std::atomic<std::int64_t> others{0};
  const auto call = [&](std::size_t lane, std::int64_t) {
    if (lane == 0) {
      while (!release) nap();
    } else {
      nap();
      if (++others > 200) release = true;
    }
  };
  int before = 0, progress = 0;
  fly(exactly(4), {.lanes = 2, .call = call, .progress = [&] { ++progress, before += release ? 0 : 1; }});
  EXPECT_EQ(before, 0);
  EXPECT_GT(progress, 0);
}

TEST(Fly, reads_the_time_of_the_clock_that_it_is_given) {
  // A clock that advances one millisecond at every reading: every request takes a whole number of them.
  std::atomic<std::int64_t> ticks{0};
  Flying flying;
  flying.lanes = 1;
  flying.call = [](std::size_t, std::int64_t) { nap(); };
  flying.now = [&] { return Nanoseconds(1'000'000 * ++ticks); };
  const ThroughputResult result = fly(exactly(20), flying);
  ASSERT_EQ(result.samples_ns.size(), 20u);
  for (const std::int64_t ns : result.samples_ns) EXPECT_EQ(ns % 1'000'000, 0);
  EXPECT_EQ(std::count(result.samples_ns.begin(), result.samples_ns.end(), 1'000'000) > 10, true);
}

}  // namespace
}  // namespace inferometer::measure
