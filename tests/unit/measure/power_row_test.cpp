#include "measure/power_row.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "samples.h"

namespace inferometer::measure {
namespace {

StartRecord start_with(double energy_j, double idle_power_w, double window_s, std::size_t requests) {
  StartRecord start = steady_start(0, 1'000'000, requests);
  start.timed_span = TimeSpan{100, 100 + window_s};
  start.power = StartPower{"rapl", "the processor", energy_j, idle_power_w, "", ""};
  return start;
}

Entry with_meter(std::int64_t batch = 1) {
  Entry entry;
  entry.power = "auto";
  entry.batch = batch;
  return entry;
}

Row row_of(const Entry& entry, const std::vector<StartRecord>& starts, std::vector<bool> pooled = {}) {
  Row row;
  row.images_per_s = 300;
  if (pooled.empty()) pooled.assign(starts.size(), true);
  add_power(entry, starts, pooled, row);
  return row;
}

bool noted(const Row& row, const std::string& part) {
  return std::any_of(row.notes.begin(), row.notes.end(), [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

TEST(AddPower, sums_over_starts) {
  // 40 J in 2 s and 20 J in 1 s; idle 5 and 8 W.
  const Row row = row_of(with_meter(4), {start_with(40, 5, 2, 30), start_with(20, 8, 1, 20)});
  EXPECT_EQ(row.power_meter, "rapl (the processor)");
  EXPECT_DOUBLE_EQ(*row.energy_j, 60);
  EXPECT_DOUBLE_EQ(*row.power_w, 20);
  EXPECT_DOUBLE_EQ(*row.idle_power_w, 6.5);
  EXPECT_DOUBLE_EQ(*row.energy_above_idle_j, 60 - 10 - 8);
  EXPECT_DOUBLE_EQ(*row.images_per_s_per_w, 15);
  EXPECT_DOUBLE_EQ(*row.images_per_j, 50 * 4 / 42.0);
  EXPECT_TRUE(row.notes.empty());
}

TEST(AddPower, of_several_requests_in_flight_those_cut_by_the_window_count_in_part) {
  StartRecord start = start_with(40, 5, 2, 30);
  start.window = ThroughputWindow{2, 31.5, 0, {}};
  EXPECT_DOUBLE_EQ(*row_of(with_meter(4), {start}).images_per_j, 31.5 * 4 / 30);
}

TEST(AddPower, starts_that_are_left_out_do_not_count) {
  const Row row = row_of(with_meter(), {start_with(40, 5, 2, 30), start_with(20, 8, 1, 20)}, {true, false});
  EXPECT_DOUBLE_EQ(*row.energy_j, 40);
  EXPECT_DOUBLE_EQ(*row.images_per_j, 1);
}

TEST(AddPower, one_start_without_energy_makes_it_null_and_says_why) {
  std::vector<StartRecord> starts{start_with(40, 5, 2, 30), start_with(20, 8, 1, 20)};
  starts[1].power->energy_j.reset();
  starts[1].power->problem = "rapl: its counter stood still for 2 s";
  const Row row = row_of(with_meter(), starts);
  EXPECT_FALSE(row.energy_j || row.power_w || row.energy_above_idle_j || row.images_per_j || row.images_per_s_per_w);
  EXPECT_EQ(row.power_meter, "rapl (the processor)");
  EXPECT_DOUBLE_EQ(*row.idle_power_w, 6.5);
  EXPECT_TRUE(noted(row, "no energy: rapl: its counter stood still"));
}

TEST(AddPower, without_idle_power_there_is_no_energy_above_it) {
  std::vector<StartRecord> starts{start_with(40, 5, 2, 30), start_with(20, 8, 1, 20)};
  starts[0].power->idle_power_w.reset();
  starts[0].power->idle_problem = "rapl: a gap";
  const Row row = row_of(with_meter(), starts);
  EXPECT_DOUBLE_EQ(*row.energy_j, 60);
  EXPECT_FALSE(row.idle_power_w || row.energy_above_idle_j || row.images_per_j);
  EXPECT_TRUE(noted(row, "no idle power: rapl: a gap"));
}

TEST(AddPower, power_below_idle_gives_no_images_per_joule) {
  const Row row = row_of(with_meter(), {start_with(10, 12, 1, 30)});
  EXPECT_DOUBLE_EQ(*row.energy_above_idle_j, -2);
  EXPECT_FALSE(row.images_per_j);
  EXPECT_TRUE(noted(row, "not above the idle power"));
}

TEST(AddPower, what_was_not_asked_is_not_noted_and_what_is_missing_is) {
  Entry none;
  EXPECT_TRUE(row_of(none, {steady_start(0, 1)}).notes.empty());
  EXPECT_TRUE(noted(row_of(with_meter(), {steady_start(0, 1)}), "no power meter to read"));
  StartRecord start = steady_start(0, 1);
  start.power = StartPower{"", "", {}, {}, "no power meter here", ""};
  const Row row = row_of(with_meter(), {start});
  EXPECT_FALSE(row.power_meter || row.energy_j);
  EXPECT_TRUE(noted(row, "no energy: no power meter here"));
  std::vector<StartRecord> mixed{start_with(40, 5, 2, 30), start_with(40, 5, 2, 30)};
  mixed[1].power->meter = "battery:BAT0";
  EXPECT_FALSE(row_of(with_meter(), mixed).energy_j);
  EXPECT_TRUE(noted(row_of(with_meter(), mixed), "same meter"));
  mixed[1].power.reset();
  EXPECT_FALSE(row_of(with_meter(), mixed).energy_j);
}

TEST(AddPower, clock_and_temperature_need_no_meter) {
  std::vector<StartRecord> starts{steady_start(0, 1), steady_start(1, 1), steady_start(2, 1)};
  starts[0].surroundings.cpu_mhz_mean = 3000;
  starts[0].surroundings.cpu_mhz_min = 2900;
  starts[0].surroundings.temperature_c = 60;
  starts[1].surroundings.cpu_mhz_mean = 2000;
  starts[1].surroundings.cpu_mhz_min = 1900;
  starts[1].surroundings.temperature_c = 70;
  starts[2].surroundings.temperature_c = 90;
  const Row row = row_of(Entry{}, starts, {true, true, false});
  EXPECT_DOUBLE_EQ(*row.cpu_mhz_mean, 2500);
  EXPECT_DOUBLE_EQ(*row.cpu_mhz_min, 1900);
  EXPECT_DOUBLE_EQ(*row.temperature_c, 70);
  EXPECT_FALSE(row_of(Entry{}, {steady_start(0, 1)}).cpu_mhz_mean);
}

}  // namespace
}  // namespace inferometer::measure
