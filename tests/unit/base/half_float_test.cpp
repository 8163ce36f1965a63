#include "base/half_float.h"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace inferometer {
namespace {

TEST(Half, literal_bit_patterns) {
  struct Case {
    float value;
    std::uint16_t bits;
  };
  const Case cases[] = {
      {0.0f, 0x0000},
      {-0.0f, 0x8000},
      {1.0f, 0x3c00},
      {-2.0f, 0xc000},
      {0.333251953125f, 0x3555},
      {65504.0f, 0x7bff},      // the largest
      {0x1p-14f, 0x0400},      // the smallest normal
      {0x1.ff8p-15f, 0x03ff},  // the largest subnormal
      {0x1p-24f, 0x0001},      // the smallest
      {-0x1.8p-23f, 0x8003},
      {std::numeric_limits<float>::infinity(), 0x7c00},
      {-std::numeric_limits<float>::infinity(), 0xfc00},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(to_half(c.value), c.bits) << c.value;
    EXPECT_EQ(std::bit_cast<std::uint32_t>(from_half(c.bits)), std::bit_cast<std::uint32_t>(c.value)) << c.value;
  }
}

TEST(Half, rounds_to_nearest_even) {
  struct Case {
    float value;
    std::uint16_t bits;
  };
  const Case cases[] = {
      {0x1.002p0f, 0x3c00},                                                                    // 1 + half a step: a tie, down to even
      {0x1.00201p0f, 0x3c01},                                                                  // a little more
      {0x1.006p0f, 0x3c02},                                                                    // a tie, up to even
      {0x1.005ffep0f, 0x3c01},   {0x1.ffep0f, 0x4000},                                         // a tie that carries into the exponent
      {65519.0f, 0x7bff},        {65520.0f, 0x7c00},                                           // a tie with what would be 65536
      {65536.0f, 0x7c00},        {1e30f, 0x7c00},      {-1e30f, 0xfc00},  {0x1p-25f, 0x0000},  // half the smallest: a tie, to even
      {0x1.000002p-25f, 0x0001}, {0x1.8p-24f, 0x0002},                                         // 1.5 of the smallest: a tie, to even
      {0x1.4p-23f, 0x0002},                                                                    // 2.5 of the smallest
      {0x1.ffcp-15f, 0x0400},  // the largest subnormal and a half: carries into the smallest normal
      {0x1.ffbffep-15f, 0x03ff}, {0x1p-26f, 0x0000},   {-1e-45f, 0x8000},  // a subnormal float
  };
  for (const Case& c : cases) EXPECT_EQ(to_half(c.value), c.bits) << std::hexfloat << c.value;
}

TEST(Half, every_pattern_comes_back) {
  for (std::uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = from_half(half);
    if (std::isnan(value)) {
      ASSERT_EQ(half & 0x7c00, 0x7c00);
      ASSERT_EQ(to_half(value), (half & 0x8000) | 0x7e00);
    } else {
      ASSERT_EQ(to_half(value), half);
    }
  }
  EXPECT_TRUE(std::isnan(from_half(0x7c01)));
  EXPECT_TRUE(std::isnan(from_half(to_half(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(Bfloat16, literal_bit_patterns) {
  EXPECT_EQ(from_bfloat16(0x3f80), 1.0f);
  EXPECT_EQ(from_bfloat16(0xc040), -3.0f);
  EXPECT_EQ(from_bfloat16(0x3eab), 0.333984375f);
  EXPECT_EQ(from_bfloat16(0x7f7f), 0x1.fep127f);
  EXPECT_EQ(from_bfloat16(0x0001), 0x1p-133f);  // a subnormal
  EXPECT_TRUE(std::signbit(from_bfloat16(0x8000)));
  EXPECT_EQ(from_bfloat16(0xff80), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(from_bfloat16(0x7fc0)));
}

}  // namespace
}  // namespace inferometer
