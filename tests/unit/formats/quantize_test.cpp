#include "formats/quantize.h"

#include "onnx_test_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>
#include <onnx/checker.h>

#include "base/error.h"
#include "base/files.h"
#include "formats/onnx.h"
#include "graph/builder.h"

namespace inferometer::formats {
namespace {

using graph::Builder;
using graph::Model;

TEST(UnsignedScale, literal_values) {
  const struct {
    ActivationRange range;
    float scale;
    int zero;
  } cases[] = {
      {{0, 255}, 1, 0},      {{-255, 0}, 1, 255}, {{0, 6}, 6.0F / 255, 0}, {{-1, 1}, 2.0F / 255, 128},  // 127.5 rounds to even
      {{-51, 204}, 1, 51},   {{10, 510}, 2, 0},                                                         // widened to hold zero
      {{-510, -10}, 2, 255}, {{0, 0}, 1, 0},                                                            // a constant zero
      {{0, 1e-40F}, 1, 0},                                                                              // too small for a scale
  };
  for (const auto& c : cases) {
    const UnsignedScale how = unsigned_scale(c.range);
    EXPECT_FLOAT_EQ(how.scale, c.scale) << c.range.low << " " << c.range.high;
    EXPECT_EQ(how.zero, c.zero) << c.range.low << " " << c.range.high;
  }
}

TEST(UnsignedScale, errors) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const ActivationRange range : {ActivationRange{nan, 1}, {0, nan}, {-infinity, 0}, {0, infinity}, {1, 0}}) {
    EXPECT_THROW(unsigned_scale(range), Error);
  }
}

TEST(Quantize, literal_values_saturate_and_round_to_even) {
  const UnsignedScale how{0.5F, 10};
  const struct {
    float value;
    int quantized;
    float back;
  } cases[] = {{0, 10, 0},
               {0.5F, 11, 0.5F},
               {0.25F, 10, 0},  // half a step: to even
               {0.75F, 12, 1},
               {-5, 0, -5},
               {-5.5F, 0, -5},  // below the range
               {122.5F, 255, 122.5F},
               {1000, 255, 122.5F}};
  for (const auto& c : cases) {
    EXPECT_EQ(quantize(c.value, how), c.quantized) << c.value;
    EXPECT_EQ(dequantize(static_cast<std::uint8_t>(c.quantized), how), c.back) << c.value;
  }
}

TEST(SignedScale, literal_values) {
  EXPECT_FLOAT_EQ(signed_scale(127, 127), 1);
  EXPECT_FLOAT_EQ(signed_scale(1, 63), 1.0F / 63);
  EXPECT_EQ(signed_scale(0, 127), 1);
}

Model filled(graph::Graph graph) {
  Model model{std::move(graph), {}};
  float next = -1;
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (!graph::is_stored(tensor.role)) continue;
    graph::Array array{ElementType::f32, tensor.shape, std::vector<std::byte>(static_cast<std::size_t>(element_count(tensor.shape)) * 4)};
    for (std::int64_t i = 0; i < element_count(tensor.shape); ++i) array.floats()[i] = next = next > 1 ? -1 : next + 0.03125F;
    model.weights.emplace(tensor.name, std::move(array));
  }
  return model;
}

ActivationRanges ranges_for(const Model& model, ActivationRange range = {-4, 4}) {
  ActivationRanges ranges;
  for (const std::string& name : plan_quantization(model).activations) ranges[name] = range;
  return ranges;
}

struct Written {
  onnx::ModelProto proto;
  std::vector<std::string> operators() const {
    std::vector<std::string> names;
    for (const auto& node : proto.graph().node()) names.push_back(node.op_type());
    return names;
  }
  std::size_t count(const std::string& op) const {
    const auto names = operators();
    return static_cast<std::size_t>(std::count(names.begin(), names.end(), op));
  }
  const onnx::TensorProto& stored(const std::string& name) const {
    for (const auto& tensor : proto.graph().initializer()) {
      if (tensor.name() == name) return tensor;
    }
    throw Error(ErrorCode::input, "no initialiser " + name);
  }
  template <typename Number>
  std::vector<Number> values(const std::string& name) const {
    const std::string& raw = stored(name).raw_data();
    std::vector<Number> numbers(raw.size() / sizeof(Number));
    std::memcpy(numbers.data(), raw.data(), raw.size());
    return numbers;
  }
};

Written written(const Model& model, const ActivationRanges& ranges, const QuantizeOptions& options = {}) {
  const TemporaryFolder folder;
  write_quantized_onnx(model, ranges, folder / "int8.onnx", options);
  Written result;
  EXPECT_TRUE(result.proto.ParseFromString(read_file(folder / "int8.onnx")));
  onnx::checker::check_model(result.proto);
  EXPECT_TRUE(summarize_onnx(folder / "int8.onnx").quantized);
  return result;
}

