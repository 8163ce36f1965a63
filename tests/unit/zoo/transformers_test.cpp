// What transformers have beside layers: tables that the architecture fixes, and inputs that must divide.
#include <algorithm>

#include <gtest/gtest.h>

#include "base/error.h"
#include "zoo/zoo.h"

namespace inferometer::zoo {
namespace {

const graph::Tensor* tensor(const graph::Graph& graph, const std::string& name) {
  const auto found = std::find_if(graph.tensors.begin(), graph.tensors.end(), [&](const auto& t) { return t.name == name; });
  return found == graph.tensors.end() ? nullptr : &*found;
}

graph::Graph build(const std::string& name, std::int64_t height, std::int64_t width) {
  return find(name)->build({.height = height, .width = width});
}

TEST(Transformers, RelativePositionsCountFromTheMostNegativeDistance) {
  const graph::Graph graph = build("swin_t", 0, 0);
  const graph::Tensor* index = tensor(graph, "features.1.0.attn.relative_position_index");
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->type, ElementType::i64);
  EXPECT_EQ(index->role, graph::Role::buffer);
  ASSERT_EQ(index->values.size(), 49u * 49u);
  const auto at = [&](std::size_t a, std::size_t b) { return index->values[a * 49 + b]; };
  EXPECT_EQ(at(0, 0), 6 * 13 + 6);  // no distance
  EXPECT_EQ(at(20, 20), 6 * 13 + 6);
  EXPECT_EQ(at(0, 1), 6 * 13 + 5);  // one column before
  EXPECT_EQ(at(7, 0), 7 * 13 + 6);  // one row behind
  EXPECT_EQ(at(0, 48), 0);
  EXPECT_EQ(at(48, 0), 168);
}

/// Pairs of tokens of one window that do not see each other.
std::int64_t masked(const graph::Tensor& mask, std::size_t window) {
  const auto begin = mask.values.begin() + static_cast<std::ptrdiff_t>(window * 49 * 49);
  return std::count_if(begin, begin + 49 * 49, [](double value) { return value < -100; });
}

TEST(Transformers, WindowsThatTheShiftMadeOfPartsAreMasked) {
  const graph::Graph graph = build("swin_t", 0, 0);
  const graph::Tensor* mask = tensor(graph, "features.1.mask");
  ASSERT_NE(mask, nullptr);
  EXPECT_EQ(mask->shape, (Shape{64, 1, 49, 49}));
  EXPECT_EQ(masked(*mask, 0), 0);
  EXPECT_EQ(masked(*mask, 54), 0);
  // 4 columns (28 tokens) lay beside each other before the shift, 3 (21) came from the other side.
  EXPECT_EQ(masked(*mask, 7), 2 * 28 * 21);
  EXPECT_EQ(masked(*mask, 56), 2 * 28 * 21);
  // The corner has four parts of 16, 12, 12 and 9 tokens.
  EXPECT_EQ(masked(*mask, 63), 49 * 49 - 16 * 16 - 2 * 12 * 12 - 9 * 9);
  EXPECT_EQ(mask->values[63 * 49 * 49 + 3], 0);      // token 3 is in token 0's part
  EXPECT_EQ(mask->values[63 * 49 * 49 + 4], -200);   // token 4 is not
  EXPECT_EQ(mask->values[63 * 49 * 49 + 28], -200);  // nor is the fifth row
  EXPECT_EQ(tensor(graph, "features.7.mask"), nullptr) << "one window covers the image: nothing is shifted";
}

TEST(Transformers, OneWindowAlongOneSideIsShiftedAlongTheOtherAlone) {
  const graph::Graph graph = build("swin_t", 28, 112);  // 7 x 28 tokens
  const graph::Tensor* mask = tensor(graph, "features.1.mask");
  ASSERT_NE(mask, nullptr);
  EXPECT_EQ(mask->shape[0], 4);
  EXPECT_EQ(masked(*mask, 0), 0);
  EXPECT_EQ(masked(*mask, 3), 2 * 28 * 21);
}

std::string error_of(const std::string& name, std::int64_t height, std::int64_t width) {
  try {
    build(name, height, width);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    return error.what();
  }
  return "no error";
}

TEST(Transformers, InputsThatDoNotFitAreRefused) {
  EXPECT_EQ(error_of("vit_b_16", 224, 100), "vit_b_16: conv_proj (Conv): an input of 224x100 does not divide into patches of 16x16");
  EXPECT_EQ(error_of("convnext_tiny", 31, 32),
            "convnext_tiny: nothing left after features.6.1 (Conv): a 2x2 window does not fit its 1x2 input");
  EXPECT_EQ(error_of("swin_t", 3, 32), "swin_t: nothing left after features.0.0 (Conv): a 4x4 window does not fit its 3x32 input");
  EXPECT_EQ(error_of("swin_t", 100000, 100000), "swin_t: features.1: 12759184 windows are more than its mask can describe");
}

}  // namespace
}  // namespace inferometer::zoo
