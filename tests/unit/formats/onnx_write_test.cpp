#include "onnx_test_model.h"

#include <cstring>
#include <functional>

#include <gtest/gtest.h>
#include <onnx/checker.h>

#include "base/error.h"
#include "base/files.h"
#include "formats/onnx.h"
#include "graph/builder.h"
#include "graph/cost.h"

namespace inferometer::formats {
namespace {

using graph::ActivationKind;
using graph::Builder;
using graph::Model;
using graph::Role;
using graph::Rounding;
using graph::TensorId;

/// Give every stored tensor values that differ from each other.
Model with_values(graph::Graph graph) {
  Model model{std::move(graph), {}};
  float next = 0.125F;
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (tensor.role == Role::input || tensor.role == Role::activation) continue;
    if (tensor.type == ElementType::i64) {
      const std::vector<std::int64_t> values(tensor.values.begin(), tensor.values.end());
      const auto* first = reinterpret_cast<const std::byte*>(values.data());
      model.weights.emplace(tensor.name, graph::Array{tensor.type, tensor.shape, {first, first + values.size() * sizeof(std::int64_t)}});
      continue;
    }
    graph::Array array{ElementType::f32, tensor.shape,
                       std::vector<std::byte>(static_cast<std::size_t>(element_count(tensor.shape)) * sizeof(float))};
    for (std::int64_t i = 0; i < element_count(tensor.shape); ++i) array.floats()[i] = next += 0.25F;
    model.weights.emplace(tensor.name, std::move(array));
  }
  return model;
}

onnx::ModelProto parse(const std::filesystem::path& path) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(read_file(path)));
  return proto;
}

std::vector<std::string> operators(const onnx::ModelProto& proto) {
  std::vector<std::string> names;
  for (const auto& node : proto.graph().node()) names.push_back(node.op_type());
  return names;
}

/// The same graph with its tensors in order of first use and without what files keep with the weights.
graph::Graph ordered(const graph::Graph& graph) {
  graph::Graph result = graph;
  result.tensors.clear();
  std::vector<TensorId> numbers(graph.tensors.size(), graph::kNoTensor);
  const auto renumber = [&](std::vector<TensorId>& ids) {
    for (TensorId& id : ids) {
      if (id == graph::kNoTensor) continue;
      if (numbers[id] == graph::kNoTensor) {
        numbers[id] = result.tensors.size();
        result.tensors.push_back(graph.tensors[id]);
        result.tensors.back().initial = {};
        result.tensors.back().values = {};
      }
      id = numbers[id];
    }
  };
  renumber(result.inputs);
  for (graph::Node& node : result.nodes) {
    renumber(node.inputs);
    renumber(node.outputs);
  }
  renumber(result.outputs);
  return result;
}

/// Layers, attributes, roles, shapes and values must all come back.
void expect_same(const Model& wanted, const Model& read) {
  EXPECT_EQ(graph::canonical_hash(ordered(read.graph)), graph::canonical_hash(ordered(wanted.graph)));
  const auto expected = graph::compute_cost(wanted.graph), found = graph::compute_cost(read.graph);
  ASSERT_EQ(found.layers.size(), expected.layers.size());
  for (std::size_t i = 0; i < expected.layers.size(); ++i) {
    SCOPED_TRACE(expected.layers[i].layer);
    EXPECT_EQ(found.layers[i].layer, expected.layers[i].layer);
    EXPECT_EQ(found.layers[i].op, expected.layers[i].op);
    EXPECT_EQ(found.layers[i].output_shape, expected.layers[i].output_shape);
    EXPECT_EQ(found.layers[i].cost.parameters, expected.layers[i].cost.parameters);
    EXPECT_EQ(found.layers[i].cost.macs, expected.layers[i].cost.macs);
    EXPECT_EQ(found.layers[i].cost.elementwise_operations, expected.layers[i].cost.elementwise_operations);
    EXPECT_EQ(found.layers[i].cost.activations, expected.layers[i].cost.activations);
  }
  EXPECT_EQ(read.graph.name, wanted.graph.name);
  EXPECT_EQ(read.weights.size(), wanted.weights.size());
  for (const graph::Tensor& tensor : wanted.graph.tensors) {
    SCOPED_TRACE(tensor.name);
    const auto same =
        std::find_if(read.graph.tensors.begin(), read.graph.tensors.end(), [&](const auto& t) { return t.name == tensor.name; });
    ASSERT_NE(same, read.graph.tensors.end());
    EXPECT_EQ(same->role, tensor.role);
    EXPECT_EQ(same->shape, tensor.shape);
    if (!wanted.weights.contains(tensor.name)) continue;
    EXPECT_EQ(read.weights.find(tensor.name)->second.bytes, wanted.weights.find(tensor.name)->second.bytes);
  }
}

