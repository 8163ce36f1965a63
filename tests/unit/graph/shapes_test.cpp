#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/builder.h"
#include "graph/graph.h"

namespace inferometer::graph {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

/// A graph of one node whose inputs are graph inputs (the first) and parameters (the others).
Graph one_node(Operator op, const std::vector<Shape>& inputs, std::size_t outputs = 1) {
  Graph graph;
  graph.name = "net";
  Node node{"layer", std::move(op), {}, {}};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    graph.tensors.push_back({"in" + std::to_string(i), inputs[i], i == 0 ? Role::input : Role::parameter, ElementType::f32, {}});
    node.inputs.push_back(i);
  }
  graph.inputs = {0};
  for (std::size_t i = 0; i < outputs; ++i) {
    graph.tensors.push_back({"out" + std::to_string(i), {}, Role::activation, ElementType::f32, {}});
    node.outputs.push_back(inputs.size() + i);
    graph.outputs.push_back(inputs.size() + i);
  }
  graph.nodes.push_back(std::move(node));
  return graph;
}

std::vector<Shape> output_shapes(const Graph& graph, std::int64_t batch) {
  const auto shapes = infer_shapes(graph, batch);
  std::vector<Shape> result;
  for (const TensorId id : graph.outputs) result.push_back(shapes[id]);
  return result;
}

std::string error_of(const std::function<void()>& action, ErrorCode code = ErrorCode::input) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "no error";
}

Window window(std::array<std::int64_t, 2> kernel, std::array<std::int64_t, 2> strides = {1, 1}, std::array<std::int64_t, 4> pads = {},
              std::array<std::int64_t, 2> dilations = {1, 1}) {
  return {kernel, strides, dilations, pads};
}

struct Case {
  const char* what;
  Operator op;
  std::vector<Shape> inputs;
  std::vector<Shape> outputs;
};

