#include "dataset/line_filter.h"

#include <random>

#include <gtest/gtest.h>

namespace inferometer::dataset {
namespace {

/// Weights of every size and sign that a filter may have, and sums beyond both ends of a byte.
LineFilter random_filter(std::mt19937& random, std::int64_t sources, std::size_t targets) {
  LineFilter filter;
  filter.stride = 9;
  std::uniform_int_distribution<std::int32_t> weight(-(1 << 21), 1 << 21);
  for (std::size_t i = 0; i < targets; ++i) {
    const auto count = std::uniform_int_distribution<std::int64_t>(1, std::min<std::int64_t>(sources, 9))(random);
    filter.first.push_back(std::uniform_int_distribution<std::int64_t>(0, sources - count)(random));
    filter.count.push_back(static_cast<std::size_t>(count));
    std::int64_t left = std::int64_t{2} << kFractionBits;  // of the sum of their sizes, so that no sum leaves 32 bits
    for (std::size_t k = 0; k < filter.stride; ++k) {
      const std::int32_t chosen = weight(random);
      left -= std::abs(chosen);
      filter.weights.push_back(left > 0 ? chosen : 0);
    }
  }
  return filter;
}

std::vector<std::uint8_t> random_bytes(std::mt19937& random, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() % 2 * 255 : random());
  return bytes;
}

TEST(LineFilter, GivesTheSameWithEveryInstructionSet) {
  if (best_arithmetic() == Arithmetic::portable) GTEST_SKIP() << "this processor has no AVX2";
  std::mt19937 random(5);
  std::size_t clamped = 0;
  for (std::size_t width = 1; width <= 40; ++width) {
    for (const std::size_t channels : {1u, 3u}) {
      const std::size_t height = width % 7 + 1, bytes = width * channels;
      const auto pixels = random_bytes(random, bytes * height);  // of exactly this size, so that a sanitizer sees a step beyond
      const Rows rows{pixels.data(), height, bytes};
      const LineFilter filter = random_filter(random, static_cast<std::int64_t>(width), 17);
      std::vector<std::uint8_t> portable(height * 17 * channels), fast(portable.size());
      filter_along_rows(Arithmetic::portable, rows, filter, channels, portable.data());
      filter_along_rows(Arithmetic::avx2, rows, filter, channels, fast.data());
      ASSERT_EQ(portable, fast) << width << " " << channels;
      const LineFilter down = random_filter(random, static_cast<std::int64_t>(height), 5);
      portable.resize(bytes);
      fast.resize(bytes);
      for (std::size_t i = 0; i < 5; ++i) {
        LineFilter::Run run = down.run(i);
        run.first += 100;
        sum_rows(Arithmetic::portable, rows, run, 100, portable.data());
        sum_rows(Arithmetic::avx2, rows, run, 100, fast.data());
        ASSERT_EQ(portable, fast) << width << " " << channels;
        for (const std::uint8_t byte : fast) clamped += byte == 0 || byte == 255;
      }
    }
  }
  EXPECT_GT(clamped, 1000u);
}

TEST(LineFilter, SumsAndClamps) {
  LineFilter filter;
  filter.stride = 2;
  filter.first = {0, 1};
  filter.count = {2, 1};
  const std::int32_t one = 1 << kFractionBits;
  filter.weights = {one / 2, one / 4, 2 * one, 0};
  const std::vector<std::uint8_t> pixels{10, 20, 30, 40, 50, 200, 0, 0, 0, 4, 4, 4, 1, 2, 3, 1, 2, 3};
  for (const Arithmetic arithmetic : {Arithmetic::portable, best_arithmetic()}) {
    std::vector<std::uint8_t> out(18);
    filter_along_rows(arithmetic, {pixels.data(), 3, 6}, filter, 3, out.data());
    EXPECT_EQ(out, (std::vector<std::uint8_t>{15, 23, 65, 80, 100, 255, 1, 1, 1, 8, 8, 8, 1, 2, 2, 2, 4, 6}));
  }
}

}  // namespace
}  // namespace inferometer::dataset