Model round_trip(const Model& model, onnx::ModelProto* proto = nullptr) {
  const TemporaryFolder folder;
  write_onnx(model, folder / "model.onnx");
  const onnx::ModelProto written = parse(folder / "model.onnx");
  EXPECT_NO_THROW(onnx::checker::check_model(written));
  if (proto != nullptr) *proto = written;
  return read_onnx(folder / "model.onnx");
}

graph::Graph image_net(const std::function<TensorId(Builder&, TensorId)>& layers, std::int64_t size = 12) {
  Builder builder("net");
  return builder.finish(layers(builder, builder.input("input", {graph::kBatch, 6, size, size})));
}

TEST(OnnxWrite, EveryConvolutionalOperatorComesBack) {
  const Model model = with_values(image_net([](Builder& b, TensorId x) {
    x = b.conv("conv", x, {.channels = 8, .kernel = {3, 5}, .stride = {1, 2}, .padding = {1, 2}, .dilation = {2, 1}, .groups = 2});
    x = b.conv("depthwise", x, {.channels = 8, .groups = 8, .layer_type = "DepthwiseConvolution"});
    x = b.batch_norm("bn", x, {.epsilon = 1e-3F});
    x = b.relu("relu", x);
    x = b.relu6("relu6", x);
    for (const auto kind : {ActivationKind::leaky_relu, ActivationKind::sigmoid, ActivationKind::hard_sigmoid, ActivationKind::hard_swish,
                            ActivationKind::silu, ActivationKind::gelu, ActivationKind::tanh, ActivationKind::exp, ActivationKind::sqrt,
                            ActivationKind::erf}) {
      const bool leaky = kind == ActivationKind::leaky_relu, hard = kind == ActivationKind::hard_sigmoid;
      x = b.activation("activation" + std::to_string(static_cast<int>(kind)), x, kind, leaky || hard ? 0.25F : 0, hard ? 0.5F : 0);
    }
    const TensorId slope = b.parameter("prelu.weight", {1}, {});
    x = b.node("prelu", graph::Activation{ActivationKind::prelu_shared}, {x, slope});
    x = b.node("pad", graph::Pad{{0, 0, 1, 1, 0, 0, 2, 2}, 0.5F}, {x});
    x = b.node("lrn", graph::Lrn{3, 1e-3F, 0.5F, 2}, {x});
    x = b.max_pool("max", x, {.kernel = 3, .stride = 2, .padding = 1});
    x = b.average_pool("average", x, {.kernel = 3, .stride = 1, .padding = 1});
    graph::Window uneven{.kernel = {3, 3}, .pads = {1, 0, 2, 1}};
    x = b.node("average_uneven", graph::AveragePool{uneven, Rounding::floor, true}, {x});
    const auto parts = b.split("split", x, {2, 6});
    x = b.concat("concat", {parts[1], parts[0]});
    x = b.node("slice", graph::Slice{2, 1, 4, 2}, {x});
    x = b.mul("scale", x, b.constant("factor", {}, 2));
    x = b.add("shift", x, b.parameter("offset", {8, 1, 1}, {}));
    x = b.node("sub", graph::Sub{}, {x, b.constant("mean", {8, 1, 1}, 1)});
    x = b.node("div", graph::Div{}, {x, b.buffer("deviation", {8, 1, 1}, {})});
    x = b.node("dropout", graph::Identity{}, {x});
    x = b.global_average_pool("global", x);
    x = b.flatten("flatten", x);
    x = b.linear("fc", x, {.features = 5});
    x = b.linear("fc_without_bias", x, {.features = 4, .bias = false});
    return b.softmax("softmax", x, 1);
  }));
  expect_same(model, round_trip(model));
}

