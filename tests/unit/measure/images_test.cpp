#include "measure/images.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::measure {
namespace {

std::vector<float> pattern(std::uint64_t seed, std::uint64_t index, std::int64_t channels, std::int64_t height, std::int64_t width) {
  std::vector<float> elements(static_cast<std::size_t>(channels * height * width));
  smooth_pattern(seed, index, channels, height, width, elements);
  return elements;
}

std::vector<std::byte> bytes_of(const engine::TensorView& view) {
  const auto* data = static_cast<const std::byte*>(view.data);
  return {data, data + view.bytes};
}

TEST(SmoothPattern, literal_values) {
  // Computed by a program of its own from the definition: SplitMix64, three waves a channel.
  const std::vector<float> image{-0.6074568f, -0.6458593f, -0.342896f, -0.8104147f, -1.8603783f, -1.8164321f,
                                 1.1654186f,  1.6780802f,  0.0598403f, 0.4508101f,  -0.1690294f, 2.1753364f};
  const std::vector<float> made = pattern(1, 0, 2, 2, 3);
  for (std::size_t i = 0; i < image.size(); ++i) EXPECT_NEAR(made[i], image[i], 2e-6) << i;
  const std::vector<float> row{0.8382546f, 0.6049166f, 0.3480716f, 0.5062181f};
  const std::vector<float> made_row = pattern(5, 9, 1, 1, 4);
  for (std::size_t i = 0; i < row.size(); ++i) EXPECT_NEAR(made_row[i], row[i], 2e-6) << i;
}

TEST(SmoothPattern, is_the_same_every_time_and_another_for_each_image_and_seed) {
  EXPECT_EQ(pattern(1, 3, 3, 32, 32), pattern(1, 3, 3, 32, 32));
  std::set<std::vector<float>> different;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (std::uint64_t index = 0; index < 40; ++index) different.insert(pattern(seed, index, 1, 8, 8));
  }
  EXPECT_EQ(different.size(), 120u);
}

TEST(SmoothPattern, channels_differ_and_values_stay_in_range) {
  const std::vector<float> image = pattern(1, 0, 3, 64, 48);
  const auto channel = [&](std::size_t c) { return std::vector<float>(image.begin() + c * 64 * 48, image.begin() + (c + 1) * 64 * 48); };
  EXPECT_NE(channel(0), channel(1));
  EXPECT_NE(channel(1), channel(2));
  for (const float value : image) ASSERT_LT(std::abs(value), 3.6f);  // 0.5 + three waves of at most 1
  // Smooth: neighbours differ little. At most 4 turns over 48 columns of three waves.
  for (std::size_t i = 1; i < 48; ++i) ASSERT_LT(std::abs(image[i] - image[i - 1]), 3 * 6.2832f * 4 / 48 + 1e-3f);
  const auto [low, high] = std::minmax_element(image.begin(), image.end());
  EXPECT_GT(*high - *low, 0.5f);
}

TEST(InputBuffers, every_position_holds_the_image_asked) {
  const std::vector<engine::TensorInfo> inputs{{"data", {3, 2, 4, 5}, ElementType::f32}};
  InputBuffers buffers(inputs, 3, 7, {9, 2, 9});
  ASSERT_EQ(buffers.views().size(), 1u);
  const engine::TensorView& view = buffers.views()[0];
  EXPECT_EQ(view.type, ElementType::f32);
  EXPECT_EQ(Shape(view.shape.begin(), view.shape.end()), inputs[0].shape);
  EXPECT_EQ(view.bytes, 3u * 2 * 4 * 5 * 4);
  EXPECT_EQ(buffers.bytes(), view.bytes);
  EXPECT_EQ(input_bytes(inputs), view.bytes);
  const std::vector<float> values = to_floats(view);
  const auto at = [&](std::size_t position) {
    return std::vector<float>(values.begin() + position * 40, values.begin() + (position + 1) * 40);
  };
  EXPECT_EQ(at(0), pattern(7, 9, 2, 4, 5));
  EXPECT_EQ(at(1), pattern(7, 2, 2, 4, 5));
  EXPECT_EQ(at(2), pattern(7, 9, 2, 4, 5));

  buffers.fill(8, {0, 1, 2});
  const std::vector<float> refilled = to_floats(buffers.views()[0]);
  EXPECT_EQ(std::vector<float>(refilled.begin() + 80, refilled.end()), pattern(8, 2, 2, 4, 5));
}

TEST(InputBuffers, an_image_is_the_same_at_every_batch_size) {
  const InputBuffers one({{"data", {1, 3, 8, 8}, ElementType::f32}}, 1, 1, {5});
  const InputBuffers four({{"data", {4, 3, 8, 8}, ElementType::f32}}, 4, 1, {3, 4, 5, 6});
  const std::vector<std::byte> alone = bytes_of(one.views()[0]), packed = bytes_of(four.views()[0]);
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), packed.begin() + 2 * static_cast<std::ptrdiff_t>(alone.size())));
}

