#include "load/summary.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace inferometer::load {
namespace {

constexpr std::int64_t kMs = 1'000'000;

/// `count` requests, one every `gap_ms`, each answered after latency(i) ms.
template <typename Function>
LoadRun run_of(std::size_t count, double gap_ms, double seconds, Function latency) {
  LoadRun run;
  run.seconds = seconds;
  const Nanoseconds window(static_cast<std::int64_t>(seconds * 1e9));
  for (std::size_t i = 0; i < count; ++i) {
    Sample sample;
    sample.intended = sample.sent = Nanoseconds(static_cast<std::int64_t>(static_cast<double>(i) * gap_ms * 1e6));
    sample.done = sample.intended + Nanoseconds(static_cast<std::int64_t>(latency(i) * 1e6));
    sample.status = 200;
    if (sample.done < window) ++run.completed[block_of(sample.done, window)];
    run.samples.push_back(sample);
  }
  run.whole.requests = run.whole.ok = count;
  run.wall_s = seconds;
  run.cpu_s = seconds / 10;
  run.mean_in_flight = 1;
  return run;
}

LoadOptions options_of(Loop loop, double rate, double seconds) {
  LoadOptions options;
  options.loop = loop;
  options.rate = rate;
  options.seconds = seconds;
  options.timeout_s = 2;
  return options;
}

store::LoadRow row_of(const LoadRun& run, const LoadOptions& options) {
  store::LoadRow row;
  row.images_per_request = 4;
  summarize(run, options, row);
  return row;
}

bool some_line(const std::vector<std::string>& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

TEST(Summary, of_a_steady_open_loop) {
  // 1 to 100 ms, each ten times: 1000 requests in 10 s.
  const LoadRun run = run_of(1000, 10, 10, [](std::size_t i) { return static_cast<double>(i % 100 + 1); });
  const store::LoadRow row = row_of(run, options_of(Loop::constant, 100, 10));
  EXPECT_EQ(row.status, "passed");
  EXPECT_EQ(row.requests, 1000);
  EXPECT_EQ(row.ok, 1000);
  EXPECT_EQ(row.errors, 0);
  EXPECT_DOUBLE_EQ(*row.latency_mean_ms, 50.5);
  EXPECT_DOUBLE_EQ(*row.latency_p50_ms, 50.5);   // type 7: between the 500th and the 501st
  EXPECT_DOUBLE_EQ(*row.latency_p90_ms, 90.1);   // 899.1
  EXPECT_DOUBLE_EQ(*row.latency_p95_ms, 95.05);  // 949.05
  EXPECT_DOUBLE_EQ(*row.latency_p99_ms, 99.01);  // 989.01
  EXPECT_DOUBLE_EQ(*row.latency_max_ms, 100);
  EXPECT_FALSE(row.latency_p999_ms);  // 4603 are needed
  EXPECT_TRUE(some_line(row.notes, "the 99.9th percentile needs 4603 requests; there are 1000"));
  EXPECT_EQ(row.latency_p99_high_ms, 100);
  EXPECT_LT(*row.latency_p50_low_ms, 50.5);
  EXPECT_GT(*row.latency_p50_high_ms, 50.5);
  EXPECT_FALSE(row.latency_p99_corrected_ms);
  EXPECT_NEAR(*row.rate_obtained, 100, 1.01);  // the last few arrive after the window
  EXPECT_DOUBLE_EQ(*row.images_per_s, 4 * *row.rate_obtained);
  EXPECT_DOUBLE_EQ(*row.block_p50_low_ms, 25.5);  // a block holds 50 requests: 1 to 50 or 51 to 100
  EXPECT_DOUBLE_EQ(*row.block_p50_high_ms, 75.5);
  EXPECT_EQ(row.rate_asked, 100);
}

TEST(Summary, of_few_requests_claims_little) {
  const store::LoadRow few = row_of(run_of(458, 20, 10, [](std::size_t) { return 1.0; }), options_of(Loop::constant, 50, 10));
  EXPECT_FALSE(few.latency_p99_ms);
  EXPECT_FALSE(few.latency_p99_high_ms);
  EXPECT_TRUE(few.latency_p95_ms);
  EXPECT_TRUE(some_line(few.notes, "the 99th percentile needs 459 requests; there are 458"));
  const store::LoadRow enough = row_of(run_of(459, 20, 10, [](std::size_t) { return 1.0; }), options_of(Loop::constant, 50, 10));
  EXPECT_TRUE(enough.latency_p99_ms);
  EXPECT_EQ(enough.latency_p99_high_ms, 1);
  const store::LoadRow one = row_of(run_of(1, 10, 10, [](std::size_t) { return 3.0; }), options_of(Loop::constant, 0.1, 10));
  EXPECT_EQ(one.latency_p50_ms, 3);
  EXPECT_FALSE(one.latency_p50_low_ms);
  EXPECT_FALSE(one.rate_low);
  EXPECT_FALSE(one.block_p50_low_ms);
  const store::LoadRow none = row_of(run_of(0, 10, 10, [](std::size_t) { return 3.0; }), options_of(Loop::constant, 0.01, 10));
  EXPECT_EQ(none.status, "failed");
  EXPECT_FALSE(none.latency_p50_ms);
  EXPECT_FALSE(none.verdict);
  EXPECT_TRUE(some_line(none.reasons, "no request was due"));
}

TEST(Summary, counts_timeouts_as_the_timeout_and_leaves_other_failures_out) {
  LoadRun run = run_of(1000, 10, 10, [](std::size_t) { return 10.0; });
  for (std::size_t i = 0; i < 30; ++i) {
    run.samples[i].outcome = i < 15 ? Outcome::timed_out : Outcome::not_sent;
    run.samples[i].done = run.samples[i].intended + Nanoseconds(2500 * kMs);  // noticed late
  }
  for (std::size_t i = 30; i < 60; ++i) {
    run.samples[i].outcome = Outcome::status;
    run.samples[i].status = i < 40 ? 500 : 503;
    run.samples[i].done = run.samples[i].intended + Nanoseconds(kMs);
  }
  run.samples[60].outcome = Outcome::refused_connection;
  run.samples[61].outcome = Outcome::closed_connection;
  run.samples[62].outcome = Outcome::malformed;
  run.first_failure = "because";
  const store::LoadRow row = row_of(run, options_of(Loop::constant, 100, 10));
  EXPECT_EQ(row.ok, 937);
  EXPECT_EQ(row.errors, 63);
  EXPECT_EQ(row.timeouts, 15);
  EXPECT_EQ(row.not_sent, 15);
  EXPECT_EQ(row.bad_statuses, 30);
  EXPECT_EQ(row.refused_connections, 1);
  EXPECT_EQ(row.closed_connections, 1);
  EXPECT_EQ(row.malformed, 1);
  EXPECT_EQ(row.latency_p99_ms, 2000);
  EXPECT_EQ(row.latency_max_ms, 2000);
  EXPECT_EQ(row.latency_p50_ms, 10);  // and not 1
  EXPECT_EQ(row.status, "passed");
  EXPECT_TRUE(some_line(row.notes, "63 of 1000 requests failed: 10 x status 500, 20 x status 503, 1 x refused connection"));
  EXPECT_TRUE(some_line(row.notes, "the first: because"));
  EXPECT_TRUE(some_line(row.notes, "30 of these count in the percentiles as the timeout of 2.000 s"));
}

TEST(Summary, of_nothing_but_failures_has_failed) {
  LoadRun run = run_of(500, 10, 5, [](std::size_t) { return 1.0; });
  for (Sample& sample : run.samples) sample.outcome = Outcome::refused_connection;
  run.completed = {};
  run.first_failure = "cannot connect";
  const store::LoadRow row = row_of(run, options_of(Loop::closed, 0, 5));
  EXPECT_EQ(row.status, "failed");
  EXPECT_FALSE(row.verdict);
  EXPECT_FALSE(row.latency_p50_ms);
  EXPECT_EQ(row.rate_obtained, 0);
  EXPECT_TRUE(some_line(row.reasons, "no request was answered well: cannot connect"));
}

// 1 client, 5 ms a request, one stall of 1 s in 10 s: 1801 requests.
TEST(Summary, of_a_closed_loop_says_what_it_hid) {
  LoadRun run;
  run.seconds = 10;
  std::int64_t at = 0;
  while (at < 10'000) {
    const std::int64_t takes = at == 5000 ? 1000 : 5;
    run.samples.push_back({Nanoseconds(at * kMs), Nanoseconds(at * kMs), Nanoseconds((at + takes) * kMs), Outcome::ok, 200, 0});
    at += takes;
    if (at < 10'000) ++run.completed[block_of(Nanoseconds(at * kMs), Nanoseconds(10'000 * kMs))];
  }
  ASSERT_EQ(run.samples.size(), 1801u);
  run.wall_s = 10;
  LoadOptions options = options_of(Loop::closed, 0, 10);
  const store::LoadRow row = row_of(run, options);
  EXPECT_EQ(row.latency_p99_ms, 5);
  EXPECT_EQ(row.latency_max_ms, 1000);
  // One request an interval of 10 s / 1800: 178 more, of 994.4, 988.9, ... ms; the worst 1 % of 1979 are above 894 ms.
  EXPECT_NEAR(*row.latency_p99_corrected_ms, 894, 6);
  EXPECT_TRUE(some_line(row.notes, "200.0 times the median"));
  EXPECT_TRUE(some_line(row.notes, "corrected, not measured"));
}

