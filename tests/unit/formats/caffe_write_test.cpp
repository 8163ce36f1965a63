#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "base/files.h"
#include "caffe_test_files.h"
#include "graph/builder.h"
#include "graph/cost.h"

namespace inferometer::formats {
namespace {

using graph::ActivationKind;
using graph::Builder;
using graph::Model;
using graph::TensorId;

Model with_values(graph::Graph graph) {
  Model model{std::move(graph), {}};
  float next = 0.125F;
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (tensor.role == graph::Role::input || tensor.role == graph::Role::activation) continue;
    const bool constant = tensor.role == graph::Role::constant;
    graph::Array array{ElementType::f32, tensor.shape,
                       std::vector<std::byte>(static_cast<std::size_t>(element_count(tensor.shape)) * sizeof(float))};
    for (std::int64_t i = 0; i < element_count(tensor.shape); ++i) array.floats()[i] = constant ? tensor.initial.centre : next += 0.25F;
    model.weights.emplace(tensor.name, std::move(array));
  }
  return model;
}

struct Written {
  explicit Written(const Model& model, std::int64_t batch = 1) { write_caffe(model, prototxt.path(), caffemodel.path(), batch); }
  Model read() const { return read_caffe(prototxt.path(), caffemodel.path()); }
  TestFile prototxt{"written.prototxt", ""}, caffemodel{"written.caffemodel", ""};
};

template <class Layers>
graph::Graph image_net(const Layers& layers, std::int64_t size = 9) {
  Builder builder("net");
  return builder.finish(layers(builder, builder.input("input", {graph::kBatch, 6, size, size})));
}

/// Names, operators, output shapes and attributes, by the text that identities are made of, without roles' rules of drawing.
void expect_same_layers(const graph::Graph& wanted, const graph::Graph& read) {
  const auto expected = graph::compute_cost(wanted), found = graph::compute_cost(read);
  ASSERT_EQ(found.layers.size(), expected.layers.size());
  for (std::size_t i = 0; i < expected.layers.size(); ++i) {
    EXPECT_EQ(found.layers[i].layer, expected.layers[i].layer);
    EXPECT_EQ(found.layers[i].op, expected.layers[i].op) << expected.layers[i].layer;
    EXPECT_EQ(found.layers[i].output_shape, expected.layers[i].output_shape) << expected.layers[i].layer;
    EXPECT_EQ(found.layers[i].cost.parameters, expected.layers[i].cost.parameters) << expected.layers[i].layer;
    EXPECT_EQ(found.layers[i].cost.macs, expected.layers[i].cost.macs) << expected.layers[i].layer;
  }
}

TEST(CaffeWrite, WhatCaffeHasComesBack) {
  const Model model = with_values(image_net([](Builder& b, TensorId x) {
    x = b.conv("conv", x, {.channels = 8, .kernel = {3, 5}, .stride = {1, 2}, .padding = {1, 2}, .groups = 2});
    x = b.conv("depthwise", x, {.channels = 8, .groups = 8, .bias = false, .layer_type = "ConvolutionDepthwise"});
    x = b.batch_norm("bn", x, {.epsilon = 1e-3F, .affine = "scale"});
    x = b.relu("relu", x);
    x = b.activation("leaky", x, ActivationKind::leaky_relu, 0.25F);
    x = b.node("prelu", graph::Activation{ActivationKind::prelu_shared}, {x, b.parameter("prelu.weight", {1}, {})});
    x = b.node("lrn", graph::Lrn{3, 1e-3F, 0.5F, 2}, {x});
    x = b.max_pool("max", x, {.kernel = 3, .stride = 2, .padding = 1, .rounding = graph::Rounding::caffe_ceil});
    x = b.average_pool("average", x, {.kernel = {2, 3}, .stride = 1});
    const auto parts = b.split("split", x, {3, 5});
    x = b.concat("concat", {parts[1], parts[0]});
    x = b.add("add", x, b.activation("sigmoid", x, ActivationKind::sigmoid));
    x = b.mul("mul", x, b.activation("tanh", x, ActivationKind::tanh));
    x = b.reshape("reshape", x, {0, 4, -1});
    x = b.transpose("permute", x, {0, 2, 1});
    x = b.activation("exp", x, ActivationKind::exp);
    x = b.activation("sqrt", x, ActivationKind::sqrt);
    x = b.softmax("softmax", x, 2);
    x = b.flatten("flatten", x);
    x = b.linear("fc1", x, {.features = 7});
    return b.linear("fc2", x, {.features = 3, .bias = false});
  }));
  const Written files(model, 4);
  EXPECT_NE(read_file(files.prototxt.path()).find("dim: 4"), std::string::npos);  // the batch
  const Model read = files.read();
  expect_same_layers(model.graph, read.graph);
  EXPECT_EQ(std::get<graph::BatchNorm>(read.graph.nodes[2].op).epsilon, 1e-3F);
  EXPECT_EQ(read.graph.nodes[1].layer_type, "ConvolutionDepthwise");
  const auto& lrn = std::get<graph::Lrn>(read.graph.nodes[6].op);
  EXPECT_EQ(lrn.size, 3);
  EXPECT_EQ(lrn.alpha, 1e-3F);
  EXPECT_EQ(lrn.beta, 0.5F);
  EXPECT_EQ(lrn.k, 2);
  for (const auto& weight : model.weights) {
    const std::string& name = weight.first;
    ASSERT_TRUE(read.weights.contains(name)) << name;
    EXPECT_EQ(read.weights.at(name).shape, weight.second.shape) << name;
    EXPECT_EQ(read.weights.at(name).bytes, weight.second.bytes) << name;
  }
  EXPECT_EQ(read.weights.size(), model.weights.size());
}

TEST(CaffeWrite, WhatCaffeLacksIsComposed) {
  const auto written = [](const auto& layers) {
    std::vector<std::string> operators;
    for (const graph::Node& node : Written(with_values(image_net(layers))).read().graph.nodes) operators.emplace_back(name_of(node.op));
    return operators;
  };
  using Operators = std::vector<std::string>;
  const auto activation = [&](ActivationKind kind, float alpha, float beta) {
    return written([&](Builder& b, TensorId x) { return b.activation("a", x, kind, alpha, beta); });
  };
  EXPECT_EQ(activation(ActivationKind::clip, 0, 6), (Operators{"Relu", "Add", "Relu", "Mul", "Add"}));
  EXPECT_EQ(activation(ActivationKind::clip, std::numeric_limits<float>::lowest(), 0), (Operators{"Mul", "Relu", "Mul"}));
  EXPECT_EQ(activation(ActivationKind::clip, 1, std::numeric_limits<float>::max()), (Operators{"Add", "Relu", "Add"}));
  EXPECT_EQ(activation(ActivationKind::silu, 0, 0), (Operators{"Sigmoid", "Mul"}));
  EXPECT_EQ(activation(ActivationKind::hard_sigmoid, 0.2F, 0.5F).size(), 7u);
  EXPECT_EQ(activation(ActivationKind::hard_swish, 0, 0).size(), 8u);
  // Squeeze and excitation: one factor for each image and channel.
  EXPECT_EQ(written([](Builder& b, TensorId x) { return b.mul("se", b.global_average_pool("pool", x), x); }),
            (Operators{"GlobalAveragePool", "Flatten", "Reshape", "Mul"}));
  EXPECT_EQ(written([](Builder& b, TensorId x) { return b.mul("m", x, b.constant("two", {}, 2)); }), (Operators{"Mul"}));
  EXPECT_EQ(written([](Builder& b, TensorId x) { return b.add("m", x, b.parameter("each", {6, 1, 1}, {})); }), (Operators{"BatchNorm"}));
  // An output that a layer reads too stays an output.
  const Model twice = with_values([] {
    Builder b("net");
    const TensorId x = b.relu("a", b.input("input", {graph::kBatch, 6, 9, 9}));
    const TensorId y = b.relu("b", x);
    return b.finish(std::vector<TensorId>{y, x});
  }());
  EXPECT_EQ(Written(twice).read().graph.outputs.size(), 2u);
}

TEST(CaffeWrite, WithoutScaleOrStatisticsOneLayerIsWritten) {
  for (const bool normalizes : {false, true}) {
    const Model model = with_values(image_net([&](Builder& b, TensorId x) {
      const Shape each{6};
      const TensorId scale = normalizes ? b.constant("bn.weight", each, 1) : b.parameter("bn.weight", each, {});
      const TensorId bias = normalizes ? b.constant("bn.bias", each, 0) : b.parameter("bn.bias", each, {});
      const TensorId mean = normalizes ? b.buffer("bn.running_mean", each, {}) : b.constant("bn.running_mean", each, 0);
      const TensorId variance = normalizes ? b.buffer("bn.running_var", each, {}) : b.constant("bn.running_var", each, 1);
      return b.node("bn", graph::BatchNorm{normalizes ? 1e-5F : 0}, {x, scale, bias, mean, variance});
    }));
    const Written files(model);
    EXPECT_EQ(read_file(files.prototxt.path()).find("\"Scale\"") == std::string::npos, normalizes);
    EXPECT_EQ(read_file(files.prototxt.path()).find("\"BatchNorm\"") == std::string::npos, !normalizes);
    const Model read = files.read();
    for (const auto& weight : model.weights) EXPECT_EQ(read.weights.at(weight.first).bytes, weight.second.bytes) << weight.first;
  }
}

TEST(CaffeWrite, Errors) {
  const auto error = [](const auto& layers, std::int64_t size = 9) {
    const Model model = with_values(image_net(layers, size));
    const TestFile prototxt("refused.prototxt", ""), caffemodel("refused.caffemodel", "");
    std::filesystem::remove(prototxt.path());
    std::filesystem::remove(caffemodel.path());
    try {
      write_caffe(model, prototxt.path(), caffemodel.path());
    } catch (const Error& caught) {
      EXPECT_EQ(caught.code(), ErrorCode::unsupported);
      EXPECT_FALSE(std::filesystem::exists(prototxt.path()));
      EXPECT_FALSE(std::filesystem::exists(caffemodel.path()));
      return std::string(caught.what());
    }
    ADD_FAILURE() << "was written";
    return std::string();
  };
  EXPECT_EQ(error([](Builder& b, TensorId x) { return b.max_pool("p", x, {.kernel = 3, .stride = 2}); }, 8),
            "net: p (MaxPool): Caffe rounds its output up to 4 where this network has 3");
  EXPECT_EQ(error([](Builder& b, TensorId x) { return b.max_pool("p", x, {.kernel = 3, .stride = 2, .padding = 1}); }, 8),
            "net: p (MaxPool): Caffe rounds its output up to 5 where this network has 4");
  // Without padding Caffe keeps even a window that begins behind the image.
  EXPECT_EQ(error([](Builder& b, TensorId x) { return b.max_pool("p", x, {.stride = 3, .rounding = graph::Rounding::ceil}); }),
            "net: p (MaxPool): Caffe rounds its output up to 4 where this network has 3");
  EXPECT_EQ(error([](Builder& b, TensorId x) { return b.average_pool("p", x, {.kernel = 3, .padding = 1, .count_include_pad = false}); }),
            "net: p (AveragePool): Caffe's average counts the padding");
  EXPECT_EQ(error([](Builder& b, TensorId x) { return b.adaptive_average_pool("p", x, 5); }),
            "net: p (AdaptiveAveragePool): its windows differ in size");
  EXPECT_EQ(error([](Builder& b, TensorId x) { return b.activation("a", x, ActivationKind::gelu); }),
            "net: a (Gelu): Caffe has no error function");
  EXPECT_EQ(error([](Builder& b, TensorId x) { return b.matmul("m", x, x); }), "net: m (MatMul): Caffe has no layer for it");
  EXPECT_EQ(error([](Builder& b, TensorId x) { return b.layer_norm("n", x); }), "net: n (LayerNorm): Caffe has no layer for it");
  EXPECT_EQ(error([](Builder& b, TensorId x) {
              return b.node("p", graph::Pad{{0, 0, 1, 1, 0, 0, 0, 0}, 0}, {x});
            }),
            "net: p (Pad): Caffe has no padding layer");
  Model empty{image_net([](Builder& b, TensorId x) { return b.conv("c", x, {.channels = 2}); }), {}};
  const TestFile prototxt("empty.prototxt", ""), caffemodel("empty.caffemodel", "");
  try {
    write_caffe(empty, prototxt.path(), caffemodel.path());
    ADD_FAILURE() << "no error";
  } catch (const Error& caught) {
    EXPECT_EQ(caught.code(), ErrorCode::input);
    EXPECT_EQ(std::string(caught.what()), "net: c.weight has no values of type f32");
  }
}

}  // namespace
}  // namespace inferometer::formats
