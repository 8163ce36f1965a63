#include "common/layer_history.h"

#include <gtest/gtest.h>

namespace inferometer::engine {
namespace {

std::vector<LayerTime> run(double first, double second) {
  LayerTime a, b;
  a.name = "a";
  a.time_us = first;
  b.name = "b";
  b.time_us = second;
  return {a, b};
}

TEST(LayerHistory, gives_the_median_of_every_layer) {
  LayerHistory history;
  EXPECT_TRUE(history.medians().empty());
  for (const double time : {5.0, 1.0, 3.0}) history.add(run(time, 0));
  ASSERT_EQ(history.medians().size(), 2u);
  EXPECT_EQ(history.medians()[0].time_us, 3);
  EXPECT_TRUE(history.medians()[0].executed);
  EXPECT_FALSE(history.medians()[1].executed);
  history.add(run(9, 1));
  EXPECT_EQ(history.medians()[0].time_us, 4);  // between 3 and 5
}

TEST(LayerHistory, forgets_what_was_before_a_restart) {
  LayerHistory history;
  history.add(run(100, 100));
  history.restart();
  EXPECT_TRUE(history.medians().empty());
  history.add(run(2, 4));
  EXPECT_EQ(history.medians()[1].time_us, 4);
}

TEST(LayerHistory, forgets_runs_of_other_layers) {
  LayerHistory history;
  history.add(run(100, 100));
  history.add({run(7, 0).front()});
  ASSERT_EQ(history.medians().size(), 1u);
  EXPECT_EQ(history.medians()[0].time_us, 7);
}

}  // namespace
}  // namespace inferometer::engine
