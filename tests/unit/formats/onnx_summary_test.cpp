#include "onnx_test_model.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "formats/onnx.h"
#include "graph/cost.h"

namespace inferometer::formats {
namespace {

onnx::ModelProto parse(const std::filesystem::path& path) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(read_file(path)));
  return proto;
}

std::string message_of(const std::filesystem::path& from, const std::filesystem::path& to, std::int64_t batch) {
  try {
    write_onnx_with_batch(from, to, batch);
  } catch (const Error& error) {
    return std::string(name_of(error.code())) + ": " + error.what();
  }
  return "";
}

TEST(OnnxSummary, InputsOutputsOperators) {
  const TemporaryFolder folder;
  OnnxTestModel model(13, 3);  // before IR 4 initialisers are listed as inputs
  model.input("x", {-1, 3, 8, 8}).input("w", {4, 3, 1, 1}).output("y", {-1, 4, 8, 8}).counted("w", {4, 3, 1, 1});
  model.node("Conv", {"x", "w"}, {"c"});
  model.node("Relu", {"c"}, {"r"});
  model.node("Relu", {"r"}, {"y"}).set_domain("com.example");
  model.save(folder / "model.onnx");
  const OnnxSummary summary = summarize_onnx(folder / "model.onnx");
  ASSERT_EQ(summary.inputs.size(), 1U);
  EXPECT_EQ(summary.inputs[0].name, "x");
  EXPECT_EQ(summary.inputs[0].shape, (Shape{-1, 3, 8, 8}));
  EXPECT_EQ(summary.inputs[0].dimension_names, (std::vector<std::string>{"batch", "", "", ""}));
  EXPECT_EQ(summary.inputs[0].type, ElementType::f32);
  ASSERT_EQ(summary.outputs.size(), 1U);
  EXPECT_EQ(summary.outputs[0].shape, (Shape{-1, 4, 8, 8}));
  EXPECT_EQ(summary.opset, 13);
  EXPECT_EQ(summary.operators, (std::vector<std::string>{"Conv", "Relu", "com.example::Relu"}));
  EXPECT_FALSE(summary.quantized);
  EXPECT_TRUE(summary.external_data.empty());
}

TEST(OnnxSummary, WhatMakesTheFirstOutput) {
  const TemporaryFolder folder;
  const std::pair<std::vector<std::string>, std::string> cases[]{{{"Conv", "Softmax"}, "Softmax"},
                                                                 {{"Softmax", "Reshape", "Identity"}, "Softmax"},
                                                                 {{"Softmax", "QuantizeLinear", "DequantizeLinear"}, "Softmax"},
                                                                 {{"Softmax", "Mul"}, "Mul"},
                                                                 {{"LogSoftmax"}, "LogSoftmax"},
                                                                 {{"Identity"}, ""}};
  for (const auto& [operators, maker] : cases) {
    OnnxTestModel model(13);
    model.input("x", {-1, 3}).output("y", {-1, 3}).output("other", {-1, 3});
    model.node("Softmax", {"x"}, {"other"});
    std::string tensor = "x";
    for (std::size_t i = 0; i < operators.size(); ++i) {
      const std::string next = i + 1 == operators.size() ? "y" : "t" + std::to_string(i);
      model.node(operators[i], {tensor}, {next});
      tensor = next;
    }
    model.save(folder / "model.onnx");
    EXPECT_EQ(summarize_onnx(folder / "model.onnx").first_output_operator, maker) << operators.front();
  }
}

TEST(OnnxSummary, Quantized) {
  const TemporaryFolder folder;
  const std::pair<std::string, bool> cases[]{{"QuantizeLinear", true}, {"DequantizeLinear", true},      {"QLinearConv", true},
                                             {"ConvInteger", true},    {"DynamicQuantizeLinear", true}, {"Conv", false}};
  for (const auto& [op, quantized] : cases) {
    OnnxTestModel model(13);
    model.input("x", {-1, 3}).output("y", {-1, 3});
    // also inside a branch
    auto& attribute = *model.node("If", {"x"}, {"y"}).add_attribute();
    attribute.set_name("then_branch");
    attribute.set_type(onnx::AttributeProto::GRAPH);
    attribute.mutable_g()->add_node()->set_op_type(op);
    model.save(folder / "model.onnx");
    EXPECT_EQ(summarize_onnx(folder / "model.onnx").quantized, quantized) << op;
  }
}