TEST(InputBuffers, views_stay_valid_when_the_buffers_move) {
  std::vector<InputBuffers> pool;
  for (std::uint64_t i = 0; i < 5; ++i)
    pool.emplace_back(std::vector<engine::TensorInfo>{{"x", {1, 1, 2, 2}, ElementType::f32}}, 1, 1, std::vector{i});
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_EQ(to_floats(pool[i].views()[0]), pattern(1, i, 1, 2, 2));
}

TEST(InputBuffers, several_inputs_of_other_ranks_differ) {
  const std::vector<engine::TensorInfo> inputs{{"a", {2, 6}, ElementType::f32}, {"b", {2, 2, 3}, ElementType::f32}};
  const InputBuffers buffers(inputs, 2, 1, {0, 1});
  const std::vector<float> a = to_floats(buffers.views()[0]), b = to_floats(buffers.views()[1]);
  EXPECT_EQ(std::vector<float>(a.begin() + 6, a.end()), pattern(1, 1, 1, 1, 6));
  EXPECT_EQ(std::vector<float>(b.begin(), b.begin() + 6), pattern(2, 0, 1, 1, 6));
  EXPECT_NE(a, b);
  EXPECT_EQ(buffers.bytes(), 96u);
}

TEST(InputBuffers, every_type_of_picture) {
  const std::vector<float> image = pattern(1, 4, 3, 6, 6);
  const auto floats = [&](ElementType type) {
    const InputBuffers buffers({{"x", {1, 3, 6, 6}, type}}, 1, 1, {4});
    EXPECT_EQ(buffers.views()[0].bytes, 108 * size_of(type));
    return to_floats(buffers.views()[0]);
  };
  EXPECT_EQ(floats(ElementType::f32), image);
  EXPECT_EQ(floats(ElementType::f64), image);
  const std::vector<float> half = floats(ElementType::f16), brain = floats(ElementType::bf16), pixels = floats(ElementType::u8),
                           bytes = floats(ElementType::i8);
  for (std::size_t i = 0; i < image.size(); ++i) {
    EXPECT_NEAR(half[i], image[i], std::abs(image[i]) * 0x1p-11f + 1e-7f);
    EXPECT_NEAR(brain[i], image[i], std::abs(image[i]) * 0x1p-8f);
    EXPECT_NEAR(pixels[i], std::clamp(127.5f + 60 * image[i], 0.0f, 255.0f), 0.51f);
    EXPECT_NEAR(bytes[i], std::clamp(60 * image[i], -128.0f, 127.0f), 0.51f);
  }
}

TEST(InputBuffers, what_is_no_picture_is_unsupported) {
  const auto refused = [](const engine::TensorInfo& input, std::int64_t batch) {
    try {
      const InputBuffers buffers({input}, batch, 1, std::vector<std::uint64_t>(static_cast<std::size_t>(batch)));
      ADD_FAILURE() << "accepted " << to_string(input.shape);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unsupported);
      EXPECT_NE(std::string(error.what()).find(input.name), std::string::npos) << error.what();
    }
  };
  refused({"tokens", {1, 128}, ElementType::i64}, 1);
  refused({"tokens", {1, 128}, ElementType::i32}, 1);
  refused({"mask", {1, 128}, ElementType::boolean}, 1);
  refused({"scalar", {}, ElementType::f32}, 1);
  refused({"data", {3, 8, 8}, ElementType::f32}, 1);
  refused({"data", {1, 3, 8, 8}, ElementType::f32}, 2);
}

TEST(PoolSize, four_requests_within_256_mib_and_never_below_two) {
  constexpr std::size_t kMib = std::size_t{1} << 20;
  struct Case {
    std::size_t bytes, pool;
  };
  const Case cases[] = {{0, 4},         {1, 4},         {64 * kMib, 4},  {64 * kMib + 1, 3},
                        {85 * kMib, 3}, {86 * kMib, 2}, {128 * kMib, 2}, {1024 * kMib, 2}};
  for (const Case& c : cases) EXPECT_EQ(pool_size(c.bytes), c.pool) << c.bytes;
}

TEST(ToFloats, integers) {
  const std::int64_t shape[] = {2};
  const std::int32_t narrow[] = {-5, 7};
  const std::int64_t wide[] = {-3'000'000'000, 2};
  const bool truth[] = {true, false};
  EXPECT_EQ(to_floats({ElementType::i32, shape, narrow, sizeof narrow}), (std::vector<float>{-5, 7}));
  EXPECT_EQ(to_floats({ElementType::i64, shape, wide, sizeof wide}), (std::vector<float>{-3e9f, 2}));
  EXPECT_EQ(to_floats({ElementType::boolean, shape, truth, sizeof truth}), (std::vector<float>{1, 0}));
}

}  // namespace
}  // namespace inferometer::measure
