#include "graph/shapes.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/checked.h"
#include "graph/overloaded.h"

namespace inferometer::graph {

namespace {

/// The rule of each operator, for one node.
class Rules {
 public:
  Rules(const Graph& graph, const Node& node, std::span<const Shape> shapes)
      : graph_(graph), node_(node), shapes_(shapes), where_(describe(graph, node)) {}

  std::vector<Shape> infer() const {
    std::vector<Shape> outputs = std::visit([this](const auto& op) { return (*this)(op); }, node_.op);
    for (const Shape& shape : outputs) {
      if (std::any_of(shape.begin(), shape.end(), [](std::int64_t d) { return d < 1; })) {
        fail_nothing_left("its output would be " + to_string(shape));
      }
      checked_count(shape, where_);
    }
    return outputs;
  }

  std::vector<Shape> operator()(const Conv& conv) const {
    const Shape& x = image();
    const Shape& weight = input(1);
    require(weight.size() == 4, "its weight {} has {} dimensions, not 4", to_string(weight), weight.size());
    require(weight[2] == conv.window.kernel[0] && weight[3] == conv.window.kernel[1], "its weight {} is not for a {}x{} kernel",
            to_string(weight), conv.window.kernel[0], conv.window.kernel[1]);
    require(conv.groups >= 1 && weight[0] % conv.groups == 0, "{} output channels do not divide into {} groups", weight[0], conv.groups);
    require(x[1] == times(weight[1], conv.groups), "its input has {} channels, its weight {} with {} groups takes {}", x[1],
            to_string(weight), conv.groups, times(weight[1], conv.groups));
    if (has(2)) require_vector(2, weight[0]);
    const auto size = window_output(conv.window, Rounding::floor, x);
    return {{x[0], weight[0], size[0], size[1]}};
  }

  std::vector<Shape> operator()(const BatchNorm&) const {
    const Shape& x = input(0);
    require(x.size() >= 2, "its input {} has no channels", to_string(x));
    for (std::size_t i = 1; i <= 4; ++i) require_vector(i, x[1]);
    return {x};
  }

  std::vector<Shape> operator()(const Activation& activation) const {
    if (activation.kind == ActivationKind::prelu_shared) {
      require(checked_count(input(1), where_) == 1, "its slope {} is not one number", to_string(input(1)));
    }
    return {input(0)};
  }

  std::vector<Shape> operator()(const MaxPool& pool) const { return pooled(pool.window, pool.rounding); }
  std::vector<Shape> operator()(const AveragePool& pool) const { return pooled(pool.window, pool.rounding); }

  std::vector<Shape> operator()(const AdaptiveAveragePool& pool) const {
    const Shape& x = image();
    return {{x[0], x[1], pool.height, pool.width}};
  }

  std::vector<Shape> operator()(const GlobalAveragePool&) const {
    const Shape& x = image();
    return {{x[0], x[1], 1, 1}};
  }

  std::vector<Shape> operator()(const ReduceMean& reduce) const {
    const Shape& x = input(0);
    std::vector<bool> reduced(x.size(), reduce.axes.empty());
    for (const std::int64_t given : reduce.axes) {
      const std::size_t axis = axis_of(given, x.size());
      require(!reduced[axis], "axis {} is named twice", given);
      reduced[axis] = true;
    }
    Shape result;
    for (std::size_t axis = 0; axis < x.size(); ++axis) {
      if (!reduced[axis]) result.push_back(x[axis]);
      if (reduced[axis] && reduce.keep_dimensions) result.push_back(1);
    }
    return {result};
  }

  std::vector<Shape> operator()(const Linear&) const {
    Shape result = input(0);
    const Shape& weight = input(1);
    require(!result.empty() && weight.size() == 2, "it cannot multiply {} by a weight of {}", to_string(result), to_string(weight));
    require(result.back() == weight[1], "its input {} has {} features, its weight {} takes {}", to_string(result), result.back(),
            to_string(weight), weight[1]);
    if (has(2)) require_vector(2, weight[0]);
    result.back() = weight[0];
    return {result};
  }

  std::vector<Shape> operator()(const MatMul&) const {
    Shape a = input(0), b = input(1);
    require(!a.empty() && !b.empty(), "it cannot multiply {} by {}", to_string(a), to_string(b));
    const bool row = a.size() == 1, column = b.size() == 1;
    if (row) a.insert(a.begin(), 1);
    if (column) b.push_back(1);
    const std::int64_t rows = a[a.size() - 2], columns = b.back();
    require(a.back() == b[b.size() - 2], "it cannot multiply {} by {}: {} and {} disagree", to_string(a), to_string(b), a.back(),
            b[b.size() - 2]);
    Shape result = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
    if (!row) result.push_back(rows);
    if (!column) result.push_back(columns);
    return {result};
  }

