#include "load/load.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

#include "test_server.h"

namespace inferometer::load {
namespace {

Target target_of(const TestServer& server) {
  Target target;
  target.port = server.port();
  target.bodies = {"{}"};
  return target;
}

LoadOptions closed_loop(int clients, double seconds) {
  LoadOptions options;
  options.concurrency = clients;
  options.seconds = seconds;
  options.warmup_seconds = 0.1;
  options.timeout_s = 5;
  return options;
}

LoadOptions open_loop(Loop loop, double rate, double seconds, int connections) {
  LoadOptions options = closed_loop(connections, seconds);
  options.loop = loop;
  options.rate = rate;
  return options;
}

std::vector<double> latencies_ms(const LoadRun& run) {
  std::vector<double> values;
  for (const Sample& sample : run.samples) values.push_back(static_cast<double>((sample.done - sample.intended).count()) * 1e-6);
  std::sort(values.begin(), values.end());
  return values;
}

double quantile(const std::vector<double>& sorted, double p) {
  return sorted.at(static_cast<std::size_t>(p * static_cast<double>(sorted.size() - 1)));
}

std::size_t count(const LoadRun& run, Outcome outcome) {
  return static_cast<std::size_t>(
      std::count_if(run.samples.begin(), run.samples.end(), [&](const Sample& each) { return each.outcome == outcome; }));
}

std::size_t completed(const LoadRun& run) { return std::accumulate(run.completed.begin(), run.completed.end(), std::size_t{0}); }

TestAnswer quick(const std::string&) { return {http_answer(200, "{}")}; }

TEST(ClosedLoop, sends_the_next_request_when_the_answer_is_there) {
  TestServer server([](const std::string&) { return TestAnswer{http_answer(200, "{}"), milliseconds(5)}; });
  const LoadRun run = run_load(target_of(server), closed_loop(1, 1));
  // 200/s at most; sleeping takes longer on a busy machine.
  EXPECT_LE(run.samples.size(), 201u);
  EXPECT_GE(run.samples.size(), 60u);
  EXPECT_EQ(count(run, Outcome::ok), run.samples.size());
  EXPECT_NEAR(static_cast<double>(completed(run)), static_cast<double>(run.samples.size()), 2);
  EXPECT_EQ(run.connections, 1u);
  EXPECT_EQ(server.connections(), 2);  // one asked whether anybody is there
  EXPECT_NEAR(run.mean_in_flight, 1, 0.15);
  EXPECT_GE(latencies_ms(run).front(), 5);
  EXPECT_EQ(run.whole.ok, static_cast<std::size_t>(server.requests()));
  EXPECT_EQ(run.late_sends, 0u);
  for (const Sample& each : run.samples) {
    EXPECT_EQ(each.intended, each.sent);
    EXPECT_GE(each.intended.count(), 0);
    EXPECT_LT(each.intended.count(), 1'000'000'000);
    EXPECT_EQ(each.status, 200);
  }
}

TEST(ClosedLoop, keeps_as_many_requests_in_flight_as_clients) {
  TestServer server([](const std::string&) { return TestAnswer{http_answer(200, "{}"), milliseconds(20)}; });
  const LoadRun one = run_load(target_of(server), closed_loop(1, 0.6));
  const LoadRun eight = run_load(target_of(server), closed_loop(8, 0.6));
  EXPECT_GT(completed(eight), 4 * completed(one));
  EXPECT_NEAR(eight.mean_in_flight, 8, 1);
  EXPECT_EQ(eight.connections, 8u);
}

TEST(ClosedLoop, makes_a_connection_for_each_request_where_asked) {
  TestServer server([](const std::string& request) {
    EXPECT_NE(request.find("Connection: close"), std::string::npos);
    return TestAnswer{http_answer(200, "{}"), milliseconds(2), true};
  });
  LoadOptions options = closed_loop(2, 0.3);
  options.new_connections = true;
  const LoadRun run = run_load(target_of(server), options);
  EXPECT_EQ(run.connections, run.whole.requests);
  EXPECT_GT(run.samples.size(), 10u);
  EXPECT_EQ(count(run, Outcome::ok), run.samples.size());
}

TEST(ClosedLoop, sends_again_what_met_a_connection_that_had_been_closed) {
  // Says nothing of closing, and closes.
  TestServer server([](const std::string&) { return TestAnswer{http_answer(200, "{}"), milliseconds(1), true}; });
  const LoadRun run = run_load(target_of(server), closed_loop(1, 0.3));
  EXPECT_EQ(count(run, Outcome::ok), run.samples.size());
  EXPECT_GT(run.samples.size(), 10u);
  EXPECT_GT(run.connections, 10u);
}

TEST(OpenLoop, keeps_its_rate_and_sends_bodies_in_turn) {
  std::atomic<int> a{0}, b{0};
  TestServer server([&](const std::string& request) {
    ++(request.ends_with("aa") ? a : b);
    return quick(request);
  });
  Target target = target_of(server);
  target.bodies = {"aa", "b"};
  const LoadRun run = run_load(target, open_loop(Loop::constant, 200, 1, 4));
  EXPECT_EQ(run.samples.size(), 200u);
  EXPECT_EQ(count(run, Outcome::ok), 200u);
  EXPECT_NEAR(a, b, 1);
  for (const Sample& each : run.samples) {
    EXPECT_GE(each.sent, each.intended);
    EXPECT_EQ(each.intended.count() % 5'000'000, 0);  // a multiple of 5 ms, whatever happened
  }
}

// The whole point of an open loop. The server stalls 1 s in every 4 s, so any window of 4 s holds 1 s of stall.
TEST(OpenLoop, shows_a_stall_that_a_closed_loop_hides) {
  const auto began = std::chrono::steady_clock::now();
  TestServer server([began](const std::string& request) {
    using namespace std::chrono;
    const auto phase = duration_cast<milliseconds>(steady_clock::now() - began) % 4000;
    TestAnswer answer = quick(request);
    answer.delay = phase < 1000ms ? 1000ms - phase : 2ms;
    return answer;
  });
  const LoadRun hidden = run_load(target_of(server), closed_loop(1, 4));
  const LoadRun shown = run_load(target_of(server), open_loop(Loop::poisson, 100, 4, 64));
  ASSERT_GT(hidden.samples.size(), 250u);
  EXPECT_EQ(count(shown, Outcome::ok), shown.samples.size());
  EXPECT_GE(quantile(latencies_ms(hidden), 1), 500);     // it was there
  EXPECT_LT(quantile(latencies_ms(hidden), 0.99), 200);  // and its p99 does not know
  EXPECT_GE(quantile(latencies_ms(shown), 0.99), 500);
}

TEST(OpenLoop, counts_waiting_for_a_connection_as_latency) {
  TestServer server([](const std::string&) { return TestAnswer{http_answer(200, "{}"), milliseconds(50)}; });
  // One connection answers 20/s; 40/s are asked for, so the last of 40 requests waits for about a second.
  const LoadRun run = run_load(target_of(server), open_loop(Loop::constant, 40, 1, 1));
  EXPECT_EQ(run.samples.size(), 40u);
  EXPECT_EQ(count(run, Outcome::ok), 40u);
  EXPECT_GT(latencies_ms(run).back(), 800);
  EXPECT_LE(completed(run), 21u);  // what came after the window makes no rate
  EXPECT_EQ(run.late_sends, 0u);   // the server was late, not the client
  EXPECT_GT(run.whole.wait_ms, 40 * 200);
  EXPECT_NEAR(run.mean_in_flight, 1, 0.1);
}

TEST(OpenLoop, gives_up_what_waits_too_long_and_says_so) {
  TestServer server([](const std::string&) { return TestAnswer{http_answer(200, "{}"), milliseconds(400)}; });
  LoadOptions options = open_loop(Loop::constant, 50, 0.5, 1);
  options.timeout_s = 0.3;
  options.warmup_seconds = 0;
  const LoadRun run = run_load(target_of(server), options);
  EXPECT_EQ(run.samples.size(), 25u);
  EXPECT_EQ(count(run, Outcome::ok), 0u);
  EXPECT_GE(count(run, Outcome::timed_out), 1u);
  EXPECT_GE(count(run, Outcome::not_sent), 3u);
  EXPECT_EQ(count(run, Outcome::timed_out) + count(run, Outcome::not_sent), 25u);
  EXPECT_GE(latencies_ms(run).front(), 300);
  EXPECT_EQ(run.refused_by_cap, 0u);
}

TEST(OpenLoop, reports_where_its_cap_binds) {
  TestServer server([](const std::string&) { return TestAnswer{http_answer(200, "{}"), milliseconds(200)}; });
  LoadOptions options = open_loop(Loop::constant, 100, 0.5, 1);
  options.most_waiting = 3;
  options.warmup_seconds = 0;
  const LoadRun run = run_load(target_of(server), options);
  EXPECT_EQ(run.samples.size(), 50u);
  EXPECT_GE(run.refused_by_cap, 35u);
  EXPECT_EQ(count(run, Outcome::not_sent), run.refused_by_cap);
  EXPECT_NE(run.first_failure.find("wait"), std::string::npos) << run.first_failure;
}

struct Fault {
  const char* name;
  TestAnswer answer;
  Outcome outcome;
  const char* text;
};

TEST(Outcomes, name_each_kind_of_fault) {
  const std::vector<Fault> faults = {
      {"500", {http_answer(500, "no memory")}, Outcome::status, "HTTP status 500: no memory"},
      {"404", {http_answer(404, "")}, Outcome::status, "404"},
      {"closed at once", {"", milliseconds(0), true}, Outcome::closed_connection, "closed"},
      {"closed in the head", {"HTTP/1.1 200 OK\r\nContent-Le", milliseconds(0), true}, Outcome::closed_connection, "closed"},
      {"closed in the body",
       {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", milliseconds(0), true},
       Outcome::closed_connection,
       "closed"},
      {"garbage", {"SSH-2.0-OpenSSH\r\n"}, Outcome::malformed, "no HTTP"},
      {"more than told", {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}{}"}, Outcome::malformed, "no HTTP"},
      {"never", {"", milliseconds(2000)}, Outcome::timed_out, "timeout"},
      {"never whole", {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"}, Outcome::timed_out, "timeout"},
  };
  for (const Fault& fault : faults) {
    SCOPED_TRACE(fault.name);
    TestServer server([&](const std::string&) { return fault.answer; });
    LoadOptions options = closed_loop(2, 0.25);
    options.timeout_s = 0.1;
    options.warmup_seconds = 0;
    const LoadRun run = run_load(target_of(server), options);
    EXPECT_GE(run.samples.size(), 2u);
    EXPECT_EQ(count(run, fault.outcome), run.samples.size());
    EXPECT_NE(run.first_failure.find(fault.text), std::string::npos) << run.first_failure;
    EXPECT_EQ(completed(run), 0u);
    if (fault.outcome == Outcome::timed_out) {
      EXPECT_GE(latencies_ms(run).front(), 100);
    }
  }
}

TEST(Outcomes, see_a_server_that_goes_away) {
  LoadRun run;
  {
    auto server = std::make_unique<TestServer>(quick);
    Target target = target_of(*server);
    std::thread killer([&] {
      std::this_thread::sleep_for(milliseconds(300));
      server.reset();
    });
    run = run_load(target, closed_loop(1, 0.8));
    killer.join();
  }
  EXPECT_GT(count(run, Outcome::ok), 0u);
  EXPECT_GT(count(run, Outcome::refused_connection), 5u);
  EXPECT_LT(count(run, Outcome::refused_connection), 80u);  // it rests between tries
  EXPECT_FALSE(run.first_failure.empty());
}

TEST(Outcomes, take_only_deepdetects_answers_for_deepdetects) {
  TestServer server([](const std::string&) { return TestAnswer{http_answer(200, R"({"head":{"method":"/predict","time":12.5}})")}; });
  Target target = target_of(server);
  target.interface = Interface::deepdetect;
  const LoadRun run = run_load(target, closed_loop(1, 0.1));
  ASSERT_GT(count(run, Outcome::ok), 0u);
  EXPECT_EQ(run.samples.front().server_ms, 12.5F);
  EXPECT_DOUBLE_EQ(run.whole.server_ms, 12.5 * static_cast<double>(run.whole.ok));
  TestServer other(quick);
  target.port = other.port();
  const LoadRun none = run_load(target, closed_loop(1, 0.1));
  EXPECT_EQ(count(none, Outcome::malformed), none.samples.size());
  EXPECT_NE(none.first_failure.find("no DeepDetect answer"), std::string::npos);
}

TEST(Errors, end_a_run_before_it_begins) {
  TestServer server(quick);
  Target target = target_of(server);
  const LoadOptions options = closed_loop(1, 0.1);
  std::uint16_t nobody = 0;
  {
    const TestServer gone(quick);
    nobody = gone.port();
  }
  target.port = nobody;
  expect_error(ErrorCode::io, "cannot connect: Connection refused", [&] { run_load(target, options); });
  target.host = "no-such-host.invalid";
  expect_error(ErrorCode::io, "no such host", [&] { run_load(target, options); });
  target = target_of(server);
  target.bodies.clear();
  expect_error(ErrorCode::usage, "nothing to send", [&] { run_load(target, options); });
  target = target_of(server);
  expect_error(ErrorCode::usage, "rate", [&] { run_load(target, open_loop(Loop::constant, 0, 1, 1)); });
  target.headers = {{"X-A", "b\r\nX-B: c"}};
  expect_error(ErrorCode::usage, "X-A", [&] { run_load(target, options); });
  target.headers = {{"Content-length", "3"}};
  expect_error(ErrorCode::usage, "Content-length", [&] { run_load(target, options); });
}

TEST(LargeBodies, go_out_whole_and_come_back_whole) {
  const std::string large(5'000'000, 'x');
  TestServer server([&](const std::string& request) {
    EXPECT_GT(request.size(), large.size());
    return TestAnswer{http_answer(200, large)};
  });
  Target target = target_of(server);
  target.bodies = {large};
  LoadOptions options = closed_loop(2, 0.3);
  options.warmup_seconds = 0;  // so that a slow machine, too, sends some in the window
  const LoadRun run = run_load(target, options);
  ASSERT_GT(run.samples.size(), 0u);
  EXPECT_EQ(count(run, Outcome::ok), run.samples.size());
  EXPECT_GE(run.bytes_sent, run.whole.ok * large.size());
  EXPECT_GE(run.bytes_received, run.whole.ok * large.size());
}

}  // namespace
}  // namespace inferometer::load
