#include "dataset/resample.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "fixtures.h"

namespace inferometer::dataset {
namespace {

std::optional<zoo::Interpolation> interpolation(const std::string& operation) {
  if (operation == "nearest") return zoo::Interpolation::nearest;
  if (operation == "bilinear") return zoo::Interpolation::bilinear;
  if (operation == "bicubic") return zoo::Interpolation::bicubic;
  if (operation == "area") return zoo::Interpolation::area;
  if (operation == "lanczos4") return zoo::Interpolation::lanczos4;
  return std::nullopt;
}

constexpr zoo::Interpolation kAll[] = {zoo::Interpolation::nearest, zoo::Interpolation::bilinear, zoo::Interpolation::bicubic,
                                       zoo::Interpolation::area, zoo::Interpolation::lanczos4};

Picture whole(const Picture& picture, std::int64_t width, std::int64_t height, zoo::Interpolation how) {
  return resize(picture, {width, height, 0, 0, width, height}, how);
}

TEST(Resize, GivesPillowsPixels) {
  std::size_t resized = 0;
  for (const PillowCase& one : pillow_cases()) {
    const auto how = interpolation(one.operation);
    if (!how) continue;
    ++resized;
    const Picture picture = decode_file(one.file);
    EXPECT_EQ(largest_difference(whole(picture, one.picture.width, one.picture.height, *how), one.picture), 0)
        << one.file << " " << one.operation << " " << one.picture.width << "x" << one.picture.height;
  }
  EXPECT_EQ(resized, 25u);
}

TEST(Resize, GivesAPartAsTheWholeHasIt) {
  const Picture picture = decode_file("scene.png");
  for (const auto how : kAll) {
    for (const auto& [width, height] : {std::pair{31, 20}, std::pair{61, 20}, std::pair{31, 47}, std::pair{90, 80}}) {
      const Picture all = whole(picture, width, height, how);
      const Picture part = resize(picture, {width, height, 7, 5, 11, 13}, how);
      ASSERT_EQ(part.width, 11);
      ASSERT_EQ(part.height, 13);
      for (std::int64_t y = 0; y < 13; ++y) {
        for (std::int64_t x = 0; x < 33; ++x) {
          ASSERT_EQ(part.pixels[static_cast<std::size_t>(y * 33 + x)], all.pixels[static_cast<std::size_t>((y + 5) * width * 3 + 21 + x)]);
        }
      }
    }
  }
}

TEST(Resize, KeepsAFlatPictureFlat) {
  const Picture flat{5, 3, 1, std::vector<std::uint8_t>(15, 200)};
  for (const auto how : kAll) {
    EXPECT_EQ(whole(flat, 17, 2, how).pixels, std::vector<std::uint8_t>(34, 200));
  }
}

TEST(Resize, RefusesAPartOutside) {
  const Picture flat{5, 3, 1, std::vector<std::uint8_t>(15, 200)};
  EXPECT_THROW(resize(flat, {4, 4, 1, 0, 4, 4}, zoo::Interpolation::bilinear), Error);
  EXPECT_THROW(resize(flat, {4, 4, 0, 0, 0, 4}, zoo::Interpolation::bilinear), Error);
}

}  // namespace
}  // namespace inferometer::dataset
