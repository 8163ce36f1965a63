#include "train/order.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::train {
namespace {

std::vector<std::size_t> first(std::size_t count, std::size_t from = 0) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), from);
  return numbers;
}

TEST(Shuffled, IsAPermutationThatDependsOnSeedAndEpoch) {
  for (const std::size_t count : {0u, 1u, 2u, 1000u}) {
    std::vector<std::size_t> order = shuffled(count, generator(1, Draw::order, 0));
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, first(count));
  }
  const auto order = [](std::uint64_t seed, std::int64_t epoch) { return shuffled(1000, generator(seed, Draw::order, epoch)); };
  EXPECT_EQ(order(1, 0), order(1, 0));
  EXPECT_NE(order(1, 0), order(1, 1));
  EXPECT_NE(order(1, 0), order(2, 0));
  EXPECT_NE(order(1, 0), shuffled(1000, generator(1, Draw::validation, 0)));
}

TEST(Shuffled, EveryPlaceIsLikely) {
  // Of 4 things in 24 orders each should come 1000 times in 24,000; 3-sigma limits are about 93.
  std::map<std::vector<std::size_t>, int> seen;
  for (std::int64_t epoch = 0; epoch < 24000; ++epoch) ++seen[shuffled(4, generator(5, Draw::order, epoch))];
  EXPECT_EQ(seen.size(), 24u);
  for (const auto& [order, count] : seen) EXPECT_NEAR(count, 1000, 150);
}

TEST(Generator, PlacesAndEpochsDoNotMeet) {
  std::set<std::uint64_t> numbers;
  for (const Draw draw : {Draw::order, Draw::augmentation, Draw::validation})
    for (std::int64_t epoch = 0; epoch < 20; ++epoch)
      for (std::size_t place = 0; place < 20; ++place) numbers.insert(generator(1, draw, epoch, place).next());
  EXPECT_EQ(numbers.size(), 3u * 20 * 20);
}

TEST(Select, AllWithoutValidation) {
  const Selection chosen = select({}, 5, 0);
  EXPECT_EQ(chosen.training, first(5));
  EXPECT_TRUE(chosen.validation.empty());
}

TEST(Select, RangesCountFromOneAndHoldBothEnds) {
  TrainTask task;
  task.training.range = {1, 9};
  task.validation.range = {10, 10};
  const Selection chosen = select(task, 10, 0);
  EXPECT_EQ(chosen.training, first(9));
  EXPECT_EQ(chosen.validation, first(1, 9));
}

TEST(Select, TrainingTakesWhatValidationLeaves) {
  TrainTask task;
  task.validation.range = {3, 4};
  EXPECT_EQ(select(task, 6, 0).training, (std::vector<std::size_t>{0, 1, 4, 5}));
}

TEST(Select, AnotherDataSetForValidation) {
  TrainTask task;
  task.validation.images = "others";
  const Selection chosen = select(task, 3, 4);
  EXPECT_EQ(chosen.training, first(3));
  EXPECT_EQ(chosen.validation, first(4));
}

TEST(Select, AShareIsDrawnBySeed) {
  TrainTask task;
  task.validation_share = 0.25;
  task.training.range = {101, 200};
  const Selection chosen = select(task, 300, 0);
  EXPECT_EQ(chosen.validation.size(), 25u);
  std::vector<std::size_t> all = chosen.training;
  all.insert(all.end(), chosen.validation.begin(), chosen.validation.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, first(100, 100));
  EXPECT_NE(chosen.validation, first(25, 100));
  task.seed = 2;
  EXPECT_NE(select(task, 300, 0).validation, chosen.validation);
}

std::string refusal(const TrainTask& task, std::size_t images) {
  try {
    select(task, images, 0);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    return error.what();
  }
  return "";
}

TEST(Select, Errors) {
  TrainTask beyond, overlap, all, little;
  beyond.training.range = {1, 11};
  EXPECT_EQ(refusal(beyond, 10), "--train-range 1-11: the data set has 10 pictures");
  overlap.training.range = {1, 6};
  overlap.validation.range = {5, 10};
  EXPECT_EQ(refusal(overlap, 10), "--validation-range 5-10: 2 of these pictures are trained on too");
  all.validation.range = {1, 10};
  EXPECT_EQ(refusal(all, 10), "no picture is left to train on");
  little.validation_share = 0.01;
  EXPECT_EQ(refusal(little, 10), "--validation-share 0.01: of 10 pictures that is none");
}

}  // namespace
}  // namespace inferometer::train