TEST(Summary, finds_a_client_that_was_the_bottleneck) {
  LoadRun run = run_of(1000, 10, 10, [](std::size_t) { return 5.0; });
  const LoadOptions options = options_of(Loop::poisson, 100, 10);
  run.lags_ms.assign(1000, 0.1);
  EXPECT_EQ(row_of(run, options).verdict, "valid");
  run.lags_ms.assign(1000, 0.6);
  const store::LoadRow late = row_of(run, options);
  EXPECT_EQ(late.verdict, "invalid");
  EXPECT_TRUE(some_line(late.reasons, "the client is the bottleneck"));
  run.lags_ms.assign(1000, 0.0);
  run.cpu_s = 9.5;
  EXPECT_EQ(row_of(run, options).verdict, "invalid");
}

TEST(Summary, finds_a_server_that_did_not_keep_up) {
  // 100/s are due; 50/s are answered.
  const LoadRun run = run_of(1000, 10, 10, [](std::size_t i) { return 10.0 * static_cast<double>(i) + 10; });
  const store::LoadRow row = row_of(run, options_of(Loop::constant, 100, 10));
  EXPECT_NEAR(*row.rate_obtained, 50, 0.2);
  EXPECT_EQ(row.verdict, "unstable");
  EXPECT_TRUE(some_line(row.reasons, "did not keep up"));
}

