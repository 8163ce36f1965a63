#include "dataset/preprocess.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.h"
#include "fixtures.h"

namespace inferometer::dataset {
namespace {

using zoo::ChannelOrder;
using zoo::Interpolation;
using zoo::Preprocessing;
using zoo::ResizeRule;

/// Values as they are: no resize, no crop, no arithmetic.
Preprocessing plain() {
  return {
      .resize = ResizeRule::none, .crop = 0, .channels = ChannelOrder::rgb, .scale = 1, .mean = {0, 0, 0}, .standard_deviation = {1, 1, 1}};
}

std::vector<float> run(const Preprocessing& how, const InputGeometry& input, const Picture& picture) {
  std::vector<float> values(static_cast<std::size_t>(input.channels * input.height * input.width), -1);
  Preprocessor(how, input).run(picture, "p.png", values);
  return values;
}

/// A picture whose byte tells row and column.
Picture numbered(std::int64_t width, std::int64_t height) {
  Picture picture{width, height, 1, {}};
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) picture.pixels.push_back(static_cast<std::uint8_t>(10 * y + x));
  }
  return picture;
}

TEST(Preprocess, ScalesSubtractsAndDividesByChannel) {
  Preprocessing how = plain();
  how.scale = 0.5;
  how.mean = {1, 2, 3};
  how.standard_deviation = {2, 4, 8};
  const Picture picture{2, 1, 3, {10, 20, 30, 40, 50, 60}};
  EXPECT_EQ(run(how, {3, 1, 2}, picture), (std::vector<float>{2, 9.5f, 2, 5.75f, 1.5f, 3.375f}));
  how.channels = ChannelOrder::bgr;  // mean and deviation follow the network's order
  EXPECT_EQ(run(how, {3, 1, 2}, picture), (std::vector<float>{7, 14.5f, 2, 5.75f, 0.25f, 2.125f}));
}

TEST(Preprocess, MakesGreyAndColour) {
  Preprocessing how = plain();
  EXPECT_EQ(run(how, {3, 1, 1}, {1, 1, 1, {7}}), (std::vector<float>{7, 7, 7}));
  how.channels = ChannelOrder::grey;
  EXPECT_EQ(run(how, {1, 1, 1}, {1, 1, 3, {255, 0, 0}}), std::vector<float>{76});
}

TEST(Preprocess, CropsTheCentreWithTheLargerHalfLeftRightAndBelow) {
  Preprocessing how = plain();
  how.channels = ChannelOrder::grey;
  how.crop = 2;
  EXPECT_EQ(run(how, {1, 2, 2}, numbered(5, 3)), (std::vector<float>{1, 2, 11, 12}));
  EXPECT_EQ(run(how, {1, 2, 2}, numbered(7, 2)), (std::vector<float>{2, 3, 12, 13}));
  EXPECT_EQ(run(how, {1, 2, 2}, numbered(4, 4)), (std::vector<float>{11, 12, 21, 22}));
}

TEST(Preprocess, PadsWhatIsSmallerThanTheCropWithBlack) {
  Preprocessing how = plain();
  how.channels = ChannelOrder::grey;
  how.crop = 4;
  how.mean = {1, 0, 0};
  const std::vector<float> padded = run(how, {1, 4, 4}, {1, 5, 1, {50, 60, 70, 80, 90}});
  // Across: 3 to add, 1 to the left. Down: 1 to take away, round(0.5) = 0 from the top.
  EXPECT_EQ(padded, (std::vector<float>{-1, 49, -1, -1, -1, 59, -1, -1, -1, 69, -1, -1, -1, 79, -1, -1}));
}

TEST(Preprocess, ResizesTheShorterSideAndTruncatesTheOther) {
  Preprocessing how = plain();
  how.resize = ResizeRule::short_side;
  how.resize_to = 7;
  how.crop = 0;
  // 61 x 47 -> 9 x 7 (9.085)
  const Picture scene = decode_file("scene.png");
  EXPECT_EQ(run(how, {3, 7, 9}, scene).size(), 189u);
  how.resize = ResizeRule::warp;
  EXPECT_EQ(run(how, {3, 7, 7}, scene).size(), 147u);
  EXPECT_THROW(run(how, {3, 7, 9}, scene), Error);
}

TEST(Preprocess, TakesWidthAndHeightThatDiffer) {
  Preprocessing how = plain();
  how.resize = ResizeRule::warp;
  how.resize_to = 20;
  how.resize_height = 47;
  how.crop = 0;
  const Picture scene = decode_file("scene.png");
  std::size_t seen = 0;
  for (const PillowCase& one : pillow_cases()) {
    if (one.operation != "bilinear" || one.picture.width != 20) continue;
    ++seen;
    const std::vector<float> values = run(how, {3, 47, 20}, scene);
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t i = 0; i < 940; ++i) ASSERT_EQ(values[c * 940 + i], one.picture.pixels[i * 3 + c]);
    }
    how.crop = 6;
    how.crop_height = 9;
    const std::vector<float> part = run(how, {3, 9, 6}, scene);
    for (std::size_t i = 0; i < 54; ++i) ASSERT_EQ(part[i], one.picture.pixels[((i / 6 + 19) * 20 + i % 6 + 7) * 3]);
  }
  EXPECT_EQ(seen, 1u);
  EXPECT_THROW(run(how, {3, 6, 9}, scene), Error);
  how.crop_height = 0;
  EXPECT_THROW(run(how, {3, 9, 6}, scene), Error);
  how.resize = ResizeRule::short_side;
  EXPECT_THROW(run(how, {3, 6, 6}, scene), Error);
}

