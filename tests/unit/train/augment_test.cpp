#include "train/augment.h"

#include <cstdint>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "train/order.h"

namespace inferometer::train {
namespace {

/// 3 x 2 pixels of one channel.
const dataset::Picture kGrey{3, 2, 1, {1, 2, 3, 4, 5, 6}};

TEST(Shifted, TakesAWindowOfThePaddedPicture) {
  using Pixels = std::vector<std::uint8_t>;
  EXPECT_EQ(shifted(kGrey, 1, 1, 1).pixels, kGrey.pixels);
  EXPECT_EQ(shifted(kGrey, 1, 0, 0).pixels, (Pixels{0, 0, 0, 0, 1, 2}));
  EXPECT_EQ(shifted(kGrey, 1, 2, 2).pixels, (Pixels{5, 6, 0, 0, 0, 0}));
  EXPECT_EQ(shifted(kGrey, 1, 2, 0).pixels, (Pixels{0, 0, 0, 2, 3, 0}));
  EXPECT_EQ(shifted(kGrey, 5, 0, 5).pixels, Pixels(6)) << "beside the picture all is black";
  const dataset::Picture colour{2, 1, 3, {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(shifted(colour, 1, 2, 1).pixels, (Pixels{4, 5, 6, 0, 0, 0}));
}

TEST(Flipped, LeftBecomesRight) {
  EXPECT_EQ(flipped(kGrey).pixels, (std::vector<std::uint8_t>{3, 2, 1, 6, 5, 4}));
  const dataset::Picture colour{2, 1, 3, {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(flipped(colour).pixels, (std::vector<std::uint8_t>{4, 5, 6, 1, 2, 3}));
}

TEST(Augmented, NothingIsChangedWhereNothingIsAsked) {
  EXPECT_EQ(augmented(kGrey, {}, generator(1, Draw::augmentation)).pixels, kGrey.pixels);
}

TEST(Augmented, EveryWindowAndBothSidesComeEquallyOften) {
  const Augmentation how{1, true};
  const dataset::Picture asymmetric{3, 3, 1, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
  std::map<std::vector<std::uint8_t>, int> seen;
  for (std::size_t i = 0; i < 18000; ++i) ++seen[augmented(asymmetric, how, generator(3, Draw::augmentation, 0, i)).pixels];
  EXPECT_EQ(seen.size(), 18u);  // 3 x 3 windows, each also mirrored
  for (const auto& [pixels, count] : seen) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace inferometer::train
