#include "onnx_test_model.h"

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "base/error.h"
#include "formats/onnx.h"
#include "graph/cost.h"
#include "onnx_test_read.h"

namespace inferometer::formats {
namespace {

using onnx::TensorProto;

const graph::Window& window(const graph::Model& model) { return std::get<graph::Conv>(model.graph.nodes[0].op).window; }

// ---- shapes computed at run time ------------------------------------------------------------------------------------

TEST(OnnxRead, TheShapeChainOfTheTorchScriptExporterBecomesAReshape) {
  OnnxTestModel model(11);
  model.input("x", {-1, 2, 3, 4}).output("y").integers("zero", {}, {0}).integers("minus_one", {1}, {-1});
  model.node("Shape", {"x"}, {"shape"});
  set(model.node("Gather", {"shape", "zero"}, {"batch"}), "axis", std::int64_t{0});
  set(model.node("Unsqueeze", {"batch"}, {"batch_1d"}), "axes", std::vector<std::int64_t>{0});
  set(model.node("Concat", {"batch_1d", "minus_one"}, {"target"}), "axis", std::int64_t{0});
  model.node("Reshape", {"x", "target"}, {"y"});
  const graph::Model result = read(model);
  ASSERT_EQ(operators(result), Names{"Reshape"});
  EXPECT_EQ(std::get<graph::Reshape>(result.graph.nodes[0].op).shape, (std::vector<std::int64_t>{0, 24}));
  EXPECT_EQ(output_shape(result, 5), (Shape{5, 24}));
  EXPECT_TRUE(result.weights.empty());
}

TEST(OnnxRead, IndicesFromTheEndOfAShape) {
  OnnxTestModel model(13);
  model.input("x", {-1, 2, 3, 4}).output("y").integers("last", {1}, {-1}).integers("minus_one", {1}, {-1});
  model.node("Shape", {"x"}, {"shape"});
  model.node("Gather", {"shape", "last"}, {"width"});
  set(model.node("Concat", {"minus_one", "width"}, {"target"}), "axis", std::int64_t{0});
  model.node("Reshape", {"x", "target"}, {"y"});
  EXPECT_EQ(output_shape(read(model), 2), (Shape{12, 4}));
}

TEST(OnnxRead, AChannelShuffleThatComputesItsGroupsBecomesReshapes) {
  OnnxTestModel model(13);
  model.input("x", {-1, 6, 4, 4})
      .output("y")
      .integers("zero", {}, {0})
      .integers("one", {}, {1})
      .integers("two", {}, {2})
      .integers("axis", {1}, {0});
  model.integers("two_1d", {1}, {2}).integers("side", {2}, {4, 4}).integers("minus_one", {1}, {-1});
  model.node("Shape", {"x"}, {"shape"});
  model.node("Gather", {"shape", "zero"}, {"n"});
  model.node("Gather", {"shape", "one"}, {"c"});
  model.node("Div", {"c", "two"}, {"per_group"});
  auto& cast = model.node("Cast", {"per_group"}, {"per_group_64"});
  set(cast, "to", std::int64_t{TensorProto::INT64});
  model.node("Unsqueeze", {"n", "axis"}, {"n_1d"});
  model.node("Unsqueeze", {"per_group_64", "axis"}, {"g_1d"});
  set(model.node("Concat", {"n_1d", "two_1d", "g_1d", "side"}, {"split"}), "axis", std::int64_t{0});
  model.node("Reshape", {"x", "split"}, {"five"});
  set(model.node("Transpose", {"five"}, {"turned"}), "perm", std::vector<std::int64_t>{0, 2, 1, 3, 4});
  set(model.node("Concat", {"n_1d", "minus_one", "side"}, {"join"}), "axis", std::int64_t{0});
  model.node("Reshape", {"turned", "join"}, {"y"});
  const graph::Model result = read(model);
  EXPECT_EQ(operators(result), (Names{"Reshape", "Transpose", "Reshape"}));
  EXPECT_EQ(std::get<graph::Reshape>(result.graph.nodes[0].op).shape, (std::vector<std::int64_t>{0, 2, 3, 4, 4}));
  EXPECT_EQ(output_shape(result, 3), (Shape{3, 6, 4, 4}));
}

TEST(OnnxRead, ABatchMergedIntoAnotherDimensionIsInferred) {
  OnnxTestModel model(13);  // windows of attention: [N, 4, 4, 3] -> [4 N, 4, 3]
  model.input("x", {-1, 4, 4, 3})
      .output("y")
      .integers("zero", {1}, {0})
      .integers("one", {1}, {1})
      .integers("four", {1}, {4})
      .integers("rest", {2}, {4, 3});
  model.node("Shape", {"x"}, {"shape"});
  model.node("Slice", {"shape", "zero", "one"}, {"n"});
  model.node("Mul", {"n", "four"}, {"windows"});
  set(model.node("Concat", {"windows", "rest"}, {"target"}), "axis", std::int64_t{0});
  model.node("Reshape", {"x", "target"}, {"y"});
  const graph::Model result = read(model);
  EXPECT_EQ(std::get<graph::Reshape>(result.graph.nodes[0].op).shape, (std::vector<std::int64_t>{-1, 4, 3}));
  EXPECT_EQ(output_shape(result, 2), (Shape{8, 4, 3}));
}

TEST(OnnxRead, SqueezeUnsqueezeGatherAndSlices) {
  for (const std::int64_t opset : {11, 13}) {
    SCOPED_TRACE(opset);
    OnnxTestModel model(opset);
    model.input("x", {-1, 1, 3, 8})
        .output("y")
        .integers("one", {1}, {1})
        .integers("index", {}, {-1})
        .integers("starts", {2}, {1, -6})
        .integers("ends", {2}, {INT64_MAX, 7})
        .integers("axes", {2}, {1, 2});
    if (opset < 13) set(model.node("Squeeze", {"x"}, {"a"}), "axes", std::vector<std::int64_t>{1});
    if (opset >= 13) model.node("Squeeze", {"x", "one"}, {"a"});
    model.node("Slice", {"a", "starts", "ends", "axes"}, {"b"});                // [N, 2, 5]
    set(model.node("Gather", {"b", "index"}, {"c"}), "axis", std::int64_t{1});  // [N, 5]
    if (opset < 13) set(model.node("Unsqueeze", {"c"}, {"y"}), "axes", std::vector<std::int64_t>{1});
    if (opset >= 13) model.node("Unsqueeze", {"c", "one"}, {"y"});
    const graph::Model result = read(model);
    EXPECT_EQ(operators(result), (Names{"Reshape", "Slice", "Slice", "Slice", "Reshape", "Reshape"}));
    EXPECT_EQ(output_shape(result, 4), (Shape{4, 1, 5}));
    const auto& slice = std::get<graph::Slice>(result.graph.nodes[2].op);
    EXPECT_EQ(slice.begin, 2);
    EXPECT_EQ(slice.end, 7);
    EXPECT_EQ(std::get<graph::Slice>(result.graph.nodes[3].op).begin, 1);
  }
}

TEST(OnnxRead, AGatherOfSeveralElementsKeepsItsIndices) {
  OnnxTestModel model(13);
  model.input("x", {-1, 3, 4}).output("y").integers("order", {2, 2}, {2, -3, 1, 2}).counted("table", {5, 4});
  set(model.node("Gather", {"x", "order"}, {"picked"}), "axis", std::int64_t{1});  // [N, 2, 2, 4]
  model.integers("rows", {2}, {4, 0});
  model.node("Gather", {"table", "rows"}, {"bias"});
  model.node("Add", {"picked", "bias"}, {"y"});
  const graph::Model result = read(model);
  EXPECT_EQ(operators(result), (Names{"Gather", "Gather", "Add"}));
  EXPECT_EQ(output_shape(result, 5), (Shape{5, 2, 2, 4}));
  const auto indices_of = [&](std::size_t node) {
    const graph::Tensor& tensor = result.graph.tensors[result.graph.nodes[node].inputs[1]];
    EXPECT_EQ(tensor.type, ElementType::i64);
    EXPECT_EQ(tensor.role, graph::Role::constant);
    const graph::Array& array = result.weights.at(tensor.name);
    EXPECT_EQ(array.shape, tensor.shape);
    const auto* values = reinterpret_cast<const std::int64_t*>(array.bytes.data());
    return std::vector<std::int64_t>(values, values + array.bytes.size() / sizeof(std::int64_t));
  };
  EXPECT_EQ(indices_of(0), (std::vector<std::int64_t>{2, 0, 1, 2}));  // counted from the front
  EXPECT_EQ(indices_of(1), (std::vector<std::int64_t>{4, 0}));
  const graph::Tensor& table = result.graph.tensors[result.graph.nodes[1].inputs[0]];
  EXPECT_EQ(table.name, "table");
  EXPECT_EQ(table.role, graph::Role::parameter);
}

TEST(OnnxRead, AGatherOutOfRangeOrByImagesIsRefused) {
  for (const std::int64_t index : {3, -4}) {
    OnnxTestModel model(13);
    model.input("x", {-1, 3, 4}).output("y").integers("order", {2}, {0, index});
    set(model.node("Gather", {"x", "order"}, {"y"}), "axis", std::int64_t{1});
    const std::string message = error_of(model);
    EXPECT_TRUE(message.ends_with("index " + std::to_string(index) + " picks among 3 elements")) << message;
  }
  OnnxTestModel images(13);
  images.input("x", {-1, 3}).output("y").integers("order", {2}, {0, 1});
  images.node("Gather", {"x", "order"}, {"y"});
  EXPECT_TRUE(error_of(images).ends_with("picks among images")) << error_of(images);
}

// ---- layers ---------------------------------------------------------------------------------------------------------

TEST(OnnxRead, AutomaticPads) {
  struct Case {
    std::string rule;
    std::int64_t size, kernel, stride;
    std::array<std::int64_t, 4> pads;
  };
  const Case cases[]{{"SAME_UPPER", 8, 3, 2, {0, 0, 1, 1}}, {"SAME_LOWER", 8, 3, 2, {1, 1, 0, 0}}, {"SAME_UPPER", 7, 3, 2, {1, 1, 1, 1}},
                     {"VALID", 8, 3, 2, {0, 0, 0, 0}},      {"SAME_UPPER", 8, 2, 4, {0, 0, 0, 0}}, {"SAME_LOWER", 9, 4, 1, {2, 2, 1, 1}}};
  for (const Case& item : cases) {
    SCOPED_TRACE(item.rule + " " + std::to_string(item.size));
    OnnxTestModel model(11);
    model.input("x", {-1, 1, item.size, item.size}).output("y").counted("w", {2, 1, item.kernel, item.kernel});
    auto& conv = model.node("Conv", {"x", "w"}, {"y"});
    set(conv, "auto_pad", item.rule);
    set(conv, "strides", std::vector<std::int64_t>{item.stride, item.stride});
    const graph::Model result = read(model);
    EXPECT_EQ(window(result).pads, item.pads);
    EXPECT_EQ(window(result).kernel, (std::array<std::int64_t, 2>{item.kernel, item.kernel}));
    const std::int64_t out =
        item.rule == "VALID" ? (item.size - item.kernel) / item.stride + 1 : (item.size + item.stride - 1) / item.stride;
    EXPECT_EQ(output_shape(result, 1), (Shape{1, 2, out, out}));
  }
}

TEST(OnnxRead, GemmInItsForms) {
  const Floats weight{1, 2, 3, 4, 5, 6};  // [3, 2] or [2, 3]
  {
    OnnxTestModel model(11);  // y = x B + C, B [2, 3]
    model.input("x", {-1, 2}).output("y").floats("b", {2, 3}, weight).floats("c", {1, 3}, {7, 8, 9});
    model.node("Gemm", {"x", "b", "c"}, {"y"});
    const graph::Model result = read(model);
    EXPECT_EQ(operators(result), Names{"Linear"});
    EXPECT_EQ(values(result, "b"), (Floats{1, 4, 2, 5, 3, 6}));
    EXPECT_EQ(values(result, "c"), (Floats{7, 8, 9}));
    EXPECT_EQ(graph::compute_cost(result.graph).total.parameters, 9);
  }
  {
    OnnxTestModel model(11);  // alpha and beta go into the values
    model.input("x", {-1, 2}).output("y").floats("b", {3, 2}, weight).floats("c", {3}, {7, 8, 9});
    auto& gemm = model.node("Gemm", {"x", "b", "c"}, {"y"});
    set(gemm, "transB", std::int64_t{1});
    set(gemm, "alpha", 0.5F);
    set(gemm, "beta", 2.0F);
    const graph::Model result = read(model);
    ASSERT_EQ(operators(result), Names{"Linear"});
    const auto& inputs = result.graph.nodes[0].inputs;
    EXPECT_EQ(values(result, result.graph.tensors[inputs[1]].name), (Floats{0.5F, 1, 1.5F, 2, 2.5F, 3}));
    EXPECT_EQ(values(result, result.graph.tensors[inputs[2]].name), (Floats{14, 16, 18}));
    EXPECT_EQ(graph::compute_cost(result.graph).total.parameters, 9);
  }
  {
    OnnxTestModel model(11);  // a scalar is no bias vector
    model.input("x", {-1, 2}).output("y").floats("b", {2, 3}, weight).floats("c", {}, {7});
    model.node("Gemm", {"x", "b", "c"}, {"y"});
    EXPECT_EQ(operators(read(model)), (Names{"Linear", "Add"}));
  }
  {
    OnnxTestModel model(11);  // transA, on an input of fixed size
    model.input("x", {2, 4}).output("y").floats("b", {2, 3}, weight);
    set(model.node("Gemm", {"x", "b"}, {"y"}), "transA", std::int64_t{1});
    const graph::Model result = read(model);
    EXPECT_EQ(operators(result), (Names{"Transpose", "Linear"}));
    EXPECT_EQ(output_shape(result, 2), (Shape{4, 3}));
  }
}

TEST(OnnxRead, MatMulWithAStoredMatrixIsLinear) {
  OnnxTestModel model(13);
  model.input("x", {-1, 5, 2})
      .output("y")
      .output("z")
      .floats("w", {2, 3}, {1, 2, 3, 4, 5, 6})
      .floats("b", {3}, {7, 8, 9})
      .floats("v", {3, 2}, {1, 2, 3, 4, 5, 6});
  model.node("MatMul", {"x", "w"}, {"product"});
  model.node("Add", {"b", "product"}, {"y"});
  model.node("Transpose", {"v"}, {"v_turned"});
  model.node("MatMul", {"x", "v_turned"}, {"z"});
  const graph::Model result = read(model);
  EXPECT_EQ(operators(result), (Names{"Linear", "Linear"}));
  EXPECT_EQ(values(result, "w"), (Floats{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(values(result, "v"), (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(result.graph.nodes[0].inputs.size(), 3U);
  EXPECT_EQ(result.graph.nodes[0].name, "/y");
  EXPECT_EQ(graph::compute_cost(result.graph).total.parameters, 15);
  EXPECT_EQ(graph::compute_cost(result.graph).total.macs, 60);
}

TEST(OnnxRead, AProductThatOthersReadKeepsItsAddition) {
  OnnxTestModel model(13);
  model.input("x", {-1, 2}).output("y").floats("w", {2, 3}, {1, 2, 3, 4, 5, 6}).floats("b", {3}, {7, 8, 9});
  model.node("MatMul", {"x", "w"}, {"product"});
  model.node("Add", {"product", "b"}, {"sum"});
  model.node("Mul", {"sum", "product"}, {"y"});
  EXPECT_EQ(operators(read(model)), (Names{"Linear", "Add", "Mul"}));
}

TEST(OnnxRead, SoftmaxBeforeOpset13NormalisesAllThatFollows) {
  const auto make = [](std::int64_t opset, std::int64_t axis, const std::vector<std::int64_t>& shape) {
    OnnxTestModel model(opset);
    model.input("x", shape).output("y");
    set(model.node("Softmax", {"x"}, {"y"}), "axis", axis);
    return operators(read(model));
  };
  EXPECT_EQ(make(11, 1, {-1, 10}), Names{"Softmax"});
  EXPECT_EQ(make(11, 1, {-1, 10, 1, 1}), Names{"Softmax"});
  EXPECT_EQ(make(11, 1, {-1, 10, 2, 2}), (Names{"Reshape", "Softmax", "Reshape"}));
  EXPECT_EQ(make(13, 1, {-1, 10, 2, 2}), Names{"Softmax"});
}

TEST(OnnxRead, ClipPadSplitAndReduceMeanOfOldAndNewOpsets) {
  OnnxTestModel old(9);
  old.input("x", {-1, 5, 4, 4}).output("y").output("part");
  auto& clip = old.node("Clip", {"x"}, {"c"});
  set(clip, "min", 0.0F);
  set(clip, "max", 6.0F);
  set(old.node("Pad", {"c"}, {"p"}), "pads", std::vector<std::int64_t>{0, 0, 1, 1, 0, 0, 2, 2});
  auto& split = old.node("Split", {"p"}, {"s", "part"});
  set(split, "axis", std::int64_t{1});
  set(split, "split", std::vector<std::int64_t>{3, 2});
  auto& mean = old.node("ReduceMean", {"s"}, {"y"});
  set(mean, "axes", std::vector<std::int64_t>{2, 3});
  set(mean, "keepdims", std::int64_t{0});

  OnnxTestModel fresh(18);
  fresh.input("x", {-1, 5, 4, 4})
      .output("y")
      .output("part")
      .floats("low", {}, {0})
      .floats("high", {}, {6})
      .integers("pads", {4}, {1, 1, 2, 2})
      .integers("sides", {2}, {2, -1})
      .integers("axes", {2}, {2, 3});
  fresh.node("Clip", {"x", "low", "high"}, {"c"});
  fresh.node("Pad", {"c", "pads", "", "sides"}, {"p"});
  auto& parts = fresh.node("Split", {"p"}, {"s", "part"});
  set(parts, "axis", std::int64_t{1});
  set(parts, "num_outputs", std::int64_t{2});
  set(fresh.node("ReduceMean", {"s", "axes"}, {"y"}), "keepdims", std::int64_t{0});

  for (const auto* model : {&old, &fresh}) {
    const graph::Model result = read(*model);
    EXPECT_EQ(operators(result), (Names{"Clip", "Pad", "Split", "ReduceMean"}));
    EXPECT_EQ(std::get<graph::Activation>(result.graph.nodes[0].op).beta, 6);
    EXPECT_EQ(std::get<graph::Pad>(result.graph.nodes[1].op).pads, (std::vector<std::int64_t>{0, 0, 1, 1, 0, 0, 2, 2}));
    EXPECT_EQ(std::get<graph::Split>(result.graph.nodes[2].op).sizes, (std::vector<std::int64_t>{3, 2}));
    EXPECT_EQ(output_shape(result, 2), (Shape{2, 3}));
  }
}

TEST(OnnxRead, BatchNormRolesAndDropout) {
  OnnxTestModel model(9);
  model.input("x", {-1, 2, 3, 3}).output("y");
  for (const char* name : {"scale", "bias", "mean", "variance"}) model.counted(name, {2});
  set(model.node("BatchNormalization", {"x", "scale", "bias", "mean", "variance"}, {"n", "mean_out", "var_out"}), "epsilon", 0.01F);
  model.node("Dropout", {"n"}, {"y", "mask"});
  const graph::Model result = read(model);
  EXPECT_EQ(operators(result), (Names{"BatchNorm", "Identity"}));
  EXPECT_EQ(role(result, "scale"), graph::Role::parameter);
  EXPECT_EQ(role(result, "bias"), graph::Role::parameter);
  EXPECT_EQ(role(result, "mean"), graph::Role::buffer);
  EXPECT_EQ(role(result, "variance"), graph::Role::buffer);
  EXPECT_FLOAT_EQ(std::get<graph::BatchNorm>(result.graph.nodes[0].op).epsilon, 0.01F);
  model.model.mutable_graph()->mutable_node(1)->set_input(0, "mean_out");
  EXPECT_TRUE(error_of(model).starts_with("unsupported: ")) << error_of(model);
}

TEST(OnnxRead, RolesOfOperands) {
  OnnxTestModel model(13);
  model.input("x", {-1, 2}).output("y").floats("vector", {2}, {1, 2}).floats("scalar", {}, {3});
  auto& constant = model.node("Constant", {}, {"node_value"});
  auto& attribute = *constant.add_attribute();
  attribute.set_name("value");
  attribute.set_type(onnx::AttributeProto::TENSOR);
  attribute.mutable_t()->set_data_type(TensorProto::FLOAT);
  attribute.mutable_t()->add_dims(2);
  attribute.mutable_t()->add_float_data(5);
  attribute.mutable_t()->add_float_data(6);
  model.node("Add", {"x", "vector"}, {"a"});
  model.node("Mul", {"a", "scalar"}, {"b"});
  model.node("Sub", {"b", "node_value"}, {"y"});
  const graph::Model result = read(model);
  EXPECT_EQ(role(result, "vector"), graph::Role::parameter);
  EXPECT_EQ(role(result, "scalar"), graph::Role::constant);
  EXPECT_EQ(graph::compute_cost(result.graph).total.parameters, 2);
}

TEST(OnnxRead, ATensorOfTwoRolesIsAParameter) {
  OnnxTestModel model(13);
  model.input("x", {-1, 2, 3, 3}).output("y").counted("w", {2, 2, 1, 1});
  for (const char* name : {"scale", "bias", "shared", "variance"}) model.counted(name, {2});
  model.node("BatchNormalization", {"x", "scale", "bias", "shared", "variance"}, {"n"});
  model.node("Conv", {"n", "w", "shared"}, {"y"});
  EXPECT_EQ(role(read(model), "shared"), graph::Role::parameter);
}

TEST(OnnxRead, ABiasOfOneFeatureIsAParameter) {
  OnnxTestModel model(13);
  model.input("x", {-1, 2}).output("y").floats("w", {2, 1}, {1, 2}).floats("b", {1}, {3});
  model.node("MatMul", {"x", "w"}, {"product"});
  model.node("Add", {"product", "b"}, {"y"});
  const graph::Model result = read(model);
  EXPECT_EQ(operators(result), Names{"Linear"});
  EXPECT_EQ(graph::compute_cost(result.graph).total.parameters, 3);
}

TEST(OnnxRead, ParametersOfEqualValuesAreParametersEach) {
  OnnxTestModel model(13);
  model.input("x", {-1, 2}).output("y").floats("first.bias", {2}, {0, 0});
  model.node("Identity", {"first.bias"}, {"second.bias"});
  model.node("Add", {"x", "first.bias"}, {"a"});
  model.node("Add", {"a", "second.bias"}, {"b"});
  model.node("Add", {"b", "first.bias"}, {"y"});
  const graph::Model result = read(model);
  EXPECT_EQ(operators(result), (Names{"Add", "Add", "Add"}));
  EXPECT_EQ(graph::compute_cost(result.graph).total.parameters, 4);
  EXPECT_EQ(role(result, "second.bias"), graph::Role::parameter);
}

// ---- groups that exporters write ------------------------------------------------------------------------------------

TEST(OnnxRead, LayerNormOfExporters) {
  OnnxTestModel model(13);
  model.input("x", {-1, 5, 4}).output("y").counted("scale", {4}).counted("bias", {4}).floats("two", {}, {2}).floats("epsilon", {}, {1e-6F});
  set(model.node("ReduceMean", {"x"}, {"mean"}), "axes", std::vector<std::int64_t>{-1});
  model.node("Sub", {"x", "mean"}, {"d"});
  model.node("Pow", {"d", "two"}, {"d2"});
  set(model.node("ReduceMean", {"d2"}, {"variance"}), "axes", std::vector<std::int64_t>{-1});
  model.node("Add", {"variance", "epsilon"}, {"v"});
  model.node("Sqrt", {"v"}, {"s"});
  model.node("Div", {"d", "s"}, {"n"});
  model.node("Mul", {"n", "scale"}, {"m"});
  model.node("Add", {"m", "bias"}, {"y"});
  const graph::Model result = read(model);
  ASSERT_EQ(operators(result), Names{"LayerNorm"});
  EXPECT_FLOAT_EQ(std::get<graph::LayerNorm>(result.graph.nodes[0].op).epsilon, 1e-6F);
  EXPECT_EQ(std::get<graph::LayerNorm>(result.graph.nodes[0].op).axis, -1);
  EXPECT_EQ(result.weights.size(), 2U);

  auto& axes = *model.model.mutable_graph()->mutable_node(3)->mutable_attribute(0);
  axes.set_ints(0, 1);  // the variance over another axis: something else
  EXPECT_EQ(operators(read(model)).size(), 9U);
}

TEST(OnnxRead, ActivationsOfExporters) {
  const auto make = [](const std::vector<std::array<std::string, 4>>& nodes) {
    OnnxTestModel model(14);
    model.input("x", {-1, 4})
        .output("y")
        .floats("half", {}, {0.5F})
        .floats("one", {}, {1})
        .floats("three", {}, {3})
        .floats("six", {}, {6})
        .floats("zero", {}, {0});
    model.floats("root", {}, {std::sqrt(2.0F)}).floats("inverse", {}, {std::sqrt(0.5F)}).floats("wrong", {}, {1.5F});
    for (const auto& [op, a, b, out] : nodes) {
      auto& node = model.node(op, b.empty() ? Names{a} : op == "Clip" ? Names{a, "zero", b} : Names{a, b}, {out});
      if (op == "HardSigmoid") set(node, "alpha", 1.0F / 6);
    }
    return operators(read(model));
  };
  EXPECT_EQ(
      make({{"Div", "x", "root", "a"}, {"Erf", "a", "", "b"}, {"Add", "b", "one", "c"}, {"Mul", "x", "c", "d"}, {"Mul", "d", "half", "y"}}),
      Names{"Gelu"});
  EXPECT_EQ(make({{"Mul", "x", "inverse", "a"},
                  {"Erf", "a", "", "b"},
                  {"Add", "one", "b", "c"},
                  {"Mul", "half", "c", "d"},
                  {"Mul", "x", "d", "y"}}),
            Names{"Gelu"});
  EXPECT_EQ(
      make({{"Div", "x", "wrong", "a"}, {"Erf", "a", "", "b"}, {"Add", "b", "one", "c"}, {"Mul", "x", "c", "d"}, {"Mul", "d", "half", "y"}})
          .size(),
      5U);
  EXPECT_EQ(make({{"Sigmoid", "x", "", "a"}, {"Mul", "a", "x", "y"}}), Names{"Silu"});
  EXPECT_EQ(make({{"Relu", "x", "", "r"}, {"Sigmoid", "x", "", "a"}, {"Mul", "a", "r", "y"}}), (Names{"Relu", "Sigmoid", "Mul"}));
  EXPECT_EQ(make({{"HardSigmoid", "x", "", "a"}, {"Mul", "x", "a", "y"}}), Names{"HardSwish"});
  EXPECT_EQ(make({{"Add", "x", "three", "a"}, {"Clip", "a", "six", "b"}, {"Mul", "x", "b", "c"}, {"Div", "c", "six", "y"}}),
            Names{"HardSwish"});
  EXPECT_EQ(make({{"Add", "x", "three", "a"}, {"Clip", "a", "six", "b"}, {"Div", "b", "six", "c"}, {"Mul", "x", "c", "y"}}),
            Names{"HardSwish"});
  EXPECT_EQ(make({{"Add", "x", "three", "a"}, {"Clip", "a", "six", "b"}, {"Div", "b", "six", "y"}}), Names{"HardSigmoid"});
  EXPECT_EQ(make({{"HardSwish", "x", "", "y"}}), Names{"HardSwish"});
}

}  // namespace
}  // namespace inferometer::formats