TEST(Preprocess, ChangesSizesWhole) {
  Preprocessing own = plain();
  own.resize_height = 7;
  own.crop_height = 7;
  EXPECT_EQ(changed(own, {}).resize_height, 7);
  EXPECT_EQ(changed(own, {}).crop_height, 7);
  PreprocessingChanges changes;
  changes.resize = ResizeRule::warp;
  changes.resize_to = 5;
  changes.crop = 4;
  const Preprocessing square = changed(own, changes);
  EXPECT_EQ(to_options(square).substr(0, 54), "--resize warp:5 --interpolation bilinear --crop 4 --ch");
  changes.resize_height = 6;
  changes.crop_height = 3;
  changes.interpolation = Interpolation::lanczos4;
  EXPECT_EQ(to_options(changed(own, changes)).substr(0, 58), "--resize warp:5x6 --interpolation lanczos4 --crop 4x3 --ch");
}

TEST(Preprocess, IsResizeThenCropForEveryRule) {
  Preprocessing how = plain();
  how.resize = ResizeRule::warp;
  how.resize_to = 16;
  how.crop = 10;
  const std::vector<float> values = run(how, {3, 10, 10}, decode_file("scene.png"));
  for (const PillowCase& one : pillow_cases()) {
    if (one.operation != "bilinear" || one.picture.width != 16) continue;
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t y = 0; y < 10; ++y) {
        for (std::size_t x = 0; x < 10; ++x) {
          ASSERT_EQ(values[c * 100 + y * 10 + x], one.picture.pixels[((y + 3) * 16 + x + 3) * 3 + c]);
        }
      }
    }
  }
}

TEST(Preprocess, RefusesWhatDoesNotFit) {
  const auto refuses = [](const Preprocessing& how, const InputGeometry& input) {
    try {
      Preprocessor preprocessor(how, input);
    } catch (const Error& error) {
      return error.code() == ErrorCode::usage;
    }
    return false;
  };
  Preprocessing how = plain();
  EXPECT_FALSE(refuses(how, {3, 4, 4}));
  EXPECT_TRUE(refuses(how, {1, 4, 4}));
  EXPECT_TRUE(refuses(how, {4, 4, 4}));
  how.crop = 5;
  EXPECT_TRUE(refuses(how, {3, 4, 4}));
  for (const double wrong : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    how = plain();
    how.standard_deviation[1] = wrong;
    EXPECT_TRUE(refuses(how, {3, 4, 4})) << wrong;
    how = plain();
    how.scale = wrong;
    EXPECT_TRUE(refuses(how, {3, 4, 4})) << wrong;
  }
  how = plain();
  how.resize = ResizeRule::warp;
  how.resize_to = 0;
  EXPECT_TRUE(refuses(how, {3, 4, 4}));
}

TEST(Preprocess, ScalesWithTheInput) {
  const Preprocessing own;  // short 256, crop 224
  EXPECT_EQ(scaled_to(own, 224, 224).resize_to, 256);
  const Preprocessing larger = scaled_to(own, 224, 227);
  EXPECT_EQ(larger.resize_to, 259);  // 259.43
  EXPECT_EQ(larger.crop, 227);
  EXPECT_EQ(scaled_to(own, 224, 112).resize_to, 128);
  Preprocessing none = plain();
  EXPECT_EQ(scaled_to(none, 32, 64).crop, 0);
  none.resize = ResizeRule::warp;
  none.resize_to = 32;
  EXPECT_EQ(scaled_to(none, 32, 64).resize_to, 64);
  EXPECT_EQ(scaled_to(none, 32, 64).resize_height, 0);
  none.resize_height = 48;
  EXPECT_EQ(scaled_to(none, 32, 64).resize_height, 96);
}

TEST(Preprocess, HasDefaultsForFilesAndStatesThem) {
  EXPECT_EQ(to_options(default_preprocessing({3, 227, 227})),
            "--resize short:259 --interpolation bilinear --crop 227 --channels rgb --scale 0.00392156862745098 --mean 0.485,0.456,0.406 "
            "--std 0.229,0.224,0.225");
  EXPECT_EQ(to_options(default_preprocessing({1, 28, 28})),
            "--resize none --crop 0 --channels grey --scale 0.00392156862745098 --mean 0 --std 1");
  EXPECT_EQ(default_preprocessing({3, 32, 32}).resize, ResizeRule::none);
}

}  // namespace
}  // namespace inferometer::dataset
