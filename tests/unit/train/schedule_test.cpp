#include "train/schedule.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace inferometer::train {
namespace {

TEST(LearningRate, Constant) {
  const LearningRates rates{.rate = 0.3, .schedule = Schedule::constant};
  for (const std::int64_t step : {0, 1, 99}) EXPECT_DOUBLE_EQ(learning_rate(rates, step, 10, 10), 0.3);
}

TEST(LearningRate, WarmUpGrowsInEqualParts) {
  const LearningRates rates{.rate = 0.8, .schedule = Schedule::constant, .warmup_epochs = 0.5};
  const double expected[] = {0.2, 0.4, 0.6, 0.8, 0.8};
  for (std::int64_t step = 0; step < 5; ++step) EXPECT_DOUBLE_EQ(learning_rate(rates, step, 8, 3), expected[step]) << step;
}

TEST(LearningRate, CosineAfterWarmUp) {
  const LearningRates rates{.rate = 2, .schedule = Schedule::cosine, .warmup_epochs = 1};
  // 4 steps of warm-up, then 8 along half a cosine.
  EXPECT_DOUBLE_EQ(learning_rate(rates, 3, 4, 3), 2);
  EXPECT_DOUBLE_EQ(learning_rate(rates, 4, 4, 3), 2);
  EXPECT_NEAR(learning_rate(rates, 6, 4, 3), 1 + std::numbers::sqrt2 / 2, 1e-15);
  EXPECT_NEAR(learning_rate(rates, 8, 4, 3), 1, 1e-15);
  EXPECT_NEAR(learning_rate(rates, 11, 4, 3), 1 + std::cos(7 * std::numbers::pi / 8), 1e-15);
}

TEST(LearningRate, StepsAtTheEndsOfEpochs) {
  const LearningRates rates{.rate = 1, .schedule = Schedule::step, .step_epochs = {2, 3}, .step_factor = 0.1};
  EXPECT_DOUBLE_EQ(learning_rate(rates, 9, 5, 4), 1);
  EXPECT_DOUBLE_EQ(learning_rate(rates, 10, 5, 4), 0.1);
  EXPECT_NEAR(learning_rate(rates, 19, 5, 4), 0.01, 1e-17);
}

TEST(LearningRate, WarmUpLongerThanTheTraining) {
  const LearningRates rates{.rate = 1, .warmup_epochs = 100};
  EXPECT_DOUBLE_EQ(learning_rate(rates, 9, 5, 2), 1);
  EXPECT_DOUBLE_EQ(learning_rate(rates, 0, 5, 2), 0.1);
}

}  // namespace
}  // namespace inferometer::train
