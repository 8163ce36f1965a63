#include "measure/start.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "samples.h"

namespace inferometer::measure {
namespace {

void expect_equal(const Agreement& a, const Agreement& b) {
  EXPECT_EQ(a.max_error, b.max_error);
  EXPECT_EQ(a.top1_ratio, b.top1_ratio);
  EXPECT_EQ(a.tolerance, b.tolerance);
  EXPECT_EQ(a.against, b.against);
  EXPECT_EQ(a.note, b.note);
  EXPECT_EQ(a.not_finite, b.not_finite);
  EXPECT_EQ(a.constant, b.constant);
  EXPECT_EQ(a.all_zero, b.all_zero);
}

void expect_equal(const StartRecord& a, const StartRecord& b) {
  EXPECT_EQ(a.index, b.index);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.reason, b.reason);
  EXPECT_EQ(a.log_tail, b.log_tail);
  EXPECT_EQ(a.samples_ns, b.samples_ns);
  EXPECT_EQ(a.dropped, b.dropped);
  EXPECT_EQ(a.warmup_requests, b.warmup_requests);
  EXPECT_EQ(a.load_ms, b.load_ms);
  EXPECT_EQ(a.first_inference_ms, b.first_inference_ms);
  EXPECT_EQ(a.timer_overhead_ns, b.timer_overhead_ns);
  EXPECT_EQ(a.obtained_device, b.obtained_device);
  EXPECT_EQ(a.obtained_precision, b.obtained_precision);
  EXPECT_EQ(a.obtained_threads, b.obtained_threads);
  EXPECT_EQ(a.obtained_streams, b.obtained_streams);
  EXPECT_EQ(a.obtained_own, b.obtained_own);
  EXPECT_EQ(a.input_height, b.input_height);
  EXPECT_EQ(a.input_width, b.input_width);
  EXPECT_EQ(a.computes, b.computes);
  EXPECT_EQ(a.quantized, b.quantized);
  ASSERT_EQ(a.agreement.has_value(), b.agreement.has_value());
  if (a.agreement) expect_equal(*a.agreement, *b.agreement);
  EXPECT_EQ(a.memory.baseline, b.memory.baseline);
  EXPECT_EQ(a.memory.after_load, b.memory.after_load);
  EXPECT_EQ(a.memory.after_first, b.memory.after_first);
  EXPECT_EQ(a.memory.peak, b.memory.peak);
  EXPECT_EQ(a.memory.device_peak, b.memory.device_peak);
  const Surroundings &s = a.surroundings, &t = b.surroundings;
  EXPECT_EQ(s.core_roundtrip_before_ns, t.core_roundtrip_before_ns);
  EXPECT_EQ(s.core_roundtrip_after_ns, t.core_roundtrip_after_ns);
  EXPECT_EQ(s.foreign_load_ratio, t.foreign_load_ratio);
  EXPECT_EQ(s.stolen_ratio, t.stolen_ratio);
  EXPECT_EQ(s.throttle_events, t.throttle_events);
  EXPECT_EQ(s.cpu_mhz_mean, t.cpu_mhz_mean);
  EXPECT_EQ(s.cpu_mhz_min, t.cpu_mhz_min);
  EXPECT_EQ(s.temperature_c, t.temperature_c);
  EXPECT_EQ(s.repeat_speedup, t.repeat_speedup);
  EXPECT_EQ(s.repeat_speedup_low, t.repeat_speedup_low);
  EXPECT_EQ(a.started_at, b.started_at);
  EXPECT_EQ(a.order_seed, b.order_seed);
  EXPECT_EQ(a.repeats, b.repeats);
  ASSERT_EQ(a.window.has_value(), b.window.has_value());
  if (a.window) {
    EXPECT_EQ(a.window->seconds, b.window->seconds);
    EXPECT_EQ(a.window->requests, b.window->requests);
    EXPECT_EQ(a.window->below_full_flight_ratio, b.window->below_full_flight_ratio);
    EXPECT_EQ(a.window->block_requests_per_s, b.window->block_requests_per_s);
  }
  ASSERT_EQ(a.timed_span.has_value(), b.timed_span.has_value());
  if (a.timed_span) {
    EXPECT_EQ(a.timed_span->begin_s, b.timed_span->begin_s);
    EXPECT_EQ(a.timed_span->end_s, b.timed_span->end_s);
  }
  ASSERT_EQ(a.power.has_value(), b.power.has_value());
  if (a.power) {
    EXPECT_EQ(a.power->meter, b.power->meter);
    EXPECT_EQ(a.power->covers, b.power->covers);
    EXPECT_EQ(a.power->energy_j, b.power->energy_j);
    EXPECT_EQ(a.power->idle_power_w, b.power->idle_power_w);
    EXPECT_EQ(a.power->problem, b.power->problem);
    EXPECT_EQ(a.power->idle_problem, b.power->idle_problem);
  }
  ASSERT_EQ(a.served.has_value(), b.served.has_value());
  if (!a.served) return;
  EXPECT_EQ(a.served->client_ms, b.served->client_ms);
  EXPECT_EQ(a.served->transform_ms, b.served->transform_ms);
}

StartRecord through_text(const StartRecord& start) { return nlohmann::json::parse(nlohmann::json(start).dump()).get<StartRecord>(); }

TEST(StartRecord, comes_back_from_json) {
  expect_equal(through_text(full_start()), full_start());
  expect_equal(through_text(StartRecord{}), StartRecord{});
}

TEST(StartRecord, reading_replaces_all_that_was_there) {
  StartRecord start = full_start();
  nlohmann::json(StartRecord{}).get_to(start);
  expect_equal(start, StartRecord{});
}

TEST(StartRecord, an_incomplete_object_is_refused) {
  const nlohmann::json whole = full_start();
  for (const auto& [key, value] : whole.items()) {
    nlohmann::json part = whole;
    part.erase(key);
    if (key == "inputs") {  // came later: a store of an older version has none
      EXPECT_EQ(part.get<StartRecord>().inputs, "");
      continue;
    }
    if (key == "served") {  // only of calls through the server
      EXPECT_FALSE(part.get<StartRecord>().served.has_value());
      continue;
    }
    if (key == "window") {  // only of several requests in flight
      EXPECT_FALSE(part.get<StartRecord>().window.has_value());
      continue;
    }
    if (key == "power" || key == "timed_span") {  // only where a meter was asked for; only of a start that has a loop
      const auto start = part.get<StartRecord>();
      EXPECT_EQ(start.power.has_value(), key != "power");
      EXPECT_EQ(start.timed_span.has_value(), key != "timed_span");
      continue;
    }
    EXPECT_THROW(part.get<StartRecord>(), nlohmann::json::exception) << key;
  }
}

TEST(Status, names_come_back) {
  const std::pair<Status, const char*> cases[] = {{Status::passed, "passed"},
                                                  {Status::skipped, "skipped"},
                                                  {Status::unsupported, "unsupported"},
                                                  {Status::failed, "failed"},
                                                  {Status::out_of_memory, "out_of_memory"},
                                                  {Status::timed_out, "timed_out"}};
  for (const auto& [value, name] : cases) {
    EXPECT_EQ(name_of(value), name);
    EXPECT_EQ(status(name), value);
  }
  EXPECT_EQ(status("Passed"), std::nullopt);
  EXPECT_EQ(status(""), std::nullopt);
}

}  // namespace
}  // namespace inferometer::measure
