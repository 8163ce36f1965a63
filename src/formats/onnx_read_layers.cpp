#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "formats/adaptive_windows.h"
#include "formats/onnx_attributes.h"
#include "formats/onnx_import.h"
#include "formats/onnx_marks.h"

namespace inferometer::formats {

namespace {

using graph::Role;
using graph::TensorId;
using graph::Window;

constexpr std::int64_t kLargestWindow = 1 << 24;  // so that products of two sizes stay far from 63 bits

std::array<std::int64_t, 2> pair_attribute(const OnnxNode& node, std::string_view name, std::array<std::int64_t, 2> otherwise) {
  const auto values = node.integers(name);
  if (!values) return otherwise;
  if (values->size() != 2)
    node.unsupported(fmt::format("has {} with {} numbers: only two-dimensional windows can be read", name, values->size()));
  return {(*values)[0], (*values)[1]};
}

/// SAME_UPPER and SAME_LOWER pad so that the output has ceil(input / stride) elements; an odd pad goes to the end or the begin.
void resolve_automatic_pads(const OnnxNode& node, const std::string& rule, Window& window) {
  if (rule == "VALID") {
    window.pads = {0, 0, 0, 0};
    return;
  }
  if (rule != "SAME_UPPER" && rule != "SAME_LOWER") node.broken(fmt::format("has an unknown auto_pad '{}'", rule));
  const Shape x = node.shapes(0)[0];
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t size = x[axis + 2], stride = window.strides[axis];
    if (size > kLargestWindow) node.broken("has an input larger than any image");
    const std::int64_t span = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
    const std::int64_t total = std::max<std::int64_t>(((size + stride - 1) / stride - 1) * stride + span - size, 0);
    const std::int64_t smaller = total / 2;
    window.pads[axis] = rule == "SAME_UPPER" ? smaller : total - smaller;
    window.pads[axis + 2] = total - window.pads[axis];
  }
}

Window window_of(const OnnxNode& node, std::array<std::int64_t, 2> kernel) {
  if (node.rank(0) != 4) node.unsupported(fmt::format("has an input of {} dimensions, only images NCHW can be read", node.rank(0)));
  Window window;
  window.kernel = pair_attribute(node, "kernel_shape", kernel);
  window.strides = pair_attribute(node, "strides", {1, 1});
  window.dilations = pair_attribute(node, "dilations", {1, 1});
  for (const auto* numbers : {&window.kernel, &window.strides, &window.dilations}) {
    if ((*numbers)[0] < 1 || (*numbers)[1] < 1) node.broken("has a kernel, stride or dilation below 1");
    if ((*numbers)[0] > kLargestWindow || (*numbers)[1] > kLargestWindow) node.broken("has a kernel, stride or dilation beyond any image");
  }
  const std::string rule = string_attribute(node.proto, "auto_pad", "NOTSET");
  if (rule != "NOTSET" && !rule.empty()) {
    resolve_automatic_pads(node, rule, window);
    return window;
  }
  if (const auto pads = node.integers("pads")) {
    if (pads->size() != 4) node.broken(fmt::format("has {} pads, not 4", pads->size()));
    std::copy(pads->begin(), pads->end(), window.pads.begin());
  }
  return window;
}

void convert_conv(const OnnxNode& node) {
  const Shape weight = node.shapes(1)[0];
  if (weight.size() != 4)
    node.unsupported(fmt::format("has a weight of {} dimensions, only two-dimensional convolutions can be read", weight.size()));
  graph::Conv conv{window_of(node, {weight[2], weight[3]}), node.integer("group", 1)};
  std::vector<TensorId> inputs{node.operand(0), node.stored(1, Role::parameter)};
  if (node.has(2)) inputs.push_back(node.stored(2, Role::parameter));
  node.finish(conv, std::move(inputs));
}

graph::Rounding rounding_of(const OnnxNode& node) {
  return node.integer("ceil_mode", 0) != 0 ? graph::Rounding::ceil : graph::Rounding::floor;
}

void convert_max_pool(const OnnxNode& node) {
  if (!node.integers("kernel_shape")) node.broken("lacks its kernel_shape");
  if (node.integer("storage_order", 0) != 0) node.unsupported("has column-major indices");
  node.finish(graph::MaxPool{window_of(node, {1, 1}), rounding_of(node)}, {node.operand(0)});
}

/// What AdaptiveAveragePool a node of our own exports says it stands for: height and width.
std::optional<std::array<std::int64_t, 2>> marked_adaptive(const OnnxNode& node) {
  constexpr std::int64_t kMost = 1 << 16;
  if (!node.importer.own() || !node.proto.doc_string().starts_with(kAdaptiveMark)) return std::nullopt;
  const auto words = split(std::string_view(node.proto.doc_string()).substr(kAdaptiveMark.size()), ' ');
  if (words.size() != 2 || node.rank(0) != 4) return std::nullopt;
  const auto height = parse_integer(words[0]), width = parse_integer(words[1]);
  if (!height || !width || *height < 1 || *width < 1 || *height > kMost || *width > kMost) return std::nullopt;
  return std::array{*height, *width};
}

void finish_adaptive(const OnnxNode& node, std::array<std::int64_t, 2> size) {
  node.finish(graph::AdaptiveAveragePool{size[0], size[1]}, {node.operand(0)});
}

/// Whether this pooling has exactly the windows of the adaptive one.
bool computes_adaptive(const Window& window, const Shape& x, std::array<std::int64_t, 2> out) {
  if (window.pads != std::array<std::int64_t, 4>{} || window.dilations != std::array<std::int64_t, 2>{1, 1}) return false;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const auto adaptive = uniform_window(x[axis + 2], out[axis]);
    if (!adaptive || adaptive->kernel != window.kernel[axis] || adaptive->stride != window.strides[axis]) return false;
  }
  return true;
}

