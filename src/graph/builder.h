/// Write a Graph layer by layer, in PyTorch's words.
///
/// A layer's name becomes its node's name, its output's name and the prefix of its parameters' names
/// (`features.0` has `features.0.weight`), so that torchvision's checkpoints load by name. Weight shapes follow from the
/// shape of the input, which is known at every step: errors appear at the layer that causes them, as Error{input}.
/// Initial values aim at activations that neither grow nor fade with depth (zoo/synthetic_weights).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace inferometer::graph {

/// Height and width; one number stands for both.
struct Extent {
  std::int64_t height, width;
  constexpr Extent(std::int64_t both) : height(both), width(both) {}  // NOLINT: implicit, as `.kernel = 3` reads best
  constexpr Extent(std::int64_t h, std::int64_t w) : height(h), width(w) {}
};

/// How synthetic weights are drawn: uniform, variance 2 gain^2 / fan_in, mean -inhibition / fan_in.
///
/// Gain 1 without inhibition keeps the second moment of activations through a following ReLU (He et al. 2015), but lets the
/// outputs of different images grow alike layer by layer (Cho, Saul 2009: the angle between two inputs shrinks in every
/// random ReLU layer), until an engine's mistakes no longer show. Inputs behind a ReLU are positive, so a negative mean
/// weight subtracts a multiple of their sum: a threshold that follows the size of the activations and undoes that.
/// The gains beside it restore the second moment.
struct Draw {
  float gain = 1;
  float inhibition = 0;
};
inline constexpr Draw kSelective{1.23f, 0.86f};
inline constexpr Draw kMoreSelective{1.5f, 2.1f};
inline constexpr Draw kLinear{0.70710678f, 0};  ///< 1 / sqrt 2: no ReLU follows that would halve the second moment

struct ConvOptions {
  std::int64_t channels = 0;  ///< of the output
  Extent kernel = 1;
  Extent stride = 1;
  Extent padding = 0;  ///< at both ends
  Extent dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
  Draw draw = {};
  std::string_view layer_type = {};  ///< Node::layer_type
};

struct BatchNormOptions {
  float epsilon = 1e-5f;
  float gain = 1;                ///< centre of the synthetic scales; below 1 at the end of a residual branch
  float shift = 0;               ///< centre of the synthetic biases; below 0 it is a threshold for a following ReLU
  std::string_view affine = {};  ///< layer that scale and bias are named after, where it is another one (Caffe's Scale)
};

struct LinearOptions {
  std::int64_t features = 0;  ///< of the output
  bool bias = true;
  Draw draw = {};
};

struct PoolOptions {
  Extent kernel = 1;
  Extent stride = 1;  ///< PyTorch defaults to the kernel; here it is written out
  Extent padding = 0;
  Rounding rounding = Rounding::floor;
  bool count_include_pad = true;  ///< PyTorch's default; average pools only
};

/// The rule for weights with this many inputs each. Exact on every IEEE platform: one square root and divisions.
Initial initial_of(const Draw& draw, std::int64_t fan_in);

/// One thread at a time. Every method that adds a node throws Error{input} when shapes do not fit.
class Builder {
 public:
  explicit Builder(std::string name);

  /// @param shape  first dimension kBatch, or fixed
  TensorId input(const std::string& name, Shape shape);
  TensorId parameter(const std::string& name, Shape shape, Initial initial);
  TensorId buffer(const std::string& name, Shape shape, Initial initial);
  TensorId constant(const std::string& name, Shape shape, float value);
  /// A constant or buffer whose elements the architecture fixes. @param type  f32, or i64 of whole values
  /// @param values  row-major, as many as the shape has elements
  TensorId table(const std::string& name, Shape shape, ElementType type, Role role, std::vector<double> values);

  const Shape& shape(TensorId id) const;     ///< at batch 1 (or the fixed one); valid until the next call that adds a tensor
  std::int64_t channels(TensorId id) const;  ///< dimension 1

  TensorId conv(const std::string& name, TensorId x, const ConvOptions& options);
  TensorId batch_norm(const std::string& name, TensorId x, const BatchNormOptions& options = {});
  TensorId linear(const std::string& name, TensorId x, const LinearOptions& options);
  TensorId layer_norm(const std::string& name, TensorId x, float epsilon = 1e-5f);  ///< over the last axis

  TensorId relu(const std::string& name, TensorId x);
  TensorId relu6(const std::string& name, TensorId x);
  TensorId activation(const std::string& name, TensorId x, ActivationKind kind, float alpha = 0, float beta = 0);

  TensorId max_pool(const std::string& name, TensorId x, const PoolOptions& options);
  TensorId average_pool(const std::string& name, TensorId x, const PoolOptions& options);
  TensorId adaptive_average_pool(const std::string& name, TensorId x, Extent size);
  TensorId global_average_pool(const std::string& name, TensorId x);

  TensorId add(const std::string& name, TensorId a, TensorId b);
  TensorId mul(const std::string& name, TensorId a, TensorId b);
  TensorId matmul(const std::string& name, TensorId a, TensorId b);
  TensorId concat(const std::string& name, std::vector<TensorId> parts, std::int64_t axis = 1);
  std::vector<TensorId> split(const std::string& name, TensorId x, std::vector<std::int64_t> sizes, std::int64_t axis = 1);
  TensorId reshape(const std::string& name, TensorId x, std::vector<std::int64_t> shape);  ///< keep the batch with a leading 0
  TensorId gather(const std::string& name, TensorId x, TensorId indices, std::int64_t axis = 0);
  TensorId transpose(const std::string& name, TensorId x, std::vector<std::int64_t> permutation);
  TensorId flatten(const std::string& name, TensorId x);  ///< all but the batch
  TensorId softmax(const std::string& name, TensorId x, std::int64_t axis = -1);

  /// Any other operator with one output, named as the node.
  TensorId node(const std::string& name, Operator op, std::vector<TensorId> inputs, std::string_view layer_type = {});

  /// Call last. Names the outputs ("output"; "output.0", "output.1", ... when there are several) and validates the graph.
  Graph finish(const std::vector<TensorId>& outputs);
  Graph finish(TensorId output) { return finish(std::vector<TensorId>{output}); }

 private:
  TensorId stored(Tensor tensor);
  TensorId add_tensor(Tensor tensor, Shape shape);
  std::vector<TensorId> add_node(const std::string& name, Operator op, std::vector<TensorId> inputs, std::size_t outputs);
  const Shape& image_shape(TensorId x, const std::string& name) const;

  Graph graph_;
  std::vector<Shape> shapes_;  ///< by TensorId
};

}  // namespace inferometer::graph
