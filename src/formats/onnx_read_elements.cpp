#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "formats/onnx_attributes.h"
#include "formats/onnx_import.h"
#include "formats/onnx_tensor.h"

namespace inferometer::formats {

namespace {

using graph::Activation;
using graph::ActivationKind;
using graph::TensorId;

template <ActivationKind kind>
void convert_plain(const OnnxNode& node) {
  node.finish(Activation{kind}, {node.operand(0)});
}

void convert_leaky_relu(const OnnxNode& node) {
  node.finish(Activation{ActivationKind::leaky_relu, float_attribute(node.proto, "alpha", 0.01F)}, {node.operand(0)});
}

void convert_hard_sigmoid(const OnnxNode& node) {
  const float alpha = float_attribute(node.proto, "alpha", 0.2F), beta = float_attribute(node.proto, "beta", 0.5F);
  node.finish(Activation{ActivationKind::hard_sigmoid, alpha, beta}, {node.operand(0)});
}

void convert_prelu(const OnnxNode& node) {
  OnnxValue slope = node.value(1);
  if (slope.kind != OnnxValue::Kind::stored || node.importer.elements_of(slope) != 1) node.unsupported("has a slope for every channel");
  node.finish(Activation{ActivationKind::prelu_shared}, {node.operand(0), node.importer.tensor_of(slope, graph::Role::parameter)});
}

void convert_clip(const OnnxNode& node) {
  float low = std::numeric_limits<float>::lowest(), high = std::numeric_limits<float>::max();
  low = node.has(1) ? node.scalar(1) : float_attribute(node.proto, "min", low);
  high = node.has(2) ? node.scalar(2) : float_attribute(node.proto, "max", high);
  node.finish(Activation{ActivationKind::clip, low, high}, {node.operand(0)});
}

void convert_gelu(const OnnxNode& node) {
  if (string_attribute(node.proto, "approximate", "none") != "none") node.unsupported("is the tanh approximation, which Graph lacks");
  convert_plain<ActivationKind::gelu>(node);
}

template <typename Op>
void convert_binary(const OnnxNode& node) {
  node.finish(Op{}, {node.operand(0), node.operand(1)});
}

void convert_sum(const OnnxNode& node) {
  if (node.proto.input_size() == 1) return node.finish(graph::Identity{}, {node.operand(0)});
  if (node.proto.input_size() > 64) node.unsupported("adds more than 64 tensors");
  TensorId sum = node.operand(0);
  for (int i = 1; i + 1 < node.proto.input_size(); ++i) sum = node.inner("sum", graph::Add{}, {sum, node.operand(i)});
  node.finish(graph::Add{}, {sum, node.operand(node.proto.input_size() - 1)});
}

void convert_power(const OnnxNode& node) {
  const float exponent = node.scalar(1);
  const TensorId x = node.operand(0);
  if (exponent == 2) return node.finish(graph::Mul{}, {x, x});
  if (exponent == 0.5F) return node.finish(Activation{ActivationKind::sqrt}, {x});
  if (exponent == 1) return node.finish(graph::Identity{}, {x});
  node.unsupported(fmt::format("has the exponent {}, only 0.5, 1 and 2 can be read", exponent));
}

void convert_negation(const OnnxNode& node) { node.finish(graph::Mul{}, {node.operand(0), node.scalar_tensor("minus_one", -1)}); }

void convert_reciprocal(const OnnxNode& node) { node.finish(graph::Div{}, {node.scalar_tensor("one", 1), node.operand(0)}); }

/// Between floating-point types only: Graph computes in f32 whatever the file says.
void convert_cast(const OnnxNode& node) {
  const auto type = element_type_of(static_cast<std::int32_t>(node.integer("to", 0)));
  const bool real =
      type && (*type == ElementType::f32 || *type == ElementType::f16 || *type == ElementType::bf16 || *type == ElementType::f64);
  if (!real) node.unsupported("turns data into integers");
  node.finish(graph::Identity{}, {node.operand(0)});
}

}  // namespace

const OnnxConverterTable& element_converters() {
  static const OnnxConverterTable kTable{
      {"Relu", convert_plain<ActivationKind::relu>},
      {"Sigmoid", convert_plain<ActivationKind::sigmoid>},
      {"HardSwish", convert_plain<ActivationKind::hard_swish>},
      {"Tanh", convert_plain<ActivationKind::tanh>},
      {"Exp", convert_plain<ActivationKind::exp>},
      {"Sqrt", convert_plain<ActivationKind::sqrt>},
      {"Erf", convert_plain<ActivationKind::erf>},
      {"Gelu", convert_gelu},
      {"LeakyRelu", convert_leaky_relu},
      {"HardSigmoid", convert_hard_sigmoid},
      {"PRelu", convert_prelu},
      {"Clip", convert_clip},
      {"Add", convert_binary<graph::Add>},
      {"Sub", convert_binary<graph::Sub>},
      {"Mul", convert_binary<graph::Mul>},
      {"Div", convert_binary<graph::Div>},
      {"Sum", convert_sum},
      {"Pow", convert_power},
      {"Neg", convert_negation},
      {"Reciprocal", convert_reciprocal},
      {"Cast", convert_cast},
  };
  return kTable;
}

}  // namespace inferometer::formats