  std::vector<Shape> operator()(const Add&) const { return {broadcast(input(0), input(1))}; }
  std::vector<Shape> operator()(const Sub&) const { return {broadcast(input(0), input(1))}; }
  std::vector<Shape> operator()(const Mul&) const { return {broadcast(input(0), input(1))}; }
  std::vector<Shape> operator()(const Div&) const { return {broadcast(input(0), input(1))}; }

  std::vector<Shape> operator()(const Concat& concat) const {
    Shape result = input(0);
    const std::size_t axis = axis_of(concat.axis, result.size());
    for (std::size_t i = 1; i < node_.inputs.size(); ++i) {
      Shape other = input(i);
      require(other.size() == result.size(), "its inputs {} and {} differ in rank", to_string(result), to_string(other));
      const std::int64_t sum = plus(result[axis], other[axis]);
      other[axis] = result[axis];
      require(other == result, "its inputs {} and {} differ beside axis {}", to_string(input(0)), to_string(input(i)), axis);
      result[axis] = sum;
    }
    return {result};
  }

  std::vector<Shape> operator()(const Split& split) const {
    const Shape& x = input(0);
    const std::size_t axis = axis_of(split.axis, x.size());
    std::vector<Shape> result(split.sizes.size(), x);
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < split.sizes.size(); ++i) {
      require(split.sizes[i] >= 1, "a part of size {} is empty", split.sizes[i]);
      sum = plus(sum, split.sizes[i]);
      result[i][axis] = split.sizes[i];
    }
    require(sum == x[axis], "its parts add up to {}, axis {} of {} has {}", sum, axis, to_string(x), x[axis]);
    return result;
  }

  std::vector<Shape> operator()(const Slice& slice) const {
    Shape result = input(0);
    const std::size_t axis = axis_of(slice.axis, result.size());
    require(slice.step >= 1, "its step {} is not positive", slice.step);
    const std::int64_t size = result[axis];
    const auto clamped = [size](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size); };
    const std::int64_t begin = clamped(slice.begin), end = clamped(slice.end);
    if (begin >= end) fail_nothing_left(fmt::format("{} to {} of {} elements", slice.begin, slice.end, size));
    result[axis] = (end - begin - 1) / slice.step + 1;
    return {result};
  }

  std::vector<Shape> operator()(const Gather& gather) const {
    const Shape &x = input(0), &indices = input(1);
    const std::size_t axis = axis_of(gather.axis, x.size());
    const Tensor& table = graph_.tensors[node_.inputs[1]];
    require(is_stored(table.role) && table.type == ElementType::i64, "its indices {} are no stored i64 tensor", name(1));
    for (const double index : table.values) {
      require(index >= 0 && index < static_cast<double>(x[axis]), "its index {} is outside axis {} of {}", index, axis, to_string(x));
    }
    const auto at = static_cast<std::ptrdiff_t>(axis);
    Shape result(x.begin(), x.begin() + at);
    result.insert(result.end(), indices.begin(), indices.end());
    result.insert(result.end(), x.begin() + at + 1, x.end());
    return {result};
  }

  std::vector<Shape> operator()(const Reshape& reshape) const {
    const Shape& x = input(0);
    Shape result = reshape.shape;
    std::int64_t known = 1;
    auto inferred = result.end();
    for (std::size_t axis = 0; axis < result.size(); ++axis) {
      if (result[axis] == -1) {
        require(inferred == result.end(), "its shape has more than one -1");
        inferred = result.begin() + static_cast<std::ptrdiff_t>(axis);
        continue;
      }
      if (result[axis] == 0) {
        require(axis < x.size(), "its shape copies dimension {} of {}", axis, to_string(x));
        result[axis] = x[axis];
      }
      require(result[axis] >= 1, "its shape has a dimension {}", result[axis]);
      known = times(known, result[axis]);
    }
    const std::int64_t count = checked_count(x, where_);
    if (inferred != result.end()) {
      require(count % known == 0, "{} elements of {} do not divide by {}", count, to_string(x), known);
      *inferred = count / known;
      known = count;
    }
    require(known == count, "{} has {} elements, {} has {}", to_string(x), count, to_string(result), known);
    return {result};
  }

