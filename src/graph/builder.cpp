#include "graph/builder.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/checked.h"
#include "graph/shapes.h"

namespace inferometer::graph {

namespace {

// Small against activations of about 1, yet no layer of biases is constant or zero.
constexpr Initial kBias{0.0f, 0.05f};
// Variances near 1 with scales near 1 leave the size of activations as the convolution before gave it.
constexpr Initial kRunningMean{0.0f, 0.05f};
constexpr Initial kRunningVariance{1.0f, 0.1f};
constexpr float kScaleSpread = 0.1f;

Window window_of(Extent kernel, Extent stride, Extent padding, Extent dilation) {
  Window window;
  window.kernel = {kernel.height, kernel.width};
  window.strides = {stride.height, stride.width};
  window.dilations = {dilation.height, dilation.width};
  window.pads = {padding.height, padding.width, padding.height, padding.width};
  return window;
}

}  // namespace

Initial initial_of(const Draw& draw, std::int64_t fan_in) {
  const auto inputs = static_cast<double>(fan_in);
  // A uniform distribution of radius r has variance r^2 / 3.
  return {static_cast<float>(0.0 - static_cast<double>(draw.inhibition) / inputs),  // not a unary minus: -0 would alter hashes
          static_cast<float>(static_cast<double>(draw.gain) * std::sqrt(6.0 / inputs))};
}

Builder::Builder(std::string name) { graph_.name = std::move(name); }

TensorId Builder::add_tensor(Tensor tensor, Shape shape) {
  graph_.tensors.push_back(std::move(tensor));
  shapes_.push_back(std::move(shape));
  return graph_.tensors.size() - 1;
}

TensorId Builder::input(const std::string& name, Shape shape) {
  Shape concrete = shape;
  if (!concrete.empty() && concrete[0] == kBatch) concrete[0] = 1;
  for (const std::int64_t size : concrete) {
    if (size < 1) {
      throw Error(ErrorCode::input, one_line(fmt::format("{}: input {} of {} is empty", graph_.name, name, to_string(concrete))),
                  "give a positive input size");
    }
  }
  checked_count(concrete, graph_.name + ": " + name);
  const TensorId id = add_tensor({name, std::move(shape), Role::input, ElementType::f32, {}}, std::move(concrete));
  graph_.inputs.push_back(id);
  return id;
}

TensorId Builder::stored(Tensor tensor) {
  if (checked_count(tensor.shape, graph_.name + ": " + tensor.name) < 1) {
    throw Error(ErrorCode::input, one_line(fmt::format("{}: {} of {} is empty", graph_.name, tensor.name, to_string(tensor.shape))));
  }
  Shape concrete = tensor.shape;
  return add_tensor(std::move(tensor), std::move(concrete));
}

TensorId Builder::parameter(const std::string& name, Shape shape, Initial initial) {
  return stored({name, std::move(shape), Role::parameter, ElementType::f32, initial});
}

TensorId Builder::buffer(const std::string& name, Shape shape, Initial initial) {
  return stored({name, std::move(shape), Role::buffer, ElementType::f32, initial});
}

TensorId Builder::constant(const std::string& name, Shape shape, float value) {
  return stored({name, std::move(shape), Role::constant, ElementType::f32, {value, 0.0f}});
}

TensorId Builder::table(const std::string& name, Shape shape, ElementType type, Role role, std::vector<double> values) {
  if (values.empty()) throw Error(ErrorCode::input, one_line(fmt::format("{}: {} is a table without values", graph_.name, name)));
  return stored({name, std::move(shape), role, type, {}, std::move(values)});
}

const Shape& Builder::shape(TensorId id) const { return shapes_.at(id); }

std::int64_t Builder::channels(TensorId id) const { return shapes_.at(id).at(1); }

std::vector<TensorId> Builder::add_node(const std::string& name, Operator op, std::vector<TensorId> inputs, std::size_t outputs) {
  Node node{name, std::move(op), std::move(inputs), {}};
  for (std::size_t i = 0; i < outputs; ++i) {
    const std::string output = outputs == 1 ? name : fmt::format("{}/{}", name, i);
    node.outputs.push_back(add_tensor({output, {}, Role::activation, ElementType::f32, {}}, {}));
  }
  check_arity(graph_, node);
  std::vector<Shape> shapes = infer_node_shapes(graph_, node, shapes_);
  for (std::size_t i = 0; i < outputs; ++i) shapes_[node.outputs[i]] = std::move(shapes[i]);
  graph_.nodes.push_back(std::move(node));
  return graph_.nodes.back().outputs;
}

TensorId Builder::node(const std::string& name, Operator op, std::vector<TensorId> inputs, std::string_view layer_type) {
  const TensorId output = add_node(name, std::move(op), std::move(inputs), 1).front();
  graph_.nodes.back().layer_type = layer_type;
  return output;
}

const Shape& Builder::image_shape(TensorId x, const std::string& name) const {
  const Shape& given = shape(x);
  if (given.size() != 4) throw Error(ErrorCode::input, fmt::format("{}: {}: {} is no image NCHW", graph_.name, name, to_string(given)));
  return given;
}

TensorId Builder::conv(const std::string& name, TensorId x, const ConvOptions& options) {
  const Shape image = image_shape(x, name);
  const std::int64_t in = image[1];
  if (options.channels < 1 || options.groups < 1 || in % options.groups != 0 || options.channels % options.groups != 0) {
    throw Error(ErrorCode::input, fmt::format("{}: {}: {} and {} channels do not divide into {} groups", graph_.name, name, in,
                                              options.channels, options.groups));
  }
  const Shape weight_shape{options.channels, in / options.groups, options.kernel.height, options.kernel.width};
  // Of a kernel wider than the map only so much meets values, the rest padding: without this, what passes fades on small inputs.
  const Shape met{weight_shape[1], std::clamp<std::int64_t>(image[2], 1, options.kernel.height),
                  std::clamp<std::int64_t>(image[3], 1, options.kernel.width)};
  const std::int64_t fan_in = checked_count(met, graph_.name + ": " + name);
  std::vector<TensorId> inputs{x, parameter(name + ".weight", weight_shape, initial_of(options.draw, fan_in))};
  if (options.bias) inputs.push_back(parameter(name + ".bias", {options.channels}, kBias));
  const Window window = window_of(options.kernel, options.stride, options.padding, options.dilation);
  return node(name, Conv{window, options.groups}, std::move(inputs), options.layer_type);
}

TensorId Builder::batch_norm(const std::string& name, TensorId x, const BatchNormOptions& options) {
  const Shape per_channel{channels(x)};
  const std::string affine(options.affine.empty() ? std::string_view(name) : options.affine);
  const TensorId scale = parameter(affine + ".weight", per_channel, {options.gain, options.gain * kScaleSpread});
  const TensorId bias = parameter(affine + ".bias", per_channel, {options.shift, kBias.radius});
  const TensorId mean = buffer(name + ".running_mean", per_channel, kRunningMean);
  const TensorId variance = buffer(name + ".running_var", per_channel, kRunningVariance);
  return node(name, BatchNorm{options.epsilon}, {x, scale, bias, mean, variance});
}

TensorId Builder::linear(const std::string& name, TensorId x, const LinearOptions& options) {
  if (shape(x).empty()) throw Error(ErrorCode::input, fmt::format("{}: {}: its input is a scalar", graph_.name, name));
  const std::int64_t in = shape(x).back();
  std::vector<TensorId> inputs{x, parameter(name + ".weight", {options.features, in}, initial_of(options.draw, in))};
  if (options.bias) inputs.push_back(parameter(name + ".bias", {options.features}, kBias));
  return node(name, Linear{}, std::move(inputs));
}

TensorId Builder::layer_norm(const std::string& name, TensorId x, float epsilon) {
  if (shape(x).empty()) throw Error(ErrorCode::input, fmt::format("{}: {}: its input is a scalar", graph_.name, name));
  const Shape features{shape(x).back()};
  const TensorId scale = parameter(name + ".weight", features, {1.0f, kScaleSpread});
  const TensorId bias = parameter(name + ".bias", features, kBias);
  return node(name, LayerNorm{-1, epsilon}, {x, scale, bias});
}

TensorId Builder::activation(const std::string& name, TensorId x, ActivationKind kind, float alpha, float beta) {
  return node(name, Activation{kind, alpha, beta}, {x});
}

TensorId Builder::relu(const std::string& name, TensorId x) { return activation(name, x, ActivationKind::relu); }
TensorId Builder::relu6(const std::string& name, TensorId x) { return activation(name, x, ActivationKind::clip, 0, 6); }

TensorId Builder::max_pool(const std::string& name, TensorId x, const PoolOptions& options) {
  return node(name, MaxPool{window_of(options.kernel, options.stride, options.padding, 1), options.rounding}, {x});
}

TensorId Builder::average_pool(const std::string& name, TensorId x, const PoolOptions& options) {
  const Window window = window_of(options.kernel, options.stride, options.padding, 1);
  return node(name, AveragePool{window, options.rounding, options.count_include_pad}, {x});
}

TensorId Builder::adaptive_average_pool(const std::string& name, TensorId x, Extent size) {
  return node(name, AdaptiveAveragePool{size.height, size.width}, {x});
}

TensorId Builder::global_average_pool(const std::string& name, TensorId x) { return node(name, GlobalAveragePool{}, {x}); }
TensorId Builder::add(const std::string& name, TensorId a, TensorId b) { return node(name, Add{}, {a, b}); }
TensorId Builder::mul(const std::string& name, TensorId a, TensorId b) { return node(name, Mul{}, {a, b}); }
TensorId Builder::matmul(const std::string& name, TensorId a, TensorId b) { return node(name, MatMul{}, {a, b}); }

TensorId Builder::concat(const std::string& name, std::vector<TensorId> parts, std::int64_t axis) {
  return node(name, Concat{axis}, std::move(parts));
}

std::vector<TensorId> Builder::split(const std::string& name, TensorId x, std::vector<std::int64_t> sizes, std::int64_t axis) {
  const std::size_t parts = sizes.size();
  return add_node(name, Split{axis, std::move(sizes)}, {x}, parts);
}

TensorId Builder::reshape(const std::string& name, TensorId x, std::vector<std::int64_t> shape) {
  return node(name, Reshape{std::move(shape)}, {x});
}

TensorId Builder::gather(const std::string& name, TensorId x, TensorId indices, std::int64_t axis) {
  return node(name, Gather{axis}, {x, indices});
}

TensorId Builder::transpose(const std::string& name, TensorId x, std::vector<std::int64_t> permutation) {
  return node(name, Transpose{std::move(permutation)}, {x});
}

TensorId Builder::flatten(const std::string& name, TensorId x) { return node(name, Flatten{1}, {x}); }
TensorId Builder::softmax(const std::string& name, TensorId x, std::int64_t axis) { return node(name, Softmax{axis}, {x}); }

Graph Builder::finish(const std::vector<TensorId>& outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Tensor& tensor = graph_.tensors.at(outputs[i]);
    if (tensor.role == Role::activation) tensor.name = outputs.size() == 1 ? "output" : fmt::format("output.{}", i);
  }
  graph_.outputs = outputs;
  validate(graph_);
  return std::move(graph_);
}

}  // namespace inferometer::graph