TEST(OnnxSummary, FilesThatAreNoModel) {
  const TemporaryFolder folder;
  for (const std::string bytes : {"", "text", "\x08\x07"}) {
    std::ofstream(folder / "f.onnx", std::ios::binary) << bytes;
    EXPECT_THROW(summarize_onnx(folder / "f.onnx"), Error);
  }
}

OnnxTestModel batch_model(std::int64_t batch) {
  OnnxTestModel model(13);
  model.input("x", {batch, 3}).input("z", {batch, 3}).output("y", {batch, 3}).output("count", {7}).counted("w", {3});
  model.node("Add", {"x", "w"}, {"a"});
  model.node("Add", {"a", "z"}, {"y"});
  model.node("Relu", {"x"}, {"count"});
  OnnxTestModel::declare(*model.model.mutable_graph()->add_value_info(), "a", {batch, 3});
  return model;
}

TEST(OnnxBatch, FixesInputsAndOutputs) {
  const TemporaryFolder folder;
  batch_model(-1).save(folder / "free.onnx");
  write_onnx_with_batch(folder / "free.onnx", folder / "four.onnx", 4);
  const auto proto = parse(folder / "four.onnx");
  const auto dimension = [](const onnx::ValueInfoProto& value) { return value.type().tensor_type().shape().dim(0).dim_value(); };
  EXPECT_EQ(dimension(proto.graph().input(0)), 4);
  EXPECT_EQ(dimension(proto.graph().input(1)), 4);
  EXPECT_EQ(dimension(proto.graph().output(0)), 4);
  EXPECT_EQ(dimension(proto.graph().output(1)), 7);
  EXPECT_EQ(proto.graph().value_info_size(), 0);
  EXPECT_EQ(proto.graph().initializer(0).float_data_size(), 3);
  const auto original = parse(folder / "free.onnx");
  EXPECT_EQ(proto.graph().node(0).SerializeAsString(), original.graph().node(0).SerializeAsString());
}

TEST(OnnxBatch, AFixedBatchStays) {
  const TemporaryFolder folder;
  batch_model(2).save(folder / "two.onnx");
  EXPECT_EQ(message_of(folder / "two.onnx", folder / "same.onnx", 2), "");
  EXPECT_EQ(message_of(folder / "two.onnx", folder / "other.onnx", 4),
            "unsupported: " + (folder / "two.onnx").string() + ": batch fixed at 2");
  EXPECT_FALSE(std::filesystem::exists(folder / "other.onnx"));
  EXPECT_TRUE(message_of(folder / "two.onnx", folder / "other.onnx", 0).starts_with("usage: "));
}

TEST(OnnxBatch, ExternalDataMovesIntoTheCopy) {
  const TemporaryFolder folder;
  OnnxTestModel model(13);
  model.input("x", {-1, 2}).output("y");
  auto& tensor = model.initialiser("w", {2}, onnx::TensorProto::FLOAT);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& entry = *tensor.add_external_data();
  entry.set_key("location");
  entry.set_value("weights.bin");
  model.node("Add", {"x", "w"}, {"y"});
  const float numbers[]{1.5F, 2.5F};
  std::ofstream(folder / "weights.bin", std::ios::binary).write(reinterpret_cast<const char*>(numbers), sizeof numbers);
  model.save(folder / "model.onnx");
  EXPECT_EQ(summarize_onnx(folder / "model.onnx").external_data, std::vector{std::filesystem::canonical(folder / "weights.bin")});
  write_onnx_with_batch(folder / "model.onnx", folder / "elsewhere/copy.onnx", 3);
  std::filesystem::remove(folder / "weights.bin");
  const graph::Model copy = read_onnx(folder / "elsewhere/copy.onnx");
  EXPECT_EQ(copy.weights.find("w")->second.floats()[1], 2.5F);
  EXPECT_EQ(graph::infer_shapes(copy.graph, 3)[copy.graph.outputs[0]], (Shape{3, 2}));
}

}  // namespace
}  // namespace inferometer::formats