  std::vector<Shape> operator()(const Transpose& transpose) const {
    const Shape& x = input(0);
    const auto& permutation = transpose.permutation;
    require(permutation.size() == x.size(), "its permutation has {} axes, its input {} has {}", permutation.size(), to_string(x), x.size());
    Shape result(x.size());
    std::vector<bool> used(x.size(), false);
    for (std::size_t i = 0; i < x.size(); ++i) {
      require(permutation[i] >= 0, "its permutation has a negative axis {}", permutation[i]);
      const std::size_t axis = axis_of(permutation[i], x.size());
      require(!used[axis], "its permutation names axis {} twice", axis);
      used[axis] = true;
      result[i] = x[axis];
    }
    return {result};
  }

  std::vector<Shape> operator()(const Flatten& flatten) const {
    const Shape& x = input(0);
    const auto rank = static_cast<std::int64_t>(x.size());
    require(flatten.axis >= -rank && flatten.axis <= rank, "axis {} is outside {}", flatten.axis, to_string(x));
    const auto middle = x.begin() + (flatten.axis < 0 ? flatten.axis + rank : flatten.axis);
    return {{checked_count(Shape(x.begin(), middle), where_), checked_count(Shape(middle, x.end()), where_)}};
  }

  std::vector<Shape> operator()(const Pad& pad) const {
    Shape result = input(0);
    require(pad.pads.size() == 2 * result.size(), "it has {} pads for {}", pad.pads.size(), to_string(result));
    for (std::size_t axis = 0; axis < result.size(); ++axis) {
      const std::int64_t before = pad.pads[axis], after = pad.pads[axis + result.size()];
      require(before >= 0 && after >= 0, "it has a negative pad");
      result[axis] = plus(plus(result[axis], before), after);
    }
    return {result};
  }

  std::vector<Shape> operator()(const Lrn& lrn) const {
    require(lrn.size >= 1, "its size {} is not positive", lrn.size);
    require(input(0).size() >= 2, "its input {} has no channels", to_string(input(0)));
    return {input(0)};
  }

  std::vector<Shape> operator()(const Softmax& softmax) const {
    axis_of(softmax.axis, input(0).size());
    return {input(0)};
  }

  std::vector<Shape> operator()(const LayerNorm& norm) const {
    const Shape& x = input(0);
    const Shape normalized(x.begin() + static_cast<std::ptrdiff_t>(axis_of(norm.axis, x.size())), x.end());
    for (std::size_t i = 1; i < node_.inputs.size(); ++i) {
      if (has(i)) require(input(i) == normalized, "its input {} is {}, not {}", name(i), to_string(input(i)), to_string(normalized));
    }
    return {x};
  }

  std::vector<Shape> operator()(const Identity&) const { return {input(0)}; }

 private:
  bool has(std::size_t i) const { return i < node_.inputs.size() && node_.inputs[i] != kNoTensor; }
  const Shape& input(std::size_t i) const { return shapes_[node_.inputs[i]]; }
  const std::string& name(std::size_t i) const { return graph_.tensors[node_.inputs[i]].name; }
  std::int64_t times(std::int64_t a, std::int64_t b) const { return checked_multiply(a, b, where_); }
  std::int64_t plus(std::int64_t a, std::int64_t b) const { return checked_add(a, b, where_); }

  [[noreturn]] void fail(const std::string& message) const { throw Error(ErrorCode::input, one_line(where_ + ": " + message)); }

  [[noreturn]] void fail_nothing_left(const std::string& detail) const {
    throw Error(ErrorCode::input,
                one_line(fmt::format("{}: nothing left after {} ({}): {}", graph_.name, node_.name, name_of(node_.op), detail)),
                "give a larger input");
  }

  template <class... Arguments>
  void require(bool condition, fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    if (!condition) fail(fmt::format(format, std::forward<Arguments>(arguments)...));
  }

  void require_vector(std::size_t i, std::int64_t size) const {
    require(input(i) == Shape{size}, "its input {} is {}, not {}", name(i), to_string(input(i)), size);
  }

  const Shape& image() const {
    require(input(0).size() == 4, "its input {} is {}, not an image NCHW", name(0), to_string(input(0)));
    return input(0);
  }

  std::size_t axis_of(std::int64_t axis, std::size_t rank) const {
    const auto signed_rank = static_cast<std::int64_t>(rank);
    require(axis >= -signed_rank && axis < signed_rank, "axis {} is outside a tensor of {} dimensions", axis, rank);
    return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
  }