TEST(Summary, finds_a_rate_that_is_not_steady) {
  LoadRun run = run_of(2000, 5, 10, [](std::size_t) { return 1.0; });
  for (std::size_t i = 0; i < kBlocks; ++i) run.completed[i] = i < 10 ? 150 : 50;
  const store::LoadRow row = row_of(run, options_of(Loop::closed, 0, 10));
  EXPECT_DOUBLE_EQ(*row.rate_obtained, 200);
  // Block rates 300 and 100: standard deviation 102.598, t(19) 2.09302, half width 48.017.
  EXPECT_NEAR(*row.rate_low, 151.983, 0.001);
  EXPECT_NEAR(*row.rate_high, 248.017, 0.001);
  EXPECT_EQ(row.verdict, "unstable");
}

TEST(Summary, shows_the_servers_own_times) {
  LoadRun run = run_of(1000, 10, 10, [](std::size_t) { return 9.0; });
  for (std::size_t i = 0; i < run.samples.size(); ++i) run.samples[i].server_ms = static_cast<float>(i % 2 == 0 ? 2 : 4);
  const store::LoadRow row = row_of(run, options_of(Loop::constant, 100, 10));
  EXPECT_DOUBLE_EQ(*row.server_mean_ms, 3);
  EXPECT_DOUBLE_EQ(*row.server_p50_ms, 3);
  EXPECT_DOUBLE_EQ(*row.server_p99_ms, 4);
}

TEST(WithOmitted, adds_what_would_have_been_sent_meanwhile) {
  std::vector<double> all = with_omitted({3, 10, 35, 19.5}, 10);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (std::vector<double>{3, 10, 15, 19.5, 25, 35}));
}

TEST(UpperBound, knows_that_late_requests_come_together) {
  // 2000 values, 1 % of them slow. Spread evenly they bound p99 as independent values do; all in one block they are the bound.
  std::vector<Latency> spread, together;
  for (std::size_t i = 0; i < 2000; ++i) {
    spread.push_back({i % 200 == 0 ? 100.0 + static_cast<double>(i) / 100 : 1.0, i / 100});
    together.push_back({i < 8 ? 100.0 : 1.0, i / 100});
  }
  const auto low = upper_bound(spread, 0.99);
  ASSERT_TRUE(low);
  EXPECT_GE(*low, 1);
  EXPECT_LE(*low, 120);
  EXPECT_EQ(upper_bound(together, 0.99), 100);
  // As many slow ones, one in each of eight blocks: neither way reaches them.
  std::vector<Latency> apart;
  for (std::size_t i = 0; i < 2000; ++i) apart.push_back({i % 250 == 0 ? 100.0 : 1.0, i / 100});
  EXPECT_EQ(upper_bound(apart, 0.99), 1);
  EXPECT_FALSE(upper_bound(std::vector<Latency>(458, Latency{1, 0}), 0.99));
}

}  // namespace
}  // namespace inferometer::load