TEST(OnnxWrite, EveryTransformerOperatorComesBack) {
  Builder b("attention");
  TensorId x = b.input("tokens", {graph::kBatch, 7, 8});
  x = b.layer_norm("norm", x, 1e-6F);
  x = b.node("norm_without_bias", graph::LayerNorm{-2, 1e-5F}, {x, b.parameter("norm_without_bias.weight", {7, 8}, {})});
  TensorId qkv = b.linear("qkv", x, {.features = 24});
  qkv = b.reshape("heads", qkv, {0, 7, 3, 2, 4});
  qkv = b.transpose("turned", qkv, {2, 0, 3, 1, 4});
  const auto parts = b.split("parts", qkv, {1, 1, 1}, 0);
  const TensorId q = b.reshape("q", parts[0], {-1, 2, 7, 4}), k = b.reshape("k", parts[1], {-1, 2, 7, 4}),
                 v = b.reshape("v", parts[2], {-1, 2, 7, 4});
  TensorId scores = b.matmul("scores", q, b.transpose("keys", k, {0, 1, 3, 2}));
  scores = b.softmax("softmax", scores, 1);  // not the last axis
  x = b.matmul("context", scores, v);
  x = b.reshape("joined", b.transpose("back", x, {0, 2, 1, 3}), {0, 7, 8});
  x = b.linear("project", x, {.features = 8, .bias = false});
  x = b.node("add_literal", graph::Add{}, {x, b.parameter("literal", {8}, {})});  // not the bias of project
  const TensorId order = b.table("order", {7, 2}, ElementType::i64, Role::buffer, {6, 0, 0, 5, 1, 1, 4, 3, 2, 6, 6, 2, 5, 4});
  const TensorId bias = b.gather("bias", b.parameter("bias_table", {7, 8}, {}), order, 0);  // stored data by stored indices
  x = b.gather("pairs", x, order, 1);                                                       // the same indices once more
  x = b.add("biased", x, bias);
  const TensorId one = b.table("one", {1}, ElementType::i64, Role::constant, {1});
  x = b.gather("second", x, one, 2);  // one element, and still no slice
  x = b.reshape("tokens_again", x, {0, 7, 8});
  x = b.node("mean", graph::ReduceMean{{1}, false}, {x});
  const Model model = with_values(b.finish(x));
  expect_same(model, round_trip(model));
}

TEST(OnnxWrite, AWeightThatTwoLayersShareIsWrittenOnce) {
  Builder b("shared");
  const TensorId x = b.input("x", {graph::kBatch, 3, 4});
  const TensorId weight = b.parameter("weight", {4, 4}, {});
  const TensorId first = b.node("first", graph::Linear{}, {x, weight});
  const Model model = with_values(b.finish(b.node("second", graph::Linear{}, {first, weight})));
  onnx::ModelProto proto;
  const Model read = round_trip(model, &proto);
  EXPECT_EQ(proto.graph().initializer_size(), 1);
  expect_same(model, read);
  EXPECT_EQ(graph::compute_cost(read.graph).total.parameters, 16);
}

TEST(OnnxWrite, HeaderAndDimensions) {
  const Model model = with_values(image_net([](Builder& b, TensorId x) { return b.relu("relu", x); }));
  const TemporaryFolder folder;
  write_onnx(model, folder / "free.onnx", {.producer_version = "1.2"});
  write_onnx(model, folder / "fixed.onnx", {.batch = 4});
  const auto free = parse(folder / "free.onnx"), fixed = parse(folder / "fixed.onnx");
  EXPECT_EQ(free.ir_version(), 6);
  EXPECT_EQ(free.opset_import(0).version(), 10);
  EXPECT_EQ(free.producer_name(), "inferometer");
  EXPECT_EQ(free.producer_version(), "1.2");
  for (const auto* value : {&free.graph().input(0), &free.graph().output(0)})
    EXPECT_EQ(value->type().tensor_type().shape().dim(0).dim_param(), "N");
  for (const auto* value : {&fixed.graph().input(0), &fixed.graph().output(0)})
    EXPECT_EQ(value->type().tensor_type().shape().dim(0).dim_value(), 4);
  EXPECT_EQ(free.graph().input(0).type().tensor_type().shape().dim(3).dim_value(), 12);
}

