#include "measure/start_watch.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "samples.h"

namespace inferometer::measure {
namespace {

double now_s() { return static_cast<double>(steady_now().count()) * 1e-9; }

/// 10 W for ever; counts how often it is asked.
class Constant final : public Meter {
 public:
  Constant(int* asked, double stops_after_s, std::string problem) : asked_(asked), stops_s_(stops_after_s), problem_(std::move(problem)) {}
  MeterInfo info() const override { return {"constant", "a lamp", PowerQuantity::watts, 0.001}; }
  std::string problem() const override { return problem_; }
  void sample(double now, std::vector<PowerSample>& samples) override {
    ++*asked_;
    if (first_s_ == 0) first_s_ = now;
    if (now - first_s_ <= stops_s_) samples.push_back({now, 10});
  }

 private:
  int* asked_;
  double stops_s_, first_s_ = 0;
  std::string problem_;
};

/// Watch until half a second has passed, and say that the loop ran from the begin to then.
StartRecord watched(int& asked, double meter_stops_after_s, const std::string& problem) {
  const TemporaryFolder nothing;
  StartWatch watch(std::make_unique<Constant>(&asked, meter_stops_after_s, problem), ProcessorSensors({0}, 1, nothing.root()));
  StartRecord start;
  const double begin = now_s();
  while (now_s() < begin + 0.5) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  start.timed_span = TimeSpan{begin, now_s()};
  watch.finish(start);
  return start;
}

TEST(StartWatch, energy_of_the_loop) {
  int asked = 0;
  const StartRecord start = watched(asked, 1e9, "");
  ASSERT_TRUE(start.power);
  EXPECT_EQ(start.power->meter, "constant");
  EXPECT_EQ(start.power->covers, "a lamp");
  ASSERT_TRUE(start.power->energy_j) << start.power->problem;
  EXPECT_NEAR(*start.power->energy_j, 10 * start.timed_span->length_s(), 1e-6);
  EXPECT_FALSE(start.power->idle_power_w);  // nobody rested
  EXPECT_FALSE(start.power->idle_problem.empty());
  EXPECT_GE(asked, 10);
  const int then = asked;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(asked, then);  // it ended with finish()
}

TEST(StartWatch, samples_that_stop_give_no_energy) {
  int asked = 0;
  const StartRecord start = watched(asked, 0.3, "");
  ASSERT_TRUE(start.power);
  EXPECT_FALSE(start.power->energy_j);
  EXPECT_NE(start.power->problem.find("before the loop's end"), std::string::npos) << start.power->problem;
}

TEST(StartWatch, a_meters_own_problem_gives_no_energy) {
  int asked = 0;
  EXPECT_EQ(watched(asked, 1e9, "it burnt").power->problem, "constant: it burnt");
}

TEST(StartWatch, without_anything_to_read_nothing_is_filled_in) {
  const TemporaryFolder nothing;
  StartWatch watch(nullptr, ProcessorSensors({0}, 1, nothing.root()));
  watch.rest(nullptr);
  StartRecord start;
  start.timed_span = TimeSpan{1, 2};
  watch.finish(start);
  EXPECT_FALSE(start.power || start.surroundings.cpu_mhz_mean || start.surroundings.temperature_c);
}

TEST(PowerOf, a_start_without_a_loop) {
  PowerTrace trace;
  EXPECT_FALSE(power_of(trace, {}, std::nullopt).problem.empty());
}

TEST(PowerOf, loop_and_rest_apart) {
  PowerTrace trace;
  trace.meter = {"m", "", PowerQuantity::watts, 0.1};
  for (int i = 0; i <= 120; ++i) trace.samples.push_back({0.1 * i, i < 60 ? 4.0 : 30.0});
  const StartPower power = power_of(trace, {0.05, 5.05}, TimeSpan{7.02, 9.02});
  EXPECT_NEAR(*power.idle_power_w, 4, 1e-9);
  EXPECT_NEAR(*power.energy_j, 60, 1e-9);
  EXPECT_EQ(power.problem + power.idle_problem, "");
}

TEST(WithTimeFor, a_slow_meter_makes_the_loop_longer) {
  StopRule stop;
  EXPECT_DOUBLE_EQ(with_time_for({"", "", PowerQuantity::joules, 0.001}, stop).min_time_s, 1);
  EXPECT_DOUBLE_EQ(with_time_for({"", "", PowerQuantity::joules, 0.001}, stop).max_time_s, 2);
  EXPECT_DOUBLE_EQ(with_time_for({"", "", PowerQuantity::watts, 1}, stop).min_time_s, 11);
  EXPECT_DOUBLE_EQ(with_time_for({"", "", PowerQuantity::watts, 1}, stop).max_time_s, 11);
  stop.min_time_s = 20;
  EXPECT_DOUBLE_EQ(with_time_for({"", "", PowerQuantity::watts, 1}, stop).min_time_s, 20);
  EXPECT_GE(with_time_for({"", "", PowerQuantity::watts, 1}, {}).min_time_s, kLeastPeriods * 1);
}

}  // namespace
}  // namespace inferometer::measure
