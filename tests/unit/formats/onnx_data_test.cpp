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

// ---- data -----------------------------------------------------------------------------------------------------------

TEST(OnnxRead, HalfDoubleAndRawData) {
  OnnxTestModel model(13);
  model.input("x", {-1, 4}).output("y");
  auto& half = model.initialiser("half", {4}, TensorProto::FLOAT16);
  for (const std::int32_t bits : {0x3C00, 0xC000, 0x0001, 0x7BFF}) half.add_int32_data(bits);
  auto& bfloat = model.initialiser("bfloat", {4}, TensorProto::BFLOAT16);
  const std::uint16_t bits[]{0x3F80, 0xC000, 0x0000, 0x4049};
  bfloat.set_raw_data(bits, sizeof bits);
  auto& wide = model.initialiser("double", {4}, TensorProto::DOUBLE);
  for (const double value : {1.5, -2.25, 0.0, 1e10}) wide.add_double_data(value);
  auto& raw = model.initialiser("raw", {4}, TensorProto::FLOAT);
  const Floats numbers{1, 2, 3, 4};
  raw.set_raw_data(numbers.data(), 16);
  model.node("Add", {"x", "half"}, {"a"});
  model.node("Add", {"a", "bfloat"}, {"b"});
  model.node("Add", {"b", "double"}, {"c"});
  model.node("Add", {"c", "raw"}, {"y"});
  const graph::Model result = read(model);
  EXPECT_EQ(values(result, "half"), (Floats{1, -2, std::ldexp(1.0F, -24), 65504}));
  EXPECT_EQ(values(result, "bfloat"), (Floats{1, -2, 0, 3.140625F}));
  EXPECT_EQ(values(result, "double"), (Floats{1.5F, -2.25F, 0, 1e10F}));
  EXPECT_EQ(values(result, "raw"), numbers);
}