TEST(OnnxWrite, AdaptivePoolingTakesTheFormThatAllEnginesRead) {
  struct Case {
    std::int64_t input, height, width;
    std::vector<std::string> operators;
  };
  const Case cases[]{
      {7, 7, 7, {"Identity"}},
      {12, 1, 1, {"GlobalAveragePool"}},
      {12, 6, 3, {"AveragePool"}},
      {7, 6, 6, {"AveragePool"}},
      {1, 7, 7, {"Resize"}},
      {3, 6, 9, {"Resize"}},
      {8, 7, 3, {"MatMul", "Transpose", "MatMul", "Transpose"}},
      {5, 7, 5, {"MatMul", "Transpose", "MatMul", "Transpose"}},
  };
  for (const Case& item : cases) {
    SCOPED_TRACE(testing::Message() << item.input << " to " << item.height << "x" << item.width);
    const Model model = with_values(image_net(
        [&](Builder& b, TensorId x) {
          return b.adaptive_average_pool("pool", x, {item.height, item.width});
        },
        item.input));
    onnx::ModelProto proto;
    const Model read = round_trip(model, &proto);
    EXPECT_EQ(operators(proto), item.operators);
    expect_same(model, read);
  }
}

TEST(OnnxWrite, AMarkAloneMakesNoOperator) {
  const Model model = with_values(image_net([](Builder& b, TensorId x) { return b.adaptive_average_pool("pool", x, 3); }, 8));
  const TemporaryFolder folder;
  write_onnx(model, folder / "model.onnx");
  onnx::ModelProto proto = parse(folder / "model.onnx");
  for (auto& tensor : *proto.mutable_graph()->mutable_initializer()) {  // one wrong number in an averaging matrix
    float value = 0.25F;
    std::memcpy(tensor.mutable_raw_data()->data(), &value, sizeof value);
  }
  OnnxTestModel changed(10);
  changed.model = proto;
  changed.save(folder / "changed.onnx");
  EXPECT_EQ(graph::compute_cost(read_onnx(folder / "model.onnx").graph).layers.size(), 1U);
  const auto layers = graph::compute_cost(read_onnx(folder / "changed.onnx").graph).layers;
  ASSERT_EQ(layers.size(), 4U);
  EXPECT_EQ(layers[0].op, "MatMul");
}

TEST(OnnxWrite, AMarkOnAnotherWindowMakesNoOperator) {
  const Model model = with_values(image_net([](Builder& b, TensorId x) { return b.adaptive_average_pool("pool", x, 6); }, 12));
  const TemporaryFolder folder;
  write_onnx(model, folder / "model.onnx");
  for (const std::string name : {"kernel_shape", "strides"}) {
    SCOPED_TRACE(name);
    OnnxTestModel changed(10);
    changed.model = parse(folder / "model.onnx");
    for (auto& attribute : *changed.model.mutable_graph()->mutable_node(0)->mutable_attribute()) {
      if (attribute.name() == name) attribute.set_ints(0, 1);
    }
    changed.save(folder / "changed.onnx");
    EXPECT_EQ(graph::name_of(read_onnx(folder / "changed.onnx").graph.nodes[0].op), "AveragePool");
  }
}

