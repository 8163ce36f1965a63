#include "onnx_test_model.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>
#include <onnx/checker.h>

#include "base/error.h"
#include "base/files.h"
#include "base/half_float.h"
#include "formats/onnx.h"
#include "graph/builder.h"

namespace inferometer::formats {
namespace {

using graph::Builder;
using graph::Model;

/// Every stored float becomes `value`; i64 tables stay.
Model filled(graph::Graph graph, float value) {
  Model model{std::move(graph), {}};
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (!graph::is_stored(tensor.role) || tensor.type != ElementType::f32) continue;
    graph::Array array{ElementType::f32, tensor.shape, std::vector<std::byte>(static_cast<std::size_t>(element_count(tensor.shape)) * 4)};
    std::fill_n(array.floats(), element_count(tensor.shape), value);
    model.weights.emplace(tensor.name, std::move(array));
  }
  return model;
}

onnx::ModelProto written(const Model& model, const TemporaryFolder& folder) {
  const auto path = folder / "half.onnx";
  write_onnx(model, path, {.floats = ElementType::f16});
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(read_file(path)));
  onnx::checker::check_model(proto);
  return proto;
}

std::vector<std::string> operators(const onnx::ModelProto& proto) {
  std::vector<std::string> names;
  for (const auto& node : proto.graph().node()) names.push_back(node.op_type());
  return names;
}

const onnx::TensorProto& initialiser(const onnx::ModelProto& proto, const std::string& name) {
  for (const auto& tensor : proto.graph().initializer()) {
    if (tensor.name() == name) return tensor;
  }
  throw Error(ErrorCode::input, "no initialiser " + name);
}

std::vector<std::uint16_t> halves(const onnx::TensorProto& tensor) {
  std::vector<std::uint16_t> values(tensor.raw_data().size() / 2);
  std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
  return values;
}

Model small_conv(float value) {
  Builder b("small");
  const auto x = b.conv("conv", b.input("input", {graph::kBatch, 3, 8, 8}), {.channels = 2, .kernel = 3});
  return filled(b.finish(b.relu("relu", x)), value);
}

TEST(HalfPrecision, casts_stand_at_the_ends_and_weights_are_halves) {
  const TemporaryFolder folder;
  const onnx::ModelProto proto = written(small_conv(1.0F / 3), folder);
  EXPECT_EQ(operators(proto), (std::vector<std::string>{"Cast", "Conv", "Relu", "Cast"}));
  EXPECT_EQ(proto.graph().node(0).input(0), "input");
  EXPECT_EQ(proto.graph().node(0).attribute(0).i(), onnx::TensorProto::FLOAT16);
  EXPECT_EQ(proto.graph().node(1).input(0), proto.graph().node(0).output(0));
  EXPECT_EQ(proto.graph().node(3).attribute(0).i(), onnx::TensorProto::FLOAT);
  EXPECT_EQ(proto.graph().node(3).output(0), "output");
  for (const auto* value : {&proto.graph().input(0), &proto.graph().output(0)})
    EXPECT_EQ(value->type().tensor_type().elem_type(), onnx::TensorProto::FLOAT);
  const auto& weight = initialiser(proto, "conv.weight");
  EXPECT_EQ(weight.data_type(), onnx::TensorProto::FLOAT16);
  EXPECT_EQ(halves(weight), std::vector<std::uint16_t>(54, 0x3555));  // the half nearest to 1/3
}

// As networks that were read from Caffe files have it.
TEST(HalfPrecision, an_output_may_have_its_nodes_name) {
  Model model = small_conv(1);
  model.graph.tensors[model.graph.outputs[0]].name = "relu";
  const TemporaryFolder folder;
  const onnx::ModelProto proto = written(model, folder);
  std::vector<std::string> names;
  for (const auto& node : proto.graph().node()) names.push_back(node.name());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_EQ(proto.graph().output(0).name(), "relu");
}

TEST(HalfPrecision, lrn_stays_in_single_between_casts) {
  Builder b("lrn");
  const auto x = b.relu("first", b.input("input", {graph::kBatch, 3, 8, 8}));
  const auto y = b.relu("last", b.node("norm", graph::Lrn{}, {x}));
  const TemporaryFolder folder;
  const onnx::ModelProto proto = written(filled(b.finish(y), 1), folder);
  EXPECT_EQ(operators(proto), (std::vector<std::string>{"Cast", "Relu", "Cast", "LRN", "Cast", "Relu", "Cast"}));
}

