#include "measure/flights.h"

#include <cmath>

#include <gtest/gtest.h>

namespace inferometer::measure {
namespace {

using Lane = std::vector<Flight>;

/// `count` flights of `length` ns one after another from `begin`, the first of them of the ramp.
Lane steady_lane(std::int64_t begin, std::int64_t length, int count) {
  Lane lane;
  for (int i = 0; i < count; ++i) lane.push_back({begin + i * length, begin + (i + 1) * length});
  return lane;
}

/// Two lanes: the first starts its window's first flight at 10, the second is in the midst of one then.
const Lane kFirst{{0, 10}, {10, 20}, {20, 30}, {30, 40}};
const Lane kSecond{{5, 15}, {15, 25}, {27, 35}};

TEST(Window, begins_with_the_first_start_after_the_ramp_and_ends_before_any_lane_does) {
  const auto window = window_of({kFirst, kSecond});
  ASSERT_TRUE(window);
  EXPECT_EQ(window->begin_ns, 10);
  EXPECT_EQ(window->end_ns, 35);
}

TEST(Window, of_an_exact_number_ends_with_that_completion) {
  // Ends after 10: 15, 20, 25, 30, 35; 40 lies behind the end of the second lane.
  const struct { std::int64_t exact, end_ns; } cases[] = {{1, 15}, {2, 20}, {3, 25}, {4, 30}, {5, 35}};
  for (const auto& [exact, end_ns] : cases) {
    const auto window = window_of({kFirst, kSecond}, exact);
    ASSERT_TRUE(window) << exact;
    EXPECT_EQ(window->begin_ns, 10) << exact;
    EXPECT_EQ(window->end_ns, end_ns) << exact;
    EXPECT_EQ(completed_in({kFirst, kSecond}, *window).size(), static_cast<std::size_t>(exact));
  }
  EXPECT_FALSE(window_of({kFirst, kSecond}, 6));
}

TEST(Window, needs_two_flights_of_every_lane_with_time_in_common) {
  const Lane only_ramp{{0, 10}}, early{{0, 2}, {2, 5}}, late{{4, 6}, {6, 9}, {9, 12}}, none;
  EXPECT_FALSE(window_of({}));
  EXPECT_FALSE(window_of({none}));
  EXPECT_FALSE(window_of({only_ramp}));
  EXPECT_FALSE(window_of({kFirst, only_ramp}));
  EXPECT_TRUE(window_of({early, late}));                                                                              // 2 to 5
  EXPECT_FALSE(window_of({Lane{{0, 2}, {2, 5}}, Lane{{4, 6}, {6, 6}}, Lane{{0, 1}, {1, 2}}, Lane{{0, 0}, {0, 0}}}));  // the last ends at 0
}

TEST(RequestsIn, counts_those_that_the_ends_cut_by_the_share_inside) {
  // First: 10-20, 20-30 whole, half of 30-40. Second: half of 5-15, 15-25, 27-35 whole.
  EXPECT_DOUBLE_EQ(requests_in({kFirst, kSecond}, {10, 35}), 2.5 + 2.5);
  EXPECT_DOUBLE_EQ(requests_in({kFirst}, {12, 18}), 0.6);  // one flight is longer than the window
  EXPECT_DOUBLE_EQ(requests_in({kSecond}, {25, 27}), 0);   // between two flights
}

TEST(RequestsIn, is_exact_for_steady_lanes_wherever_the_window_lies) {
  // Three lanes, out of step, 7 ns a request: 3/7 a nanosecond.
  const Lane a = steady_lane(0, 7, 100), b = steady_lane(-3, 7, 100), c = steady_lane(-5, 7, 100);
  for (const Window window : {Window{7, 107}, Window{10, 601}, Window{11, 13}}) {
    EXPECT_NEAR(requests_in({a, b, c}, window), 3.0 / 7 * static_cast<double>(window.end_ns - window.begin_ns), 1e-9);
  }
  const auto window = window_of({a, b, c});
  ASSERT_TRUE(window);
  EXPECT_EQ(window->begin_ns, 2);
  EXPECT_EQ(window->end_ns, 695);
  EXPECT_NEAR(requests_in({a, b, c}, *window), 297, 1e-9);
  EXPECT_EQ(completed_in({a, b, c}, *window).size(), 297u);
}

TEST(RequestsIn, without_duration_counts_where_it_ended) {
  const Lane instant{{1, 1}, {5, 5}, {9, 9}};
  EXPECT_EQ(requests_in({instant}, {1, 9}), 2);
  EXPECT_EQ(requests_in({instant}, {4, 8}), 1);
}

TEST(CompletedIn, has_the_times_in_the_order_of_the_ends) {
  EXPECT_EQ(completed_in({kFirst, kSecond}, {10, 35}), (std::vector<std::int64_t>{10, 10, 10, 10, 8}));
  EXPECT_EQ(completed_in({Lane{{0, 4}, {4, 30}}, Lane{{0, 3}, {3, 5}, {5, 11}}}, {3, 30}), (std::vector<std::int64_t>{4, 2, 6, 26}));
  EXPECT_EQ(completed_in({kFirst}, {10, 20}), (std::vector<std::int64_t>{10}));  // what ends where the window begins is outside
}

TEST(BelowFullFlight, is_the_share_of_time_with_a_lane_between_two_calls) {
  EXPECT_DOUBLE_EQ(below_full_flight_ratio({kFirst, kSecond}, {10, 35}), 2.0 / 25);
  EXPECT_EQ(below_full_flight_ratio({kFirst}, {10, 35}), 0);
  // Gaps 10-20 and 15-25 overlap; 28-40 is cut by the window.
  const Lane a{{0, 10}, {20, 28}, {40, 50}}, b{{0, 15}, {25, 60}};
  EXPECT_DOUBLE_EQ(below_full_flight_ratio({a, b}, {5, 35}), (15.0 + 7) / 30);
  // A gap inside another's.
  EXPECT_DOUBLE_EQ(below_full_flight_ratio({Lane{{0, 10}, {30, 50}}, Lane{{0, 15}, {20, 60}}}, {0, 40}), 20.0 / 40);
  // A third one that begins after the inner one has ended.
  EXPECT_DOUBLE_EQ(below_full_flight_ratio({Lane{{0, 10}, {30, 50}}, Lane{{0, 15}, {20, 60}}, Lane{{0, 25}, {28, 60}}}, {0, 40}),
                   20.0 / 40);
}

TEST(BlockRates, add_up_to_the_window) {
  const Lane a = steady_lane(0, 10, 50), b = steady_lane(-4, 13, 40);
  const Window window = *window_of({a, b});
  const auto rates = block_rates({a, b}, window);
  double sum = 0;
  for (const double rate : rates) {
    EXPECT_NEAR(rate, (1 / 10.0 + 1 / 13.0) * 1e9, 1);
    sum += rate;
  }
  const double seconds = static_cast<double>(window.end_ns - window.begin_ns) * 1e-9;
  EXPECT_NEAR(sum / kBlocks, requests_in({a, b}, window) / seconds, 0.01 * sum / kBlocks);
}

TEST(BlockRates, tell_when_the_engine_was_slower) {
  // 10 ns a request for 1000 ns, then 20 ns for 1000 ns.
  Lane lane = steady_lane(-10, 10, 101);
  for (const Flight& flight : steady_lane(1000, 20, 50)) lane.push_back(flight);
  const auto rates = block_rates({lane}, {0, 2000});
  for (std::size_t i = 0; i < kBlocks; ++i) EXPECT_DOUBLE_EQ(rates[i], i < 10 ? 1e8 : 5e7) << i;
}

TEST(BlockRates, of_a_request_longer_than_blocks) {
  const auto rates = block_rates({Lane{{0, 1000}, {1000, 2000}}}, {500, 1500});
  for (const double rate : rates) EXPECT_DOUBLE_EQ(rate, 1e6);
}

TEST(RateHalfWidth, is_students_interval_of_the_blocks) {
  std::array<double, kBlocks> rates{};
  rates.fill(100);
  EXPECT_EQ(rate_half_width_ratio(rates), 0);
  for (std::size_t i = 0; i < kBlocks; ++i) rates[i] = i % 2 == 0 ? 90 : 110;
  // s = sqrt(20 x 100 / 19) = 10.2598, t(0.975, 19) = 2.0930: 2.0930 x 10.2598 / sqrt(20) / 100
  EXPECT_NEAR(rate_half_width_ratio(rates), 0.0480172, 1e-6);
  rates.fill(0);
  EXPECT_TRUE(std::isinf(rate_half_width_ratio(rates)));
}

}  // namespace
}  // namespace inferometer::measure
