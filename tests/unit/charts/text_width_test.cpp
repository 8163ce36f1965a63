#include "charts/text_width.h"

#include <thread>

#include <gtest/gtest.h>

namespace inferometer::charts {
namespace {

// DejaVu Sans has 2048 units an em; its advances from the font's own table: a 1255, W 2025, space 651, digits 1303.
TEST(TextWidth, IsThatOfTheFont) {
  EXPECT_NEAR(text_width("a", 2048), 1255, 1);
  EXPECT_NEAR(text_width("W", 2048), 2025, 1);
  EXPECT_NEAR(text_width("0123456789", 2048), 13030, 10);
  EXPECT_NEAR(text_width("a a", 2048), 2 * 1255 + 651, 2);
  EXPECT_EQ(text_width(""), 0);
}

TEST(TextWidth, GrowsWithSizeAndWeight) {
  EXPECT_NEAR(text_width("resnet", 24), 2 * text_width("resnet", 12), 1e-9);
  EXPECT_GT(text_width("resnet", 12, true), text_width("resnet", 12, false));
}

TEST(TextWidth, BytesThatAreNoTextSpoilNothing) {
  const double before = text_width("after", 13.5);
  EXPECT_GT(text_width("caf\xe9"), text_width("caf"));
  EXPECT_GT(text_width("never measured before"), 0) << "the next text has its width still";
  EXPECT_EQ(text_width("after", 13.5), before);
}

TEST(TextWidth, IsTheSameInEveryThread) {
  const double here = text_width("mobilenet_v3_large");
  double there = 0;
  std::thread([&] { there = text_width("mobilenet_v3_large"); }).join();
  EXPECT_EQ(here, there);
}

}  // namespace
}  // namespace inferometer::charts
