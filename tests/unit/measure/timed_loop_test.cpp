#include "measure/timed_loop.h"

#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "stats/sample.h"

namespace inferometer::measure {
namespace {

constexpr std::int64_t kMs = 1'000'000, kSecond = 1'000'000'000;

/// A clock that stands still until a request moves it.
struct ManualClock {
  std::int64_t now_ns = 1'234'567;
  std::int64_t reads = 0;
  std::int64_t cost_ns = 0;  ///< of one reading
  Nanoseconds operator()() {
    ++reads;
    now_ns += cost_ns;
    return Nanoseconds(now_ns);
  }
};

/// Requests that take what `duration` says of their number, counted over warm-up and loop together.
struct Requests {
  ManualClock& clock;
  std::function<std::int64_t(std::int64_t)> duration;
  std::vector<std::int64_t> numbers;  ///< as the loop gave them
  void operator()(std::int64_t number) {
    clock.now_ns += duration(static_cast<std::int64_t>(numbers.size()));
    numbers.push_back(number);
  }
};

auto always(std::int64_t ns) {
  return [ns](std::int64_t) { return ns; };
}

LoopResult run(const LoopPlan& plan, const std::function<std::int64_t(std::int64_t)>& duration) {
  ManualClock clock;
  Requests requests{clock, duration, {}};
  return run_timed_loop(plan, clock, requests);
}

LoopPlan without_warm_up() {
  LoopPlan plan;
  plan.warm_up = false;
  return plan;
}

TEST(TimedLoop, default_rule_ends_where_it_says) {
  struct Case {
    const char* what;
    std::int64_t request_ns;
    std::size_t samples;
  };
  const Case cases[] = {
      {"fast: 0.3 s must pass", 7 * kMs, 43},            // 42 x 7 ms = 294 ms, 43 x 7 ms = 301 ms
      {"0.3 s pass before ten samples", 100 * kMs, 10},  // settled at the tenth
      {"ten samples fill 2 s", 200 * kMs, 10},
      {"eight samples fill 2 s", 250 * kMs, 8},
      {"seven samples pass 2 s", 300 * kMs, 7},
      {"2 s have passed, five samples are owed", 500 * kMs, 5},
      {"very slow", 20 * kSecond, 5},
  };
  for (const Case& c : cases) {
    const LoopResult result = run(without_warm_up(), always(c.request_ns));
    EXPECT_EQ(result.samples_ns.size(), c.samples) << c.what;
    for (const std::int64_t sample : result.samples_ns) EXPECT_EQ(sample, c.request_ns) << c.what;
    EXPECT_EQ(result.dropped, 0);
    EXPECT_EQ(result.warmup_requests, 0);
  }
}

TEST(TimedLoop, samples_that_never_settle_end_after_two_seconds) {
  // Two modes a third apart: the median's interval always spans both. 95 pairs of 21 ms are 1995 ms.
  const LoopResult result = run(without_warm_up(), [](std::int64_t n) { return n % 2 == 0 ? 9 * kMs : 12 * kMs; });
  EXPECT_EQ(result.samples_ns.size(), 191u);
}

TEST(TimedLoop, samples_that_scatter_end_when_the_interval_is_within_one_percent) {
  // Evenly spread over +-10 % around 2 ms in a well mixed order (multiples of the golden ratio).
  const auto duration = [](std::int64_t n) {
    const double x = std::fmod(0.618033988749895 * static_cast<double>(n + 1), 1.0);
    return static_cast<std::int64_t>(2e6 * (0.9 + 0.2 * x));
  };
  const LoopResult result = run(without_warm_up(), duration);
  ASSERT_GT(result.samples_ns.size(), 200u);  // 0.3 s are 150 requests
  ASSERT_LT(result.samples_ns.size(), 990u);  // 2 s are 1000
  const auto interval_of = [](std::span<const std::int64_t> samples) {
    return *stats::median_interval(std::vector<double>(samples.begin(), samples.end()));
  };
  const stats::Interval at_end = interval_of(result.samples_ns);
  EXPECT_GE(at_end.low, 0.99 * 2e6);
  EXPECT_LE(at_end.high, 1.01 * 2e6);
  // It did not wait long beyond the point where it could have stopped: checks come every quarter.
  const stats::Interval before = interval_of(std::span(result.samples_ns).first(result.samples_ns.size() * 3 / 4));
  EXPECT_GT(before.high - before.low, 0.019 * 2e6);
}

TEST(TimedLoop, every_number_of_the_rule_can_be_set) {
  LoopPlan plan = without_warm_up();
  plan.min_time_s = 0;
  EXPECT_EQ(run(plan, always(kMs)).samples_ns.size(), 10u);
  plan.min_time_s = 0.05;
  EXPECT_EQ(run(plan, always(7 * kMs)).samples_ns.size(), 10u);
  plan.min_time_s = 0.1;
  EXPECT_EQ(run(plan, always(7 * kMs)).samples_ns.size(), 15u);  // 14 x 7 = 98 ms

  const auto two_modes = [](std::int64_t n) { return n % 2 == 0 ? 9 * kMs : 12 * kMs; };
  plan = without_warm_up();
  plan.max_time_s = 0.5;
  EXPECT_EQ(run(plan, two_modes).samples_ns.size(), 48u);  // 23 pairs and one are 492 ms
  plan.max_time_s = 2;
  plan.interval_target_ratio = 0.4;                        // both modes lie within
  EXPECT_EQ(run(plan, two_modes).samples_ns.size(), 29u);  // 14 pairs are 294 ms
}

TEST(TimedLoop, exact_number_of_runs_ignores_time) {
  for (const std::int64_t runs : {1, 2, 7, 1000}) {
    LoopPlan plan = without_warm_up();
    plan.exact = runs;
    EXPECT_EQ(run(plan, always(1)).samples_ns.size(), static_cast<std::size_t>(runs));
    EXPECT_EQ(run(plan, always(3 * kSecond)).samples_ns.size(), static_cast<std::size_t>(runs));
  }
}

TEST(TimedLoop, dropped_requests_are_run_and_not_kept) {
  LoopPlan plan = without_warm_up();
  plan.dropped = 2;
  plan.exact = 3;
  const LoopResult result = run(plan, [](std::int64_t n) { return (n + 1) * kMs; });
  EXPECT_EQ(result.samples_ns, (std::vector<std::int64_t>{3 * kMs, 4 * kMs, 5 * kMs}));
  EXPECT_EQ(result.dropped, 2);
}

TEST(TimedLoop, two_clock_readings_a_request_whatever_their_number) {
  for (const std::int64_t runs : {10, 1000, 100'000}) {
    LoopPlan plan = without_warm_up();
    plan.exact = runs;
    ManualClock clock;
    Requests requests{clock, always(1000), {}};
    run_timed_loop(plan, clock, requests);
    EXPECT_EQ(clock.reads, 1 + 2 * runs);
  }
  // Also while the interval is being watched: 0.3 s of 1 us requests.
  ManualClock clock;
  Requests requests{clock, always(1000), {}};
  const LoopResult result = run_timed_loop(without_warm_up(), clock, requests);
  EXPECT_NEAR(static_cast<double>(result.samples_ns.size()), 300'000, 1);
  EXPECT_EQ(clock.reads, 1 + 2 * static_cast<std::int64_t>(result.samples_ns.size()));
}

TEST(TimedLoop, a_sample_holds_one_reading_of_the_clock_and_the_request) {
  ManualClock clock;
  clock.cost_ns = 30;
  Requests requests{clock, always(1000), {}};
  LoopPlan plan = without_warm_up();
  plan.exact = 5000;
  for (const std::int64_t sample : run_timed_loop(plan, clock, requests).samples_ns) ASSERT_EQ(sample, 1030);
}

TEST(TimedLoop, checks_come_in_growing_steps) {
  LoopPlan plan = without_warm_up();
  plan.min_time_s = 0;
  // Checks at 10, 12, 15, 18, 22. The five fast requests leave the interval at 21, so a check at each request would end there.
  const LoopResult result = run(plan, [](std::int64_t n) { return n < 5 ? kMs : 2 * kMs; });
  EXPECT_EQ(result.samples_ns.size(), 22u);
}

TEST(TimedLoop, requests_are_numbered_from_zero_in_each_phase) {
  ManualClock clock;
  Requests requests{clock, always(100 * kMs), {}};
  LoopPlan plan;
  plan.dropped = 1;
  plan.exact = 2;
  const LoopResult result = run_timed_loop(plan, clock, requests);
  EXPECT_EQ(result.warmup_requests, 3);
  EXPECT_EQ(requests.numbers, (std::vector<std::int64_t>{0, 1, 2, 0, 1, 2}));
}

TEST(WarmUp, ends_where_it_says) {
  struct Case {
    const char* what;
    std::function<std::int64_t(std::int64_t)> duration;
    std::int64_t requests;
  };
  const std::vector<std::int64_t> settling{1000 * kMs, 500 * kMs, 250 * kMs, 125 * kMs, 120 * kMs, 118 * kMs, 118 * kMs};
  const std::vector<std::int64_t> late_outlier{150 * kMs, 150 * kMs, 181 * kMs, 150 * kMs, 150 * kMs, 150 * kMs};
  const Case cases[] = {
      {"fast: 0.3 s", always(7 * kMs), 43},
      {"three requests fill 0.3 s", always(100 * kMs), 3},
      {"three requests are owed", always(2 * kSecond), 3},
      {"one of more than 3 s is enough", always(3 * kSecond + 1), 1},
      {"one of 3 s is not", always(3 * kSecond), 3},
      {"until the last three spread less than 20 %", [&](std::int64_t n) { return settling.at(static_cast<std::size_t>(n)); }, 6},
      {"20.7 % is too much", [&](std::int64_t n) { return late_outlier.at(static_cast<std::size_t>(n)); }, 6},
      {"never steady: 3 s", [](std::int64_t n) { return n % 2 == 0 ? 100 * kMs : 200 * kMs; }, 20},
  };
  for (const Case& c : cases) {
    ManualClock clock;
    Requests requests{clock, c.duration, {}};
    EXPECT_EQ(warm_up(clock, requests), c.requests) << c.what;
    EXPECT_EQ(requests.numbers.size(), static_cast<std::size_t>(c.requests)) << c.what;
    EXPECT_EQ(clock.reads, 1 + 2 * c.requests) << c.what;
  }
}

TEST(LoopPlan, default_protocol) {
  const LoopPlan plan = loop_plan(Entry{});
  EXPECT_TRUE(plan.warm_up);
  EXPECT_EQ(plan.dropped, 0);
  EXPECT_EQ(plan.exact, 0);
  EXPECT_EQ(plan.at_least, 10);
  EXPECT_EQ(plan.at_least_slow, 5);
  EXPECT_EQ(plan.for_percentiles, 0);
  EXPECT_EQ(plan.min_time_s, 0.3);
  EXPECT_EQ(plan.max_time_s, 2.0);
  EXPECT_EQ(plan.interval_target_ratio, 0.01);
}

TEST(LoopPlan, stop_rule_of_the_entry) {
  Entry entry;
  entry.stop = {.runs = 25, .min_time_s = 0.1, .max_time_s = 5, .interval_target_ratio = 0.05, .percentiles = {}};
  const LoopPlan plan = loop_plan(entry);
  EXPECT_EQ(plan.exact, 25);
  EXPECT_EQ(plan.min_time_s, 0.1);
  EXPECT_EQ(plan.max_time_s, 5);
  EXPECT_EQ(plan.interval_target_ratio, 0.05);
}

TEST(LoopPlan, protocols_of_the_studies) {
  Entry entry;
  entry.protocol = Protocol::dd;
  LoopResult result = run(loop_plan(entry), [](std::int64_t n) { return n == 0 ? 900 * kMs : (10 + n) * kMs; });
  EXPECT_EQ(result.warmup_requests, 0);
  EXPECT_EQ(result.dropped, 1);
  EXPECT_EQ(result.samples_ns, (std::vector<std::int64_t>{11 * kMs, 12 * kMs, 13 * kMs, 14 * kMs, 15 * kMs}));

  entry.protocol = Protocol::ten;
  result = run(loop_plan(entry), always(100 * kMs));
  EXPECT_EQ(result.warmup_requests, 3);
  EXPECT_EQ(result.dropped, 0);
  EXPECT_EQ(result.samples_ns.size(), 10u);

  entry.stop.runs = 7;
  EXPECT_EQ(run(loop_plan(entry), always(kMs)).samples_ns.size(), 7u);
  entry.protocol = Protocol::dd;
  result = run(loop_plan(entry), always(kMs));
  EXPECT_EQ(result.dropped, 1);
  EXPECT_EQ(result.samples_ns.size(), 7u);
}

TEST(LoopPlan, starts_share_what_percentiles_need) {
  struct Case {
    std::vector<double> percentiles;
    int starts;
    std::int64_t each;
  };
  const Case cases[] = {
      {{90}, 3, 15}, {{95}, 3, 30}, {{99}, 3, 153}, {{99}, 1, 459}, {{99}, 2, 230}, {{99.9}, 3, 1535}, {{90, 99, 95}, 3, 153},
  };
  for (const Case& c : cases) {
    Entry entry;
    entry.stop.percentiles = c.percentiles;
    entry.starts = c.starts;
    EXPECT_EQ(loop_plan(entry).for_percentiles, c.each) << c.percentiles.front() << " over " << c.starts;
  }
}

TEST(LoopPlan, percentiles_extend_the_loop_beyond_its_time) {
  Entry entry;
  entry.stop.percentiles = {99};
  EXPECT_EQ(run(loop_plan(entry), always(20 * kMs)).samples_ns.size(), 153u);  // 3 s
  // Where more samples come anyway, nothing changes.
  EXPECT_EQ(run(loop_plan(entry), always(kMs)).samples_ns.size(), run(loop_plan(Entry{}), always(kMs)).samples_ns.size());
}

TEST(MedianIsSettled, literal_ranks) {
  std::vector<std::int64_t> scratch;
  // n = 9: the interval is the whole range, 1..9 around 5.
  const std::vector<std::int64_t> nine{9, 1, 8, 2, 7, 3, 6, 4, 5};
  EXPECT_TRUE(median_is_settled(nine, 0.8, scratch));
  EXPECT_FALSE(median_is_settled(nine, 0.79, scratch));
  EXPECT_EQ(nine.front(), 9);  // order stays
  // n = 100: ranks 40 and 61, 11 below and 10 above the upper middle value 1050.
  std::vector<std::int64_t> hundred;
  for (std::int64_t i = 0; i < 100; ++i) hundred.push_back(1000 + (i * 37) % 100);
  EXPECT_TRUE(median_is_settled(hundred, 11.5 / 1050, scratch));
  EXPECT_FALSE(median_is_settled(hundred, 10.5 / 1050, scratch));
  // One-sided scatter counts too: the lower half equal, the upper half far.
  std::vector<std::int64_t> skewed(50, 1000);
  skewed.resize(100, 2000);
  EXPECT_FALSE(median_is_settled(skewed, 0.01, scratch));
}

TEST(MedianIsSettled, too_few_samples_never_are) {
  std::vector<std::int64_t> scratch;
  for (std::size_t n = 0; n < 8; ++n) EXPECT_FALSE(median_is_settled(std::vector<std::int64_t>(n, 5), 0.5, scratch)) << n;
  EXPECT_TRUE(median_is_settled(std::vector<std::int64_t>(8, 5), 0.0, scratch));
}

TEST(TimerOverhead, is_that_of_a_clock_reading) {
  const double overhead = timer_overhead_ns();
  EXPECT_GT(overhead, 0);
  EXPECT_LT(overhead, 100'000);
}

}  // namespace
}  // namespace inferometer::measure