void convert_average_pool(const OnnxNode& node) {
  if (!node.integers("kernel_shape")) node.broken("lacks its kernel_shape");
  const Window window = window_of(node, {1, 1});
  const Shape x = node.shapes(0)[0];
  if (const auto size = marked_adaptive(node); size && computes_adaptive(window, x, *size)) return finish_adaptive(node, *size);
  node.finish(graph::AveragePool{window, rounding_of(node), node.integer("count_include_pad", 0) != 0}, {node.operand(0)});
}

void convert_global_average_pool(const OnnxNode& node) {
  if (const auto size = marked_adaptive(node); size == std::array<std::int64_t, 2>{1, 1}) return finish_adaptive(node, *size);
  node.finish(graph::GlobalAveragePool{}, {node.operand(0)});
}

void convert_global_max_pool(const OnnxNode& node) {
  if (node.rank(0) != 4) node.unsupported("has an input that is no image NCHW");
  const Shape x = node.shapes(0)[0];
  Window window;
  window.kernel = {x[2], x[3]};
  node.finish(graph::MaxPool{window, graph::Rounding::floor}, {node.operand(0)});
}

/// Nearest-neighbour enlargement by whole factors is what adaptive pooling to a larger size does.
void convert_resize(const OnnxNode& node) {
  const int scales_at = node.importer.opset() >= 11 ? 2 : 1;
  if (!node.has(scales_at)) node.unsupported("is given sizes, which cannot be read as a graph");
  const Constant& scales = node.constant(scales_at);
  const Shape x = node.shapes(0)[0];
  if (!scales.real || scales.size() != x.size()) node.broken("has scales that do not fit its input");
  const auto size = marked_adaptive(node);
  const auto enlarges = [&](std::size_t axis) {
    return (*size)[axis] % x[axis + 2] == 0 && static_cast<double>((*size)[axis] / x[axis + 2]) == scales.reals[axis + 2];
  };
  if (size && scales.reals[0] == 1 && scales.reals[1] == 1 && enlarges(0) && enlarges(1) &&
      string_attribute(node.proto, "mode", "nearest") == "nearest") {
    return finish_adaptive(node, *size);
  }
  if (std::all_of(scales.reals.begin(), scales.reals.end(), [](double scale) { return scale == 1; })) {
    return node.finish(graph::Identity{}, {node.operand(0)});
  }
  node.unsupported("resizes, which cannot be read as a graph");
}

void convert_identity(const OnnxNode& node) {
  const Shape x = node.shapes(0)[0];
  if (const auto size = marked_adaptive(node); size && x[2] == (*size)[0] && x[3] == (*size)[1]) return finish_adaptive(node, *size);
  node.finish(graph::Identity{}, {node.operand(0)});
}

