/// Describe a network as typed operators on named tensors.
///
/// A Graph holds no numbers: parameters are tensors with a shape, a role and a rule for synthetic values, so that
/// cost and plans need no weights. Numbers live in Weights, by tensor name. Plain values; thread-safe when const.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/element_type.h"

namespace inferometer::graph {

/// The first dimension of a graph input that takes any batch.
inline constexpr std::int64_t kBatch = -1;

using TensorId = std::size_t;
inline constexpr TensorId kNoTensor = std::numeric_limits<TensorId>::max();  ///< an optional input that is absent

enum class Role : std::uint8_t {
  input,       ///< given by the caller
  activation,  ///< computed by a node; its shape follows from infer_shapes()
  parameter,   ///< learnable; counted as a parameter
  buffer,      ///< stored with the network but not learnable (BatchNorm running statistics)
  constant,    ///< fixed by the architecture (a scalar factor, an index table)
};

/// Whether a tensor of this role comes with the network: it has values in Weights.
constexpr bool is_stored(Role role) { return role == Role::parameter || role == Role::buffer || role == Role::constant; }

/// How a synthetic value of a parameter is drawn (zoo/synthetic_weights): uniform in [centre - radius, centre + radius].
struct Initial {
  float centre = 0;
  float radius = 0;
};

struct Tensor {
  std::string name;
  Shape shape;  ///< of inputs (index 0 may be kBatch), parameters, buffers and constants; empty for activations
  Role role = Role::activation;
  ElementType type = ElementType::f32;
  Initial initial;
  /// The elements of a constant or buffer that is a table (an index, a mask), row-major; empty: all from initial.
  /// Files keep such elements with the weights: a graph that was read from one has none here.
  std::vector<double> values = {};
};

// ---- operators -----------------------------------------------------------------------------------------------
// Inputs and outputs are tensors, in the order that each comment gives. Attributes have ONNX's meaning unless said.

struct Window {  ///< of a convolution or pooling, over height and width
  std::array<std::int64_t, 2> kernel{1, 1};
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 2> dilations{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};  ///< top, left, bottom, right
};
/// How a pooling's output size is rounded.
enum class Rounding : std::uint8_t {
  floor,
  ceil,        ///< PyTorch's and ONNX's ceil_mode: the last window starts inside the image or its left padding
  caffe_ceil,  ///< Caffe's: as ceil, but that last rule only applies when there is padding
};

// clang-format off
struct Conv { Window window; std::int64_t groups = 1; };            ///< x, weight [O, I/groups, kh, kw], bias? [O]
struct BatchNorm { float epsilon = 1e-5f; };                        ///< x, scale, bias, mean, variance (each [C])
struct MaxPool { Window window; Rounding rounding = Rounding::floor; };                                   ///< x
struct AveragePool { Window window; Rounding rounding = Rounding::floor; bool count_include_pad = false; };  ///< x
struct AdaptiveAveragePool { std::int64_t height = 1, width = 1; };  ///< x; PyTorch's adaptive windows
struct GlobalAveragePool {};                                        ///< x -> [N, C, 1, 1]
struct ReduceMean { std::vector<std::int64_t> axes; bool keep_dimensions = true; };  ///< x; no axes: all of them
struct Linear {};                                                   ///< x [..., I], weight [O, I], bias? [O]
struct MatMul {};                                                   ///< a, b, with NumPy's batching
struct Add {};                                                      ///< a, b, broadcasting as NumPy does
struct Sub {};                                                      ///< a, b
struct Mul {};                                                      ///< a, b
struct Div {};                                                      ///< a, b
struct Concat { std::int64_t axis = 1; };                           ///< x...
struct Split { std::int64_t axis = 1; std::vector<std::int64_t> sizes; };  ///< x -> one output per size
/// x. Negative begin and end count from the back, both are then clamped to the dimension; step is at least 1.
struct Slice { std::int64_t axis = 0, begin = 0, end = 0, step = 1; };
/// x, indices i64 (stored, in range); takes the place of dimension axis of x by the indices' dimensions, as ONNX does.
struct Gather { std::int64_t axis = 0; };
struct Reshape { std::vector<std::int64_t> shape; };                ///< x; 0 copies a dimension, one -1 is inferred
struct Transpose { std::vector<std::int64_t> permutation; };        ///< x
struct Flatten { std::int64_t axis = 1; };                          ///< x
struct Pad { std::vector<std::int64_t> pads; float value = 0; };    ///< x; begins of every axis, then ends
struct Lrn { std::int64_t size = 5; float alpha = 1e-4f, beta = 0.75f, k = 1; };  ///< x, across channels
struct Softmax { std::int64_t axis = -1; };                         ///< x
struct LayerNorm { std::int64_t axis = -1; float epsilon = 1e-5f; };  ///< x, scale, bias?
struct Identity {};                                                 ///< x; also dropout at inference
// clang-format on

enum class ActivationKind : std::uint8_t {
  relu,
  clip,
  leaky_relu,
  prelu_shared,
  sigmoid,
  hard_sigmoid,
  hard_swish,
  silu,
  gelu,
  tanh,
  exp,
  sqrt,
  erf
};
/// x; prelu_shared: x, slope (one element). alpha, beta: clip's minimum and maximum (relu6 = clip 0, 6); leaky_relu's slope
/// is alpha; hard_sigmoid is max(0, min(1, alpha x + beta)); unused otherwise. gelu is the exact one (erf).
struct Activation {
  ActivationKind kind = ActivationKind::relu;
  float alpha = 0, beta = 0;
};

using Operator =
    std::variant<Conv, BatchNorm, Activation, MaxPool, AveragePool, AdaptiveAveragePool, GlobalAveragePool, ReduceMean, Linear, MatMul, Add,
                 Sub, Mul, Div, Concat, Split, Slice, Gather, Reshape, Transpose, Flatten, Pad, Lrn, Softmax, LayerNorm, Identity>;

/// "Conv", "BatchNorm", "Relu", "Clip", ... as tables show it.
std::string_view name_of(const Operator& op);

struct Node {
  std::string name;  ///< layer name, e.g. "layer1.0.conv1"; unique in the graph
  Operator op;
  std::vector<TensorId> inputs;  ///< kNoTensor for an absent optional one
  std::vector<TensorId> outputs;
  /// What Caffe calls the layer, where it has several types for one operator: "DepthwiseConvolution". It changes nothing of
  /// what is computed, only how Convention::deepdetect counts (graph/cost.h) and what a Caffe file says. Else empty.
  std::string layer_type = {};
};

struct Graph {
  std::string name;
  std::vector<Tensor> tensors;  ///< index = TensorId; names are unique
  std::vector<Node> nodes;      ///< topological order
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
};

/// Concrete shape of every tensor at this batch, by TensorId.
/// A graph whose input has a fixed batch is inferred at that batch; asking for another throws Error{unsupported}
/// "batch fixed at 1". Throws Error{input} naming the node when shapes do not fit ("nothing left after features.12").
std::vector<Shape> infer_shapes(const Graph& graph, std::int64_t batch);

/// Throw Error{input} naming the first broken rule: ids in range, unique names, topological order, arity of operators.
void validate(const Graph& graph);

/// SHA-256 (hex) over a canonical text of operators, tensors and their initial values: the identity of a zoo net.
std::string canonical_hash(const Graph& graph);

// ---- numbers -------------------------------------------------------------------------------------------------

/// One array: row-major little-endian bytes of `type` and `shape`.
struct Array {
  ElementType type = ElementType::f32;
  Shape shape;
  std::vector<std::byte> bytes;

  const float* floats() const { return reinterpret_cast<const float*>(bytes.data()); }  ///< type must be f32
  float* floats() { return reinterpret_cast<float*>(bytes.data()); }
};

/// Values of parameters, buffers and constants by tensor name.
using Weights = std::map<std::string, Array, std::less<>>;

struct Model {
  Graph graph;
  Weights weights;
};

}  // namespace inferometer::graph