  Shape broadcast(Shape a, Shape b) const {
    const std::string given = to_string(a) + " and " + to_string(b);
    if (a.size() < b.size()) a.swap(b);
    const std::size_t offset = a.size() - b.size();
    for (std::size_t i = 0; i < b.size(); ++i) {
      std::int64_t& size = a[offset + i];
      require(size == b[i] || size == 1 || b[i] == 1, "{} do not broadcast: {} against {}", given, size, b[i]);
      if (size == 1) size = b[i];
    }
    return a;
  }

  std::vector<Shape> pooled(const Window& window, Rounding rounding) const {
    const Shape& x = image();
    // A window wholly inside the padding has nothing to take a maximum or an average of.
    for (std::size_t side = 0; side < 4; ++side) {
      require(window.pads[side] < window.kernel[side % 2], "its padding {} is not smaller than its window {}", window.pads[side],
              window.kernel[side % 2]);
    }
    const auto size = window_output(window, rounding, x);
    return {{x[0], x[1], size[0], size[1]}};
  }

  std::array<std::int64_t, 2> window_output(const Window& window, Rounding rounding, const Shape& x) const {
    const bool padded = std::any_of(window.pads.begin(), window.pads.end(), [](std::int64_t p) { return p != 0; });
    std::array<std::int64_t, 2> result{};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::int64_t kernel = window.kernel[axis], stride = window.strides[axis], dilation = window.dilations[axis];
      const std::int64_t before = window.pads[axis], after = window.pads[axis + 2], size = x[axis + 2];
      require(kernel >= 1 && stride >= 1 && dilation >= 1, "kernel {}, stride {} and dilation {} must be positive", kernel, stride,
              dilation);
      require(before >= 0 && after >= 0, "it has a negative padding");
      const std::int64_t span = plus(times(dilation, kernel - 1), 1);
      const std::int64_t room = plus(plus(size, before), after) - span;
      if (room < 0) {
        fail_nothing_left(fmt::format("a {}x{} window does not fit its {}x{} input", window.kernel[0], window.kernel[1], x[2], x[3]));
      }
      std::int64_t count = room / stride + 1;
      if (rounding != Rounding::floor && room % stride != 0) ++count;
      const bool starts_outside = times(count - 1, stride) >= plus(size, before);
      if (starts_outside && (rounding == Rounding::ceil || (rounding == Rounding::caffe_ceil && padded))) --count;
      require(!starts_outside || rounding != Rounding::caffe_ceil || padded, "its last window lies outside its {}x{} input", x[2], x[3]);
      result[axis] = count;
    }
    return result;
  }

  const Graph& graph_;
  const Node& node_;
  std::span<const Shape> shapes_;
  std::string where_;
};

Shape input_shape(const Graph& graph, const Tensor& tensor, std::int64_t batch) {
  Shape shape = tensor.shape;
  if (shape.empty()) return shape;
  if (shape[0] != kBatch && shape[0] != batch) {
    throw Error(ErrorCode::unsupported, one_line(fmt::format("{}: batch fixed at {}", graph.name, shape[0])),
                fmt::format("run it at --batch {}", shape[0]));
  }
  shape[0] = batch;
  checked_count(shape, graph.name + ": " + tensor.name);
  return shape;
}

}  // namespace

std::vector<Shape> infer_node_shapes(const Graph& graph, const Node& node, std::span<const Shape> shapes) {
  return Rules(graph, node, shapes).infer();
}

std::vector<Shape> infer_shapes(const Graph& graph, std::int64_t batch) {
  if (batch < 1) throw Error(ErrorCode::usage, fmt::format("batch {} is not a positive number", batch));
  validate(graph);
  std::vector<Shape> shapes(graph.tensors.size());
  for (TensorId id = 0; id < graph.tensors.size(); ++id) {
    const Tensor& tensor = graph.tensors[id];
    if (tensor.role == Role::activation) continue;
    shapes[id] = tensor.role == Role::input ? input_shape(graph, tensor, batch) : tensor.shape;
  }
  for (const Node& node : graph.nodes) {
    std::vector<Shape> outputs = infer_node_shapes(graph, node, shapes);
    for (std::size_t i = 0; i < outputs.size(); ++i) shapes[node.outputs[i]] = std::move(outputs[i]);
  }
  return shapes;
}

}  // namespace inferometer::graph
