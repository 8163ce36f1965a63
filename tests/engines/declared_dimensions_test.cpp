#include "common/declared_dimensions.h"

#include <random>

#include <gtest/gtest.h>

#include "onnx_models.h"

namespace inferometer::engine {
namespace {

using test::model_of;

TEST(DeclaredDimensions, NamesAndSizes) {
  const OnnxDeclaration declaration = parse_declaration(model_of({.input = {"N", "3", "", "W"}}).SerializeAsString());
  ASSERT_EQ(declaration.inputs.size(), 1u);
  EXPECT_EQ(declaration.inputs[0].name, "x");
  EXPECT_EQ(declaration.inputs[0].shape, (Shape{-1, 3, -1, -1}));
  EXPECT_EQ(declaration.inputs[0].symbols, (std::vector<std::string>{"N", "", "", "W"}));
  EXPECT_FALSE(declaration.half_weights);
}

TEST(DeclaredDimensions, InitializersAreNoInputs) {
  onnx::ModelProto model = model_of(test::OneNode());
  test::describe(*model.mutable_graph()->add_input(), "w", onnx::TensorProto::FLOAT16, {"2"});
  onnx::TensorProto& weight = *model.mutable_graph()->add_initializer();
  weight.set_name("w");
  weight.set_data_type(onnx::TensorProto::FLOAT16);
  weight.set_raw_data("abcd");
  const OnnxDeclaration declaration = parse_declaration(model.SerializeAsString());
  ASSERT_EQ(declaration.inputs.size(), 1u);
  EXPECT_EQ(declaration.inputs[0].name, "x");
  EXPECT_TRUE(declaration.half_weights);
  EXPECT_FALSE(declaration.bfloat_weights);
  model.mutable_graph()->mutable_initializer(0)->set_data_type(onnx::TensorProto::BFLOAT16);
  EXPECT_TRUE(parse_declaration(model.SerializeAsString()).bfloat_weights);
  EXPECT_FALSE(parse_declaration(model.SerializeAsString()).half_weights);
}

TEST(DeclaredDimensions, FilesThatAreNoModels) {
  EXPECT_TRUE(parse_declaration("").inputs.empty());
  EXPECT_TRUE(parse_declaration("hello world, this is no protobuf").inputs.empty());
  EXPECT_TRUE(read_declaration(std::filesystem::path("/nowhere/at.all")).inputs.empty());
  EXPECT_TRUE(read_declaration(std::filesystem::temp_directory_path()).inputs.empty());
}

// Every byte count and a few thousand random changes: nothing may be read outside of the bytes (address sanitizer).
TEST(DeclaredDimensions, BrokenBytesAreHarmless) {
  const std::string good = model_of({.input = {"N", "3", "", "W"}}).SerializeAsString();
  std::size_t inputs = 0;
  for (std::size_t length = 0; length < good.size(); ++length) inputs += parse_declaration(std::string(good, 0, length)).inputs.size();
  std::mt19937 random(1);
  for (int trial = 0; trial < 5000; ++trial) {
    std::string bad = good;
    for (int change = 0; change < 3; ++change) bad[random() % bad.size()] = static_cast<char>(random());
    inputs += parse_declaration(bad).inputs.size();
  }
  EXPECT_GT(inputs, 0u);
}

}  // namespace
}  // namespace inferometer::engine
