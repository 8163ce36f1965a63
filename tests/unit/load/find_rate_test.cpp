#include "load/find_rate.h"

#include <algorithm>

#include "test_server.h"

namespace inferometer::load {
namespace {

TEST(FindRate, ends_within_its_ratio_and_asks_twice) {
  for (const double capacity : {0.7, 3.0, 10.0, 137.0, 5000.0}) {
    SCOPED_TRACE(capacity);
    std::vector<double> asked;
    const RateSearch found = find_rate({}, [&](double rate) {
      asked.push_back(rate);
      return rate <= capacity;
    });
    ASSERT_TRUE(found.rate);
    EXPECT_LE(*found.rate, capacity);
    ASSERT_TRUE(found.failed);
    EXPECT_GT(*found.failed, capacity);
    EXPECT_LE(*found.failed, *found.rate * 1.05);
    EXPECT_EQ(std::count(asked.begin(), asked.end(), *found.rate), 2);
    EXPECT_EQ(asked.back(), *found.rate);
    EXPECT_EQ(asked.size(), found.trials.size());
    EXPECT_TRUE(found.trials.back().repeats && found.trials.back().holds);
    EXPECT_EQ(std::count_if(found.trials.begin(), found.trials.end(), [](const RateTrial& each) { return each.repeats; }), 1);
    EXPECT_TRUE(found.remark.empty());
    EXPECT_LE(asked.size(), 20u);
  }
}

TEST(FindRate, believes_no_rate_that_held_by_chance) {
  // Above 100 a rate holds only the first time it is asked for.
  std::vector<double> asked;
  const RateSearch found = find_rate({}, [&](double rate) {
    asked.push_back(rate);
    return rate <= 100 || (rate <= 150 && std::count(asked.begin(), asked.end(), rate) == 1);
  });
  ASSERT_TRUE(found.rate);
  EXPECT_LE(*found.rate, 100);
  EXPECT_GT(*found.rate, 75);
  EXPECT_GT(*found.failed, *found.rate);
  EXPECT_GT(std::count_if(found.trials.begin(), found.trials.end(), [](const RateTrial& each) { return each.repeats; }), 1);
}

TEST(FindRate, says_when_nothing_holds_or_everything_does) {
  const RateSearch none = find_rate({}, [](double) { return false; });
  EXPECT_FALSE(none.rate);
  EXPECT_NE(none.remark.find("not even"), std::string::npos) << none.remark;
  EXPECT_EQ(none.trials.back().rate, 0.01);
  const RateSearch all = find_rate({}, [](double) { return true; });
  EXPECT_EQ(all.rate, 1e6);
  EXPECT_FALSE(all.failed);
  RateSearchOptions few;
  few.most_trials = 3;
  const RateSearch cut = find_rate(few, [](double rate) { return rate < 100; });
  EXPECT_FALSE(cut.rate);
  EXPECT_EQ(cut.trials.size(), 3u);
  EXPECT_NE(cut.remark.find("3 windows"), std::string::npos) << cut.remark;
}

TEST(FindRate, refuses_what_would_never_end) {
  const auto holds = [](double) { return true; };
  RateSearchOptions options;
  options.ratio = 1;
  expect_error(ErrorCode::usage, "ratio", [&] { find_rate(options, holds); });
  options = {};
  options.first_rate = 0;
  expect_error(ErrorCode::usage, "rates above 0", [&] { find_rate(options, holds); });
}

}  // namespace
}  // namespace inferometer::load
