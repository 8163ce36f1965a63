#include "train/picture_set.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "train/order.h"

namespace inferometer::train {
namespace {

/// Four pictures of 2 x 2 pixels, three channels: picture i is labelled i and all its values are 10 i, but for its first pixel, which is
/// red.
class PictureSets : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("inferometer_pictures_" + std::to_string(getpid()) + ".csv");
    std::string text;
    for (int i = 0; i < 4; ++i) {
      const std::string value = "," + std::to_string(10 * i);
      text += std::to_string(i) + ",255,0,0";
      for (int k = 0; k < 9; ++k) text += value;
      text += "\n";
    }
    write_file_atomically(path_, text);
    plain_.resize = zoo::ResizeRule::none;
    plain_.crop = 0;
    plain_.scale = 1;
    plain_.mean = {0, 0, 0};
    plain_.standard_deviation = {1, 1, 1};
  }
  void TearDown() override { std::filesystem::remove(path_); }
  PictureSet open(std::vector<std::size_t> chosen, std::int64_t classes = 4) {
    return {dataset::open_data_set({path_, {}, 0}), std::move(chosen), plain_, {3, 2, 2}, classes};
  }

  std::filesystem::path path_;
  zoo::Preprocessing plain_;
};

TEST_F(PictureSets, BatchesFollowTheOrder) {
  PictureSet pictures = open({1, 2, 3});
  const std::vector<std::size_t> order{2, 0, 1};
  for (int again = 0; again < 2; ++again) {  // decoded, then kept
    const Batch batch = pictures.training_batch(order, 1, 2, {}, 1, 0);
    EXPECT_EQ(batch.labels, (std::vector<std::int64_t>{1, 2}));
    const std::vector<float> expected{255, 10, 10, 10, 0, 10, 10, 10, 0, 10, 10, 10, 255, 20, 20, 20, 0, 20, 20, 20, 0, 20, 20, 20};
    EXPECT_EQ(batch.images, expected);
  }
}

TEST_F(PictureSets, TheLastPlainBatchIsFilledUp) {
  PictureSet pictures = open({0, 1, 2});
  const Batch batch = pictures.plain_batch(2, 2);
  EXPECT_EQ(batch.labels, (std::vector<std::int64_t>{2, engine::kNoLabel}));
  EXPECT_EQ(batch.images[1], 20);
  EXPECT_TRUE(std::all_of(batch.images.begin() + 12, batch.images.end(), [](float value) { return value == 0; }));
}

TEST_F(PictureSets, AugmentationDependsOnEpochAndPlace) {
  PictureSet pictures = open({0, 1, 2, 3});
  const std::vector<std::size_t> order{0, 0, 0, 0, 0, 0, 0, 0};
  const auto batch = [&](std::int64_t epoch, std::size_t begin) {
    return pictures.training_batch(order, begin, 4, {1, true}, 1, epoch).images;
  };
  EXPECT_EQ(batch(0, 0), batch(0, 0));
  EXPECT_NE(batch(0, 0), batch(1, 0));
  EXPECT_NE(batch(0, 0), batch(0, 4));
}

TEST_F(PictureSets, LabelsBeyondTheClassesAreNamed) {
  try {
    open({0, 3}, 3);
    FAIL() << "label 3 of 3 classes was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    EXPECT_NE(std::string(error.what()).find("has the label 3, and the network 3 classes"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace inferometer::train
