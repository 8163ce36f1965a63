#include "stats/pareto.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

using Values = std::vector<double>;
using Indices = std::vector<std::size_t>;

TEST(ParetoFront, KeepsWhatNothingBeats) {
  //                     a   b   c   d   e   f
  const Values time{1.0, 2.0, 2.0, 3.0, 4.0, 0.5};
  const Values top1{60., 70., 65., 70., 80., 50.};
  EXPECT_EQ(pareto_front(time, top1), (Indices{5, 0, 1, 4}));
  EXPECT_EQ(pareto_front(time, top1, Wish::largest, Wish::largest), (Indices{4}));
  EXPECT_EQ(pareto_front(time, top1, Wish::smallest, Wish::smallest), (Indices{5}));
  EXPECT_EQ(pareto_front(time, top1, Wish::largest, Wish::smallest), (Indices{4, 3, 2, 0, 5}));
}

TEST(ParetoFront, KeepsEqualPoints) {
  EXPECT_EQ(pareto_front(Values{1, 1, 1, 2}, Values{5, 5, 4, 5}), (Indices{0, 1}));
  EXPECT_EQ(pareto_front(Values{3}, Values{3}), (Indices{0}));
  EXPECT_TRUE(pareto_front(Values{}, Values{}).empty());
}

TEST(ParetoFront, IsItsDefinition) {
  for (std::uint64_t trial = 0; trial < 200; ++trial) {
    CounterRandom random(3, trial);
    Values x, y;
    for (int i = 0; i < 30; ++i) {
      x.push_back(static_cast<double>(random.below(12)));
      y.push_back(static_cast<double>(random.below(12)));
    }
    const Indices front = pareto_front(x, y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      bool dominated = false;
      for (std::size_t j = 0; j < x.size(); ++j) dominated |= x[j] <= x[i] && y[j] >= y[i] && (x[j] < x[i] || y[j] > y[i]);
      EXPECT_EQ(std::count(front.begin(), front.end(), i), dominated ? 0 : 1) << trial;
    }
    for (std::size_t i = 1; i < front.size(); ++i) EXPECT_LE(x[front[i - 1]], x[front[i]]);
  }
}

TEST(ParetoFront, CallersMistakes) {
  EXPECT_THROW(pareto_front(Values{1, 2}, Values{1}), Error);
  EXPECT_THROW(pareto_front(Values{std::nan("")}, Values{1}), Error);
}

}  // namespace
}  // namespace inferometer::stats