OnnxTestModel external_model(const std::string& location, const std::string& offset = "4", const std::string& length = "8") {
  OnnxTestModel model(13);
  model.input("x", {-1, 2}).output("y");
  auto& tensor = model.initialiser("w", {2}, TensorProto::FLOAT);
  tensor.set_data_location(TensorProto::EXTERNAL);
  for (const auto& [key, value] : std::map<std::string, std::string>{{"location", location}, {"offset", offset}, {"length", length}}) {
    auto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  model.node("Add", {"x", "w"}, {"y"});
  return model;
}

TEST(OnnxRead, ExternalData) {
  const TemporaryFolder folder;
  const Floats numbers{1, 2, 3, 4};
  std::filesystem::create_directory(folder / "data");
  std::ofstream(folder / "data/weights.bin", std::ios::binary).write(reinterpret_cast<const char*>(numbers.data()), 16);
  const auto result_of = [&](const OnnxTestModel& model) -> std::string {
    model.save(folder / "model.onnx");
    try {
      return values(read_onnx(folder / "model.onnx"), "w") == Floats{2, 3} ? "read" : "wrong values";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(result_of(external_model("data/weights.bin")), "read");
  const std::string model = (folder / "model.onnx").string();
  EXPECT_EQ(result_of(external_model("data/missing.bin")), model + ": w: external data file 'data/missing.bin' is missing");
  EXPECT_EQ(result_of(external_model("data/weights.bin", "12", "8")), model + ": w: external data file 'data/weights.bin' is too short");
  EXPECT_EQ(result_of(external_model("data/weights.bin", "0", "12")), model + ": tensor w of shape 2 has 12 bytes of data");
  EXPECT_EQ(result_of(external_model("data/weights.bin", "-4", "8")), model + ": w: bad offset of external data: '-4'");
  std::filesystem::create_directory(folder / "inner");
  std::filesystem::create_symlink("/etc/hostname", folder / "link");
  for (const std::string outside : {"../weights.bin", "data/../../x", "data/../data/weights.bin", "/etc/hostname", "link", ""}) {
    EXPECT_EQ(result_of(external_model(outside)), model + ": w: external data '" + outside + "' does not lie in the model's folder");
  }
}

TEST(OnnxRead, NodesInAnyOrderAndDeadOnes) {
  OnnxTestModel model(13);
  model.input("x", {-1, 2}).output("y").floats("unused", {2}, {1, 2});
  model.node("Relu", {"a"}, {"y"});
  model.node("Tanh", {"x"}, {"a"});
  model.node("Exp", {"x"}, {"dead"});
  const graph::Model result = read(model);
  EXPECT_EQ(operators(result), (Names{"Tanh", "Relu"}));
  EXPECT_TRUE(result.weights.empty());
}

TEST(OnnxRead, InputShapes) {
  OnnxTestModel model(13);
  model.input("x", {-1, 3, -1, -1}).output("y");
  model.node("GlobalAveragePool", {"x"}, {"y"});
  EXPECT_TRUE(error_of(model).ends_with("dimension 2 of input x is dynamic")) << error_of(model);
  const graph::Model result = read(model, {.input_shapes = {{"x", {graph::kBatch, 3, 32, 32}}}});
  EXPECT_EQ(graph::infer_shapes(result.graph, 2)[result.graph.inputs[0]], (Shape{2, 3, 32, 32}));

  OnnxTestModel fixed(13);
  fixed.input("x", {4, 3}).output("y");
  fixed.node("Relu", {"x"}, {"y"});
  EXPECT_EQ(output_shape(read(fixed), 4), (Shape{4, 3}));
  EXPECT_THROW(output_shape(read(fixed), 1), Error);
}

// ---- what cannot be read --------------------------------------------------------------------------------------------

TEST(OnnxRead, UnsupportedNamesNodeAndOperator) {
  OnnxTestModel model(13);
  model.input("x", {-1, 2}).output("y");
  model.node("Einsum", {"x"}, {"y"});
  EXPECT_TRUE(error_of(model).starts_with("unsupported: ")) << error_of(model);
  EXPECT_TRUE(error_of(model).ends_with("has operators that cannot be read as a graph: Einsum (first: node /y (Einsum))"))
      << error_of(model);
  model.model.mutable_graph()->mutable_node(0)->set_op_type("Relu");
  model.model.mutable_graph()->mutable_node(0)->set_domain("com.example");
  EXPECT_TRUE(error_of(model).ends_with("com.example::Relu (first: node /y (com.example::Relu))")) << error_of(model);

  OnnxTestModel data(13);  // an index computed from pixels
  data.input("x", {-1, 2}).output("y");
  data.node("Equal", {"x", "x"}, {"y"});
  EXPECT_TRUE(error_of(data).ends_with("node /y (Equal) computes on data, which cannot be read as a graph")) << error_of(data);

  for (const std::int64_t opset : {6, 22}) {
    OnnxTestModel other(opset);
    other.input("x", {-1, 2}).output("y");
    other.node("Relu", {"x"}, {"y"});
    EXPECT_TRUE(error_of(other).ends_with("7 to 21 can be read")) << error_of(other);
  }
}

TEST(OnnxRead, BrokenGraphs) {
  struct Case {
    std::string expected;
    void (*build)(OnnxTestModel&);
  };
  const Case cases[]{
      {"its nodes form a cycle, at node /a (Add)",
       [](OnnxTestModel& m) {
         m.node("Add", {"x", "b"}, {"a"});
         m.node("Relu", {"a"}, {"b"});
         m.node("Relu", {"b"}, {"y"});
       }},
      {"two values are named y",
       [](OnnxTestModel& m) {
         m.node("Relu", {"x"}, {"y"});
         m.node("Tanh", {"x"}, {"y"});
       }},
      {"two values are named x", [](OnnxTestModel& m) { m.node("Relu", {"x"}, {"x"}); }},
      {"node /y (Add) reads w, which nothing produces",
       [](OnnxTestModel& m) {
         m.node("Add", {"x", "w"}, {"y"});
       }},
      {"nothing produces its output y", [](OnnxTestModel& m) { m.node("Relu", {"x"}, {"z"}); }},
      {"tensor w has an impossible shape -1",
       [](OnnxTestModel& m) {
         m.initialiser("w", {-1}, TensorProto::FLOAT);
         m.node("Add", {"x", "w"}, {"y"});
       }},
      {"tensor w of shape 4611686018427387904 has 0 bytes of data",
       [](OnnxTestModel& m) {
         m.initialiser("w", {std::int64_t{1} << 62}, TensorProto::FLOAT);
         m.node("Add", {"x", "w"}, {"y"});
       }},
      {"tensor w of shape 3 has 8 bytes of data",
       [](OnnxTestModel& m) {
         m.floats("w", {3}, {1, 2});
         m.node("Add", {"x", "w"}, {"y"});
       }},
      {"/y (Add): 61x2 and 3 do not broadcast: 2 against 3",
       [](OnnxTestModel& m) {
         m.floats("w", {3}, {1, 2, 3});
         m.node("Add", {"x", "w"}, {"y"});
       }},
      {"node /y (Transpose) has axis 7 on a tensor of 2 dimensions",
       [](OnnxTestModel& m) {
         set(m.node("Transpose", {"x"}, {"y"}), "perm", std::vector<std::int64_t>{0, 7});
       }},
      {"node /y (Conv) lacks its input 1", [](OnnxTestModel& m) { m.node("Conv", {"x"}, {"y"}); }},
      {"computes too much from constants",
       [](OnnxTestModel& m) {
         m.integers("size", {1}, {4096});
         for (int i = 0; i < 1200; ++i) m.node("ConstantOfShape", {"size"}, {std::to_string(i)});
         m.node("Relu", {"x"}, {"y"});
       }},
  };
  for (const Case& item : cases) {
    SCOPED_TRACE(item.expected);
    OnnxTestModel model(13);
    model.input("x", {-1, 2}).output("y");
    item.build(model);
    const std::string message = error_of(model);
    EXPECT_TRUE(message.starts_with("input: ")) << message;
    EXPECT_TRUE(message.ends_with(item.expected)) << message;
  }
  OnnxTestModel none(13);
  none.output("y");
  EXPECT_TRUE(error_of(none).ends_with("has no input")) << error_of(none);
}

TEST(OnnxRead, AConstantBeyondAllMemoryIsNotMade) {
  OnnxTestModel model(13);
  model.input("x", {-1, 2}).output("y").integers("size", {2}, {1 << 20, 1 << 20});
  model.node("ConstantOfShape", {"size"}, {"huge"});
  model.node("Add", {"x", "huge"}, {"y"});
  EXPECT_TRUE(error_of(model).ends_with("node /huge (ConstantOfShape) computes on data, which cannot be read as a graph"))
      << error_of(model);
}

TEST(OnnxRead, BytesThatAreNoModel) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& bytes) -> std::string {
    std::ofstream(folder / "f.onnx", std::ios::binary) << bytes;
    try {
      read_onnx(folder / "f.onnx");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      return error.what();
    }
    return "";
  };
  const std::string path = (folder / "f.onnx").string();
  EXPECT_EQ(message(""), path + ": is empty, no ONNX file");
  EXPECT_EQ(message("not a model, some text\n"), path + ": is no ONNX file, or cut off or damaged");
  EXPECT_EQ(message(std::string(1000, '\xff')), path + ": is no ONNX file, or cut off or damaged");
  OnnxTestModel model(13);
  model.input("x", {-1, 100}).output("y").counted("w", {100});
  model.node("Add", {"x", "w"}, {"y"});
  const std::string whole = model.model.SerializeAsString();
  EXPECT_EQ(message(whole), "");
  // Cut anywhere: an error, or (where only an empty or repeated tail was lost) a model; never a crash.
  std::size_t refused = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) refused += message(whole.substr(0, length)).empty() ? 0 : 1;
  EXPECT_GE(refused, whole.size() - 2);
  EXPECT_THROW(read_onnx(folder / "missing.onnx"), Error);
  EXPECT_THROW(read_onnx(folder / ""), Error);
}

}  // namespace
}  // namespace inferometer::formats