/// conv -> relu -> conv, the first of two channels with weights that the tests know.
Model two_convs() {
  Builder b("two");
  auto x = b.conv("first", b.input("input", {graph::kBatch, 1, 4, 4}), {.channels = 2});
  x = b.conv("second", b.relu("relu", x), {.channels = 1});
  Model model = filled(b.finish(x));
  const float weights[] = {0.5F, -254}, biases[] = {3, -0.5F};
  std::memcpy(model.weights.at("first.weight").bytes.data(), weights, sizeof weights);
  std::memcpy(model.weights.at("first.bias").bytes.data(), biases, sizeof biases);
  return model;
}

TEST(QuantizedFile, weights_have_a_scale_for_each_channel_and_biases_the_product) {
  const Model model = two_convs();
  const Written file = written(model, ranges_for(model, {0, 51}));  // scale 0.2
  EXPECT_EQ(file.values<std::int8_t>("first/weight/quantized"), (std::vector<std::int8_t>{127, -127}));
  const auto scales = file.values<float>("first/weight/scale");
  EXPECT_FLOAT_EQ(scales.at(0), 0.5F / 127);
  EXPECT_FLOAT_EQ(scales.at(1), 2);
  const auto bias_scales = file.values<float>("first/bias/scale");
  EXPECT_FLOAT_EQ(bias_scales.at(0), 0.2F * 0.5F / 127);
  EXPECT_FLOAT_EQ(bias_scales.at(1), 0.4F);
  EXPECT_EQ(file.values<std::int32_t>("first/bias/quantized"), (std::vector<std::int32_t>{3810, -1}));  // 3 / (0.1 / 127); -1.25
  EXPECT_EQ(file.values<float>("input/scale").size(), 1U);
}

TEST(QuantizedFile, a_relu_stays_between_its_convolution_and_the_rounding) {
  const Model model = two_convs();
  EXPECT_EQ(plan_quantization(model).activations, (std::vector<std::string>{"input", "relu"}));  // the output is not rounded
  EXPECT_EQ(plan_quantization(model).layers, 2U);
  const Written file = written(model, ranges_for(model));
  EXPECT_EQ(file.operators(),
            (std::vector<std::string>{"QuantizeLinear", "DequantizeLinear", "DequantizeLinear", "DequantizeLinear", "Conv", "Relu",
                                      "QuantizeLinear", "DequantizeLinear", "DequantizeLinear", "DequantizeLinear", "Conv"}));
  EXPECT_EQ(file.proto.opset_import(0).version(), 13);
}

TEST(QuantizedFile, reduced_weights_have_seven_bits) {
  const Model model = two_convs();
  const Written file = written(model, ranges_for(model), {.weight_steps = 63, .producer_version = ""});
  EXPECT_EQ(file.values<std::int8_t>("first/weight/quantized"), (std::vector<std::int8_t>{63, -63}));
}

TEST(QuantizedFile, a_channel_of_zeros_keeps_its_bias_and_a_large_bias_fits) {
  Model model = two_convs();
  const float weights[] = {0, 1e-20F}, biases[] = {0.3F, 1000};
  std::memcpy(model.weights.at("first.weight").bytes.data(), weights, sizeof weights);
  std::memcpy(model.weights.at("first.bias").bytes.data(), biases, sizeof biases);
  const Written file = written(model, ranges_for(model));
  const auto scales = file.values<float>("first/bias/scale");
  const auto integers = file.values<std::int32_t>("first/bias/quantized");
  for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(static_cast<double>(integers[i]) * scales[i], biases[i], 1e-6 * biases[i]);
}

TEST(QuantizedFile, grouped_and_depthwise_convolutions_have_a_scale_for_each_output_channel) {
  Builder b("groups");
  auto x = b.conv("depthwise", b.input("input", {graph::kBatch, 4, 8, 8}), {.channels = 4, .kernel = 3, .groups = 4});
  x = b.conv("grouped", x, {.channels = 6, .kernel = 3, .groups = 2});
  const Model model = filled(b.finish(x));
  const Written file = written(model, ranges_for(model));
  EXPECT_EQ(file.values<float>("depthwise/weight/scale").size(), 4U);
  EXPECT_EQ(file.values<float>("output/weight/scale").size(), 6U);
  // Every channel's largest weight uses the whole range.
  const auto integers = file.values<std::int8_t>("depthwise/weight/quantized");
  for (std::size_t channel = 0; channel < 4; ++channel) {
    int largest = 0;
    for (std::size_t i = 0; i < 9; ++i) largest = std::max(largest, std::abs(static_cast<int>(integers[channel * 9 + i])));
    EXPECT_EQ(largest, 127);
  }
}