TEST(HalfPrecision, layer_norm_and_its_parameters_stay_in_single) {
  Builder b("norm");
  const auto x = b.linear("fc", b.input("input", {graph::kBatch, 4}), {.features = 4});
  const TemporaryFolder folder;
  const onnx::ModelProto proto = written(filled(b.finish(b.linear("out", b.layer_norm("norm", x), {.features = 2})), 0.5F), folder);
  EXPECT_EQ(initialiser(proto, "norm.weight/single").data_type(), onnx::TensorProto::FLOAT);
  EXPECT_EQ(initialiser(proto, "fc.weight").data_type(), onnx::TensorProto::FLOAT16);
  const std::vector<std::string> names = operators(proto);
  EXPECT_EQ(std::count(names.begin(), names.end(), "Cast"), 4);  // at the ends of the network, and of the LayerNorm
}

TEST(HalfPrecision, a_tensor_that_is_wanted_in_both_types_is_stored_twice) {
  Builder b("both");
  const auto shared = b.parameter("shared", {4}, {});
  const auto sum = b.add("sum", b.input("input", {graph::kBatch, 4}), shared);
  const TemporaryFolder folder;
  const onnx::ModelProto proto = written(filled(b.finish(b.node("norm", graph::LayerNorm{}, {sum, shared})), 0.5F), folder);
  EXPECT_EQ(initialiser(proto, "shared").data_type(), onnx::TensorProto::FLOAT16);
  EXPECT_EQ(initialiser(proto, "shared/single").data_type(), onnx::TensorProto::FLOAT);
}

TEST(HalfPrecision, what_is_added_to_a_stored_tensor_of_integers_stays_whole) {
  Builder b("gather");
  const auto rows = b.table("rows", {2}, ElementType::i64, graph::Role::constant, {1, 0});
  Model model = filled(b.finish(b.gather("pick", b.input("input", {graph::kBatch, 2}), rows, 1)), 0);
  const std::vector<std::int64_t> values{1, 0};
  const auto* first = reinterpret_cast<const std::byte*>(values.data());
  model.weights.emplace("rows", graph::Array{ElementType::i64, {2}, {first, first + 16}});
  const TemporaryFolder folder;
  EXPECT_EQ(initialiser(written(model, folder), "rows").data_type(), onnx::TensorProto::INT64);
}

TEST(HalfPrecision, reading_it_back_gives_the_graph_between_two_identities) {
  const TemporaryFolder folder;
  written(small_conv(0.25F), folder);
  const Model read = read_onnx(folder / "half.onnx");
  std::vector<std::string> names;
  for (const auto& node : read.graph.nodes) names.emplace_back(graph::name_of(node.op));
  names.erase(std::remove(names.begin(), names.end(), "Identity"), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"Conv", "Relu"}));
  const graph::Array& weight = read.weights.at("conv.weight");
  EXPECT_EQ(weight.type, ElementType::f32);
  EXPECT_EQ(weight.floats()[0], 0.25F);
  EXPECT_TRUE(summarize_onnx(folder / "half.onnx").half);
}

TEST(HalfPrecision, weights_that_it_cannot_hold_are_refused_by_name) {
  const TemporaryFolder folder;
  const struct {
    float value;
    bool fits;
  } cases[] = {
      {65504, true},  {65519, true},  // rounds to 65504
      {65520, false}, {-1e30F, false}, {std::numeric_limits<float>::quiet_NaN(), false}, {std::numeric_limits<float>::infinity(), false}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.value);
    Model model = small_conv(1);
    model.weights.at("conv.weight").floats()[7] = c.value;
    if (c.fits) {
      EXPECT_EQ(halves(initialiser(written(model, folder), "conv.weight"))[7], 0x7bff);
      continue;
    }
    try {
      written(model, folder);
      ADD_FAILURE() << "was written";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unsupported);
      EXPECT_NE(std::string(error.what()).find("conv.weight"), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("index 7"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace inferometer::formats