TEST(OnnxWrite, RoundedUpPoolings) {
  struct Case {
    bool maximum;
    std::int64_t size, kernel, stride, padding;
    Rounding rounding;
    bool count_include_pad;
    std::int64_t out;
    std::vector<std::string> operators;
    std::int64_t ceil_mode;
    std::vector<std::int64_t> pads;
  };
  const Case cases[]{
      // 112 -> 56 only by rounding up; every engine agrees on ceil_mode here
      {true, 112, 3, 2, 0, Rounding::ceil, true, 56, {"MaxPool"}, 1, {0, 0, 0, 0}},
      {true, 112, 3, 2, 0, Rounding::caffe_ceil, true, 56, {"MaxPool"}, 1, {0, 0, 0, 0}},
      // the last window would start in the padding at the end: 3, not 4
      {true, 5, 2, 2, 1, Rounding::ceil, true, 3, {"MaxPool"}, 0, {1, 1, 1, 1}},
      {true, 5, 2, 2, 1, Rounding::caffe_ceil, true, 3, {"MaxPool"}, 0, {1, 1, 1, 1}},
      {false, 28, 3, 2, 0, Rounding::caffe_ceil, true, 14, {"AveragePool"}, 0, {0, 0, 1, 1}},
      {false, 28, 3, 2, 0, Rounding::ceil, false, 14, {"AveragePool"}, 0, {0, 0, 1, 1}},
      {false, 8, 3, 2, 1, Rounding::ceil, false, 5, {"AveragePool"}, 0, {1, 1, 2, 2}},
      // its own padding counts, what rounding up adds does not
      {false, 8, 3, 2, 1, Rounding::ceil, true, 5, {"Pad", "AveragePool"}, 0, {0, 0, 1, 1}},
      {false, 7, 3, 2, 1, Rounding::ceil, true, 4, {"Pad", "AveragePool"}, 0, {0, 0, 0, 0}},
  };
  for (const Case& item : cases) {
    SCOPED_TRACE(testing::Message() << item.size << " kernel " << item.kernel << " stride " << item.stride << " padding " << item.padding);
    const Model model = with_values(image_net(
        [&](Builder& b, TensorId x) {
          const graph::PoolOptions options{item.kernel, item.stride, item.padding, item.rounding, item.count_include_pad};
          return item.maximum ? b.max_pool("pool", x, options) : b.average_pool("pool", x, options);
        },
        item.size));
    onnx::ModelProto proto;
    const Model read = round_trip(model, &proto);
    EXPECT_EQ(operators(proto), item.operators);
    std::vector<std::int64_t> pads;
    std::int64_t ceil_mode = 0;
    for (const auto& attribute : proto.graph().node(proto.graph().node_size() - 1).attribute()) {
      if (attribute.name() == "pads") pads.assign(attribute.ints().begin(), attribute.ints().end());
      if (attribute.name() == "ceil_mode") ceil_mode = attribute.i();
    }
    EXPECT_EQ(pads, item.pads);
    EXPECT_EQ(ceil_mode, item.ceil_mode);
    const auto expected = graph::compute_cost(model.graph), found = graph::compute_cost(read.graph);
    EXPECT_EQ(expected.layers[0].output_shape[3], item.out);
    EXPECT_EQ(found.layers.back().output_shape, expected.layers[0].output_shape);
    EXPECT_EQ(found.total.elementwise_operations, expected.total.elementwise_operations);
    const bool extended = item.operators.size() == 2 && item.pads != std::vector<std::int64_t>{0, 0, 0, 0};
    EXPECT_EQ(found.layers.size(), extended ? 2U : 1U);
    if (item.maximum || extended) continue;
    const auto& pool = std::get<graph::AveragePool>(read.graph.nodes[0].op);
    EXPECT_EQ(pool.count_include_pad, item.count_include_pad && item.padding > 0);
  }
}

TEST(OnnxWrite, AWindowThatNeedsPadsOnOneSideOnly) {
  // Height: rounding up is taken back. Width: it stands, and ceil_mode is not written, so the padding grows.
  Builder b("net");
  const TensorId x = b.input("input", {graph::kBatch, 2, 5, 6});
  const Model model =
      with_values(b.finish(b.max_pool("pool", x, {.kernel = {2, 3}, .stride = 2, .padding = 1, .rounding = Rounding::ceil})));
  const Model read = round_trip(model);
  const auto& pool = std::get<graph::MaxPool>(read.graph.nodes[0].op);
  EXPECT_EQ(pool.rounding, Rounding::floor);
  EXPECT_EQ(pool.window.pads, (std::array<std::int64_t, 4>{1, 1, 1, 2}));
  EXPECT_EQ(graph::infer_shapes(read.graph, 1)[read.graph.outputs[0]], (Shape{1, 2, 3, 4}));
}

TEST(OnnxWrite, Errors) {
  const TemporaryFolder folder;
  const auto message = [&](const Model& model, const std::filesystem::path& path) -> std::string {
    try {
      write_onnx(model, path);
    } catch (const Error& error) {
      return std::string(name_of(error.code())) + ": " + error.what();
    }
    return "";
  };
  Model model = with_values(image_net([](Builder& b, TensorId x) { return b.conv("conv", x, {.channels = 2}); }));
  EXPECT_EQ(message(model, folder / "good.onnx"), "");
  model.weights.find("conv.bias")->second.shape = {1};
  EXPECT_EQ(message(model, folder / "bad.onnx"), "input: net: tensor conv.bias is 2, its values are 1 in 8 bytes");
  model.weights.erase("conv.bias");
  EXPECT_EQ(message(model, folder / "bad.onnx"), "input: net: tensor conv.bias has no values");
  EXPECT_FALSE(std::filesystem::exists(folder / "bad.onnx"));
  EXPECT_TRUE(message(with_values(image_net([](Builder& b, TensorId x) { return b.relu("r", x); })), folder / "good.onnx/sub.onnx")
                  .starts_with("io: "));
}

}  // namespace
}  // namespace inferometer::formats