// A linear layer over more than two dimensions is written as a product, whose outputs are the weight's columns.
TEST(QuantizedFile, a_products_weight_has_a_scale_for_each_column) {
  Builder b("tokens");
  const Model model = filled(b.finish(b.linear("fc", b.input("input", {graph::kBatch, 2, 3}), {.features = 4, .bias = false})));
  const Written file = written(model, ranges_for(model));
  ASSERT_EQ(file.count("MatMul"), 1U);
  ASSERT_EQ(file.stored("output/weight/quantized").dims_size(), 2);
  EXPECT_EQ(file.stored("output/weight/quantized").dims(0), 3);
  EXPECT_EQ(file.values<float>("output/weight/scale").size(), 4U);
  std::int64_t axis = -1;
  for (const auto& node : file.proto.graph().node()) {
    if (node.op_type() == "DequantizeLinear" && node.input(0) == "output/weight/quantized") axis = node.attribute(0).i();
  }
  EXPECT_EQ(axis, 1);
}

TEST(QuantizedFile, concatenated_tensors_share_one_scale) {
  Builder b("concat");
  const auto x = b.input("input", {graph::kBatch, 2, 8, 8});
  const auto both = b.concat("both", {b.conv("left", x, {.channels = 2}), b.conv("right", x, {.channels = 2})});
  const auto pooled = b.max_pool("pool", both, {.kernel = 2, .stride = 2});
  const Model model = filled(b.finish(b.conv("last", pooled, {.channels = 1})));
  ActivationRanges ranges = ranges_for(model);
  ranges.at("left") = {-1, 2};
  ranges.at("right") = {0, 254};
  ranges.at("both") = {-1, 254};
  ranges.at("pool") = {0, 254};
  const Written file = written(model, ranges);
  for (const char* name : {"left", "right", "both", "pool"}) EXPECT_EQ(file.values<float>(std::string(name) + "/scale").at(0), 1) << name;
  EXPECT_NE(file.values<float>("input/scale").at(0), 1);
}

TEST(QuantizedFile, additions_are_quantised_where_a_layer_follows) {
  Builder b("residual");
  const auto x = b.conv("a", b.input("input", {graph::kBatch, 2, 8, 8}), {.channels = 2});
  const auto sum = b.relu("relu", b.add("sum", b.conv("b", x, {.channels = 2}), x));
  const Model inner = filled(b.finish(b.conv("c", sum, {.channels = 2})));
  const std::vector<std::string> names = plan_quantization(inner).activations;
  EXPECT_EQ(names, (std::vector<std::string>{"input", "a", "b", "relu"}));

  Builder last("last");
  const auto y = last.conv("a", last.input("input", {graph::kBatch, 2, 8, 8}), {.channels = 2});
  const Model outer = filled(last.finish(last.add("sum", last.conv("b", y, {.channels = 2}), y)));
  EXPECT_EQ(plan_quantization(outer).activations, (std::vector<std::string>{"input", "a", "b"}));
}

TEST(QuantizedFile, errors) {
  const Model model = two_convs();
  ActivationRanges ranges = ranges_for(model);
  const auto message = [&](const Model& broken, const ActivationRanges& given) {
    try {
      written(broken, given);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  Model nan = two_convs();
  nan.weights.at("first.weight").floats()[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(message(nan, ranges).find("tensor first.weight holds nan at index 1"), std::string::npos) << message(nan, ranges);
  ranges.at("relu").high = std::numeric_limits<float>::infinity();
  EXPECT_NE(message(model, ranges).find("tensor relu"), std::string::npos) << message(model, ranges);
  ranges.erase("relu");
  EXPECT_NE(message(model, ranges).find("no range is known for tensor relu"), std::string::npos);
  Builder b("nothing");
  EXPECT_THROW(plan_quantization(filled(b.finish(b.relu("relu", b.input("input", {graph::kBatch, 2}))))), Error);
}

TEST(QuantizedFile, observed_activations_are_outputs_behind_its_own) {
  const Model model = two_convs();
  const TemporaryFolder folder;
  write_onnx_with_activations(model, plan_quantization(model), folder / "observed.onnx");
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(read_file(folder / "observed.onnx")));
  ASSERT_EQ(proto.graph().output_size(), 2);
  EXPECT_EQ(proto.graph().output(0).name(), "output");
  EXPECT_EQ(proto.graph().output(1).name(), "relu");
}

}  // namespace
}  // namespace inferometer::formats