void convert_dropout(const OnnxNode& node) {
  if (node.has(2) && node.scalar(2) != 0) node.unsupported("is in training mode");
  node.finish(graph::Identity{}, {node.operand(0)});
}

void convert_batch_norm(const OnnxNode& node) {
  if (node.integer("training_mode", 0) != 0) node.unsupported("is in training mode");
  if (node.integer("spatial", 1) == 0) node.unsupported("normalises every pixel of its own (spatial=0)");
  const float epsilon = float_attribute(node.proto, "epsilon", 1e-5F);
  node.finish(graph::BatchNorm{epsilon}, {node.operand(0), node.stored(1, Role::parameter), node.stored(2, Role::parameter),
                                          node.stored(3, Role::buffer), node.stored(4, Role::buffer)});
}

void convert_layer_norm(const OnnxNode& node) {
  graph::LayerNorm norm{node.integer("axis", -1), float_attribute(node.proto, "epsilon", 1e-5F)};
  std::vector<TensorId> inputs{node.operand(0), node.stored(1, Role::parameter)};
  if (node.has(2)) inputs.push_back(node.stored(2, Role::parameter));
  node.finish(norm, std::move(inputs));
}

void convert_lrn(const OnnxNode& node) {
  node.finish(graph::Lrn{node.integer("size", 0), float_attribute(node.proto, "alpha", 1e-4F), float_attribute(node.proto, "beta", 0.75F),
                         float_attribute(node.proto, "bias", 1.0F)},
              {node.operand(0)});
}

TensorId transposed_operand(const OnnxNode& node, int input, std::string_view suffix) {
  if (node.rank(input) != 2) node.broken("transposes what is no matrix");
  return node.inner(suffix, graph::Transpose{{1, 0}}, {node.operand(input)});
}

/// Multiply the values of a stored tensor; under a new name, since other nodes may use the tensor as it is.
TensorId scaled(const OnnxNode& node, TensorId tensor, float factor, Role role) {
  if (factor == 1.0F) return tensor;
  graph::Array array = node.importer.array_of(tensor);
  const std::size_t count = array.bytes.size() / sizeof(float);
  std::transform(array.floats(), array.floats() + count, array.floats(), [factor](float value) { return value * factor; });
  return node.importer.add_stored(node.importer.fresh_name(node.name() + "/scaled"), std::move(array), role);
}

/// Gemm: alpha A' B' + beta C. With B stored it is Linear.
void convert_gemm(const OnnxNode& node) {
  const float alpha = float_attribute(node.proto, "alpha", 1.0F), beta = float_attribute(node.proto, "beta", 1.0F);
  const bool transpose_a = node.integer("transA", 0) != 0, transpose_b = node.integer("transB", 0) != 0;
  if (node.rank(0) != 2 || node.rank(1) != 2) node.broken("multiplies what are no matrices");
  const TensorId a = transpose_a ? transposed_operand(node, 0, "a") : node.operand(0);
  OnnxValue weight = node.value(1);
  const bool has_bias = node.has(2) && beta != 0;
  if (weight.kind != OnnxValue::Kind::stored || weight.reshaped) {
    const TensorId b = transpose_b ? transposed_operand(node, 1, "b") : node.operand(1);
    if (!has_bias && alpha == 1) return node.finish(graph::MatMul{}, {a, b});
    TensorId product = node.inner("product", graph::MatMul{}, {a, b});
    if (alpha != 1) {
      const TensorId factor = node.scalar_tensor("alpha", alpha);
      if (!has_bias) return node.finish(graph::Mul{}, {product, factor});
      product = node.inner("scaled", graph::Mul{}, {product, factor});
    }
    TensorId c = node.operand(2);
    if (beta != 1) c = node.inner("c", graph::Mul{}, {c, node.scalar_tensor("beta", beta)});
    return node.finish(graph::Add{}, {product, c});
  }

  if (!transpose_b) weight.transposed = !weight.transposed;
  const TensorId b = scaled(node, node.importer.tensor_of(weight, Role::parameter), alpha, Role::parameter);
  const std::int64_t features = node.importer.shapes_of(weight)[0][0];
  if (!has_bias) return node.finish(graph::Linear{}, {a, b});
  OnnxValue bias = node.value(2);
  const Shape bias_shape = node.importer.shapes_of(bias)[0];
  const bool vector = bias_shape == Shape{features} || bias_shape == Shape{1, features};
  if (bias.kind == OnnxValue::Kind::stored && vector) {
    if (bias_shape.size() == 2) bias.reshaped = Shape{features};
    const TensorId c = scaled(node, node.importer.tensor_of(bias, Role::parameter), beta, Role::parameter);
    return node.finish(graph::Linear{}, {a, b, c});
  }
  const TensorId product = node.inner("product", graph::Linear{}, {a, b});
  TensorId c = node.operand(2);
  if (beta != 1) c = node.inner("c", graph::Mul{}, {c, node.scalar_tensor("beta", beta)});
  node.finish(graph::Add{}, {product, c});
}

