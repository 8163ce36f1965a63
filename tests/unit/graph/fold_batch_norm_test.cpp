#include "graph/fold_batch_norm.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/builder.h"

namespace inferometer::graph {
namespace {

Array array(const Shape& shape, const std::vector<float>& values) {
  const auto* first = reinterpret_cast<const std::byte*>(values.data());
  return {ElementType::f32, shape, {first, first + values.size() * sizeof(float)}};
}

std::vector<float> floats(const Array& values) { return {values.floats(), values.floats() + element_count(values.shape)}; }

/// conv (1 to 2 channels, 1x1) -> norm, with the numbers of the tests below.
Model conv_and_norm(bool bias) {
  Builder b("net");
  const TensorId x = b.conv("conv", b.input("input", {kBatch, 1, 2, 2}), {.channels = 2, .bias = bias});
  Model model{b.finish(b.relu("relu", b.batch_norm("norm", x, {.epsilon = 1}))), {}};
  model.weights["conv.weight"] = array({2, 1, 1, 1}, {3, -4});
  if (bias) model.weights["conv.bias"] = array({2}, {10, 20});
  model.weights["norm.weight"] = array({2}, {2, 5});
  model.weights["norm.bias"] = array({2}, {0.5F, -0.5F});
  model.weights["norm.running_mean"] = array({2}, {1, 2});
  model.weights["norm.running_var"] = array({2}, {3, 24});
  return model;
}

TEST(FoldBatchNorm, literal_values) {
  // Factors 2 / sqrt(3 + 1) = 1 and 5 / sqrt(24 + 1) = 1; with scale 4 the first is 2.
  Model model = conv_and_norm(true);
  model.weights["norm.weight"] = array({2}, {4, 5});
  const Model folded = fold_batch_norms(model);
  ASSERT_EQ(folded.graph.nodes.size(), 2U);
  EXPECT_EQ(floats(folded.weights.at("conv.weight")), (std::vector<float>{6, -4}));
  EXPECT_EQ(floats(folded.weights.at("conv.bias")), (std::vector<float>{(10 - 1) * 2 + 0.5F, (20 - 2) - 0.5F}));
  EXPECT_EQ(folded.graph.tensors[folded.graph.nodes[1].inputs[0]].name, "norm");
  EXPECT_NO_THROW(validate(folded.graph));
}

TEST(FoldBatchNorm, a_convolution_without_bias_gets_one) {
  const Model folded = fold_batch_norms(conv_and_norm(false));
  ASSERT_EQ(folded.graph.nodes.size(), 2U);
  ASSERT_EQ(folded.graph.nodes[0].inputs.size(), 3U);
  EXPECT_EQ(floats(folded.weights.at("conv.bias")), (std::vector<float>{-1 + 0.5F, -2 - 0.5F}));
  EXPECT_EQ(infer_shapes(folded.graph, 1)[folded.graph.outputs[0]], (Shape{1, 2, 2, 2}));
}

TEST(FoldBatchNorm, what_others_read_stays) {
  Builder b("net");
  const TensorId x = b.conv("conv", b.input("input", {kBatch, 1, 2, 2}), {.channels = 2});
  const TensorId y = b.add("sum", b.batch_norm("norm", x), x);
  Model model = conv_and_norm(true);
  model.graph = b.finish(y);
  EXPECT_EQ(fold_batch_norms(model).graph.nodes.size(), 3U);
}

TEST(FoldBatchNorm, a_norm_behind_something_else_stays) {
  Builder b("net");
  const TensorId x = b.relu("first", b.conv("conv", b.input("input", {kBatch, 1, 2, 2}), {.channels = 2}));
  Model model = conv_and_norm(true);
  model.graph = b.finish(b.batch_norm("norm", x));
  EXPECT_EQ(fold_batch_norms(model).graph.nodes.size(), 3U);
}

TEST(FoldBatchNorm, missing_values_are_named) {
  Model model = conv_and_norm(true);
  model.weights.erase("norm.running_var");
  try {
    fold_batch_norms(model);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("norm.running_var"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace inferometer::graph