TEST(InferShapes, Cases) {
  const Shape image{kBatch, 6, 9, 8};
  const Case cases[] = {
      {"conv", Conv{window({3, 5}, {2, 1}, {1, 2, 1, 2})}, {image, {4, 6, 3, 5}, {4}}, {{2, 4, 5, 8}}},
      {"conv, groups, dilation, uneven pads", Conv{window({3, 3}, {1, 1}, {0, 1, 2, 3}, {2, 2}), 3}, {image, {9, 2, 3, 3}}, {{2, 9, 7, 8}}},
      {"batch norm", BatchNorm{}, {image, {6}, {6}, {6}, {6}}, {{2, 6, 9, 8}}},
      {"relu", Activation{}, {image}, {{2, 6, 9, 8}}},
      {"prelu", Activation{ActivationKind::prelu_shared}, {image, {1}}, {{2, 6, 9, 8}}},
      {"pool floor", MaxPool{window({3, 3}, {2, 2})}, {image}, {{2, 6, 4, 3}}},
      {"pool ceil", MaxPool{window({3, 3}, {2, 2}), Rounding::ceil}, {image}, {{2, 6, 4, 4}}},
      // 112 padded by 1: Caffe and PyTorch both drop the window that would start in the padding behind.
      {"pool ceil, window outside", MaxPool{window({1, 1}, {2, 2}, {0, 0, 0, 0}), Rounding::ceil}, {{kBatch, 1, 4, 5}}, {{2, 1, 2, 3}}},
      {"pool caffe, padded",
       MaxPool{window({3, 3}, {2, 2}, {1, 1, 1, 1}), Rounding::caffe_ceil},
       {{kBatch, 1, 112, 112}},
       {{2, 1, 57, 57}}},
      {"pool caffe, unpadded", AveragePool{window({3, 3}, {2, 2}), Rounding::caffe_ceil}, {{kBatch, 1, 112, 13}}, {{2, 1, 56, 6}}},
      {"adaptive, up and down", AdaptiveAveragePool{7, 3}, {{kBatch, 5, 1, 9}}, {{2, 5, 7, 3}}},
      {"global", GlobalAveragePool{}, {image}, {{2, 6, 1, 1}}},
      {"mean, kept", ReduceMean{{-1, 2}, true}, {image}, {{2, 6, 1, 1}}},
      {"mean, dropped", ReduceMean{{1}, false}, {image}, {{2, 9, 8}}},
      {"mean of all", ReduceMean{{}, false}, {image}, {{}}},
      {"linear", Linear{}, {{kBatch, 10}, {7, 10}, {7}}, {{2, 7}}},
      {"linear on tokens", Linear{}, {{kBatch, 5, 10}, {7, 10}}, {{2, 5, 7}}},
      {"matmul broadcasts", MatMul{}, {{kBatch, 1, 4, 5}, {3, 5, 6}}, {{2, 3, 4, 6}}},
      {"matmul by a vector", MatMul{}, {{kBatch, 4, 5}, {5}}, {{2, 4}}},
      {"add broadcasts", Add{}, {{kBatch, 1, 4}, {3, 1}}, {{2, 3, 4}}},
      {"mul by a scalar", Mul{}, {image, {}}, {{2, 6, 9, 8}}},
      {"sub", Sub{}, {image, {8}}, {{2, 6, 9, 8}}},
      {"div", Div{}, {image, {6, 1, 1}}, {{2, 6, 9, 8}}},
      {"concat", Concat{-3}, {{kBatch, 6, 9, 8}, {2, 3, 9, 8}}, {{2, 9, 9, 8}}},
      {"split", Split{1, {1, 2, 3}}, {image}, {{2, 1, 9, 8}, {2, 2, 9, 8}, {2, 3, 9, 8}}},
      {"slice clamps", Slice{2, 1, kHuge, 3}, {image}, {{2, 6, 3, 8}}},
      {"slice from the back", Slice{2, -4, -1, 1}, {image}, {{2, 6, 3, 8}}},
      {"reshape", Reshape{{0, 3, -1, 0}}, {image}, {{2, 3, 18, 8}}},
      {"transpose", Transpose{{0, 2, 3, 1}}, {image}, {{2, 9, 8, 6}}},
      {"flatten", Flatten{1}, {image}, {{2, 432}}},
      {"flatten from the back", Flatten{-1}, {image}, {{108, 8}}},
      {"pad", Pad{{0, 1, 2, 0, 0, 0, 3, 4}}, {image}, {{2, 7, 14, 12}}},
      {"lrn", Lrn{}, {image}, {{2, 6, 9, 8}}},
      {"softmax", Softmax{}, {image}, {{2, 6, 9, 8}}},
      {"layer norm over two axes", LayerNorm{-2}, {image, {9, 8}, {9, 8}}, {{2, 6, 9, 8}}},
      {"identity", Identity{}, {image}, {{2, 6, 9, 8}}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    EXPECT_EQ(output_shapes(one_node(c.op, c.inputs, c.outputs.size()), 2), c.outputs);
  }
}

TEST(InferShapes, GatherPutsTheIndicesDimensionsInPlaceOfTheAxis) {
  const auto gathered = [](std::int64_t axis, Shape indices, Role role, ElementType type, std::vector<double> values) {
    Graph graph = one_node(Gather{axis}, {{kBatch, 6, 9}, std::move(indices)});
    Tensor& table = graph.tensors[graph.nodes[0].inputs[1]];
    table.role = role;
    table.type = type;
    table.values = std::move(values);
    return graph;
  };
  EXPECT_EQ(output_shapes(gathered(1, {2, 3}, Role::buffer, ElementType::i64, {}), 2), (std::vector<Shape>{{2, 2, 3, 9}}));
  EXPECT_EQ(output_shapes(gathered(-1, {4}, Role::constant, ElementType::i64, {0, 8, 8, 1}), 2), (std::vector<Shape>{{2, 6, 4}}));
  EXPECT_EQ(output_shapes(gathered(1, {}, Role::constant, ElementType::i64, {5}), 2), (std::vector<Shape>{{2, 9}}));
  const struct {
    const char* part;
    Graph graph;
  } bad[] = {
      {"its index 6 is outside axis 1 of 2x6x9", gathered(1, {2}, Role::constant, ElementType::i64, {0, 6})},
      {"its index -1 is outside axis 1 of 2x6x9", gathered(1, {2}, Role::constant, ElementType::i64, {-1, 0})},
      {"its indices in1 are no stored i64 tensor", gathered(1, {2}, Role::constant, ElementType::f32, {})},
      {"axis 3 is outside", gathered(3, {2}, Role::constant, ElementType::i64, {})},
  };
  for (const auto& c : bad) {
    SCOPED_TRACE(c.part);
    const std::string message = error_of([&] { infer_shapes(c.graph, 2); });
    EXPECT_NE(message.find(c.part), std::string::npos) << message;
  }
  Graph computed = gathered(1, {2}, Role::constant, ElementType::i64, {});
  computed.nodes[0].inputs[1] = computed.inputs[0];
  EXPECT_NE(error_of([&] { infer_shapes(computed, 2); }).find("no stored i64 tensor"), std::string::npos);
}

TEST(InferShapes, CeilDropsTheWindowThatStartsOutside) {
  // 5 cells padded by 1 at both ends, kernel 2, stride 4: windows at -1, 3 and 7; 7 is behind the image.
  const Graph graph = one_node(MaxPool{window({2, 2}, {4, 4}, {1, 1, 1, 1}), Rounding::ceil}, {{kBatch, 1, 5, 5}});
  EXPECT_EQ(output_shapes(graph, 1), (std::vector<Shape>{{1, 1, 2, 2}}));
}

TEST(InferShapes, Errors) {
  struct Bad {
    const char* part;  ///< of the message
    Operator op;
    std::vector<Shape> inputs;
    std::size_t outputs = 1;
  };
  const Shape image{kBatch, 6, 9, 8};
  const Bad cases[] = {
      {"nothing left after layer (MaxPool): a 3x3 window does not fit its 1x1 input", MaxPool{window({3, 3}, {2, 2})}, {{kBatch, 6, 1, 1}}},
      {"nothing left after layer (Slice)", Slice{2, 4, 4, 1}, {image}},
      {"has 6 channels, its weight 4x5x1x1 with 1 groups takes 5", Conv{window({1, 1})}, {image, {4, 5, 1, 1}}},
      {"is not for a 3x3 kernel", Conv{window({3, 3})}, {image, {4, 6, 1, 1}}},
      {"do not divide into 4 groups", Conv{window({1, 1}), 4}, {image, {6, 6, 1, 1}}},
      {"do not divide into 0 groups", Conv{window({1, 1}), 0}, {image, {6, 6, 1, 1}}},
      {"in2 is 5, not 4", Conv{window({1, 1})}, {image, {4, 6, 1, 1}, {5}}},
      {"must be positive", Conv{window({0, 0})}, {image, {4, 6, 0, 0}}},
      {"must be positive", MaxPool{window({2, 2}, {0, 1})}, {image}},
      {"negative padding", MaxPool{window({2, 2}, {1, 1}, {-1, 0, 0, 0})}, {image}},
      {"is not smaller than its window", MaxPool{window({2, 2}, {1, 1}, {2, 0, 0, 0})}, {image}},
      {"last window lies outside", MaxPool{window({1, 1}, {4, 4}), Rounding::caffe_ceil}, {{kBatch, 1, 3, 3}}},
      {"not an image", MaxPool{window({2, 2})}, {{kBatch, 6}}},
      {"in1 is 5, not 6", BatchNorm{}, {image, {5}, {6}, {6}, {6}}},
      {"not one number", Activation{ActivationKind::prelu_shared}, {image, {6}}},
      {"nothing left", AdaptiveAveragePool{0, 1}, {image}},
      {"nothing left", AdaptiveAveragePool{-7, 1}, {image}},
      {"named twice", ReduceMean{{1, -3}, true}, {image}},
      {"axis 4 is outside", ReduceMean{{4}, true}, {image}},
      {"takes 11", Linear{}, {{kBatch, 10}, {7, 11}}},
      {"5 and 6 disagree", MatMul{}, {{kBatch, 4, 5}, {6, 5}}},
      {"2x6x9x8 and 5 do not broadcast: 8 against 5", Add{}, {image, {5}}},
      {"differ beside axis 1", Concat{1}, {image, {2, 6, 9, 9}}},
      {"differ in rank", Concat{1}, {image, {2, 6}}},
      {"add up to 5", Split{1, {2, 3}}, {image}, 2},
      {"is empty", Split{1, {7, -1}}, {image}, 2},
      {"step 0", Slice{1, 0, 2, 0}, {image}},
      {"do not divide by 5", Reshape{{5, -1}}, {image}},
      {"more than one -1", Reshape{{-1, -1}}, {image}},
      {"dimension -2", Reshape{{-2, 3}}, {image}},
      {"copies dimension 4", Reshape{{1, 1, 1, 1, 0}}, {image}},
      {"has 864 elements", Reshape{{3, 3}}, {image}},
      {"twice", Transpose{{0, 1, 1, 2}}, {image}},
      {"permutation has 2 axes", Transpose{{0, 1}}, {image}},
      {"axis 5 is outside", Flatten{5}, {image}},
      {"negative pad", Pad{{0, 0, 0, -1, 0, 0, 0, 0}}, {image}},
      {"2 pads", Pad{{0, 0}}, {image}},
      {"size 0", Lrn{0}, {image}},
      {"axis -5 is outside", Softmax{-5}, {image}},
      {"in1 is 9, not 8", LayerNorm{-1}, {image, {9}}},
      {"cannot take 1 inputs", Add{}, {image}},
      {"cannot give 2 outputs", Identity{}, {image}, 2},
      {"cannot give 0 outputs", Split{1, {}}, {image}, 0},
  };
  for (const Bad& c : cases) {
    SCOPED_TRACE(c.part);
    const std::string message = error_of([&] { infer_shapes(one_node(c.op, c.inputs, c.outputs), 2); });
    EXPECT_NE(message.find(c.part), std::string::npos) << message;
    EXPECT_NE(message.find("layer"), std::string::npos) << message;
  }
}

TEST(InferShapes, HostileSizesNeverWrapAround) {
  const Graph cases[] = {
      one_node(Activation{}, {{kBatch, kHuge, kHuge}}),
      one_node(Activation{}, {{kBatch, std::int64_t{1} << 40, std::int64_t{1} << 30}}),
      one_node(Conv{window({3, 3}, {1, 1}, {kHuge, 0, kHuge, 0})}, {{kBatch, 1, 8, 8}, {1, 1, 3, 3}}),
      one_node(Conv{window({3, 3}, {1, 1}, {}, {kHuge, kHuge})}, {{kBatch, 1, 8, 8}, {1, 1, 3, 3}}),
      one_node(Conv{window({1, 1}), kHuge}, {{kBatch, 1, 8, 8}, {kHuge, 1, 1, 1}}),
      one_node(AdaptiveAveragePool{kHuge, kHuge}, {{kBatch, 1, 8, 8}}),
      one_node(Pad{{0, kHuge, 0, kHuge}}, {{kBatch, 1}}),
      one_node(Split{1, {kHuge, kHuge, 4}}, {{kBatch, 2}}, 3),
      one_node(Reshape{{kHuge, kHuge, 4}}, {{kBatch, 2}}),
      one_node(Add{}, {{kBatch, std::int64_t{1} << 32, 1}, {1, 1, std::int64_t{1} << 32}}),
      one_node(Linear{}, {{kBatch, 4}, {std::int64_t{1} << 60, 4}}),
  };
  for (const Graph& graph : cases) {
    SCOPED_TRACE(name_of(graph.nodes[0].op));
    EXPECT_NE(error_of([&] { infer_shapes(graph, 2); }).find("does not fit 63 bits"), std::string::npos);
  }
  EXPECT_NE(error_of([&] { infer_shapes(one_node(Identity{}, {{kBatch, 3}}), kHuge); }).find("63 bits"), std::string::npos);
}

TEST(InferShapes, BatchIsTheGraphsOwnOrAny) {
  EXPECT_EQ(output_shapes(one_node(Identity{}, {{4, 3}}), 4), (std::vector<Shape>{{4, 3}}));
  EXPECT_NE(error_of(
                [] {
                  infer_shapes(one_node(Identity{}, {{1, 3}}), 4);
                },
                ErrorCode::unsupported)
                .find("batch fixed at 1"),
            std::string::npos);
  error_of([] { infer_shapes(one_node(Identity{}, {{kBatch, 3}}), 0); }, ErrorCode::usage);
  EXPECT_NE(error_of([] { infer_shapes(one_node(Identity{}, {{kBatch, -1}}), 1); }).find("in0"), std::string::npos);
  EXPECT_NE(error_of([] { infer_shapes(one_node(Identity{}, {{kBatch, 0}}), 1); }).find("in0"), std::string::npos);
}

}  // namespace
}  // namespace inferometer::graph