void convert_matmul(const OnnxNode& node) {
  OnnxValue weight = node.value(1);
  // A constant matrix of our own exports is no layer: an averaging matrix, say.
  const bool layer = node.importer.own() ? node.proto.doc_string() == kLinearMark : weight.kind == OnnxValue::Kind::stored;
  if (layer && weight.kind == OnnxValue::Kind::stored && node.rank(1) == 2 && !weight.reshaped && node.rank(0) >= 1) {
    weight.transposed = !weight.transposed;
    return node.finish(graph::Linear{}, {node.operand(0), node.importer.tensor_of(weight, Role::parameter)});
  }
  node.finish(graph::MatMul{}, {node.operand(0), node.operand(1)});
}

void convert_softmax(const OnnxNode& node) {
  const TrialShapes shapes = node.shapes(0);
  const Shape& x = shapes[0];
  const bool flattens = node.importer.opset() < 13;
  const std::int64_t axis = node.axis(node.integer("axis", flattens ? 1 : -1), x.size());
  const auto after = static_cast<std::ptrdiff_t>(axis) + 1;
  const bool alone = std::all_of(x.begin() + after, x.end(), [](std::int64_t size) { return size == 1; });
  if (!flattens || alone) return node.finish(graph::Softmax{axis}, {node.operand(0)});
  // Before opset 13 all dimensions from the axis on are normalised together.
  graph::Reshape rows{{}};
  for (std::int64_t i = 0; i < axis; ++i) rows.shape.push_back(0);
  rows.shape.push_back(-1);
  const TensorId flat = node.inner("rows", rows, {node.operand(0)});
  const TensorId result = node.inner("softmax", graph::Softmax{-1}, {flat});
  node.finish_reshape(result, shapes);
}

void convert_reduce_mean(const OnnxNode& node) {
  auto axes = node.has(1) ? std::optional(node.integers(1)) : node.integers("axes");
  if ((!axes || axes->empty()) && node.integer("noop_with_empty_axes", 0) != 0) return node.finish(graph::Identity{}, {node.operand(0)});
  graph::ReduceMean reduce{{}, node.integer("keepdims", 1) != 0};
  for (const std::int64_t given : axes.value_or(std::vector<std::int64_t>{})) reduce.axes.push_back(node.axis(given, node.rank(0)));
  if (reduce.axes.empty()) {
    for (std::size_t i = 0; i < node.rank(0); ++i) reduce.axes.push_back(static_cast<std::int64_t>(i));
  }
  node.finish(std::move(reduce), {node.operand(0)});
}

}  // namespace

const OnnxConverterTable& layer_converters() {
  static const OnnxConverterTable kTable{
      {"Conv", convert_conv},
      {"MaxPool", convert_max_pool},
      {"AveragePool", convert_average_pool},
      {"GlobalAveragePool", convert_global_average_pool},
      {"GlobalMaxPool", convert_global_max_pool},
      {"Resize", convert_resize},
      {"Upsample", convert_resize},
      {"Identity", convert_identity},
      {"Dropout", convert_dropout},
      {"BatchNormalization", convert_batch_norm},
      {"LayerNormalization", convert_layer_norm},
      {"LRN", convert_lrn},
      {"Gemm", convert_gemm},
      {"MatMul", convert_matmul},
      {"Softmax", convert_softmax},
      {"ReduceMean", convert_reduce_mean},
  };
  return kTable;
}

}  // namespace inferometer::formats
