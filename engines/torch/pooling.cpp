#include "torch/pooling.h"

#include <algorithm>
#include <array>
#include <limits>

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mul.h>

#include "base/error.h"

namespace inferometer::engine {
namespace {

using graph::Rounding;
using graph::Window;

/// A pooling of an image of known size.
struct Pooling {
  Window window;
  std::array<std::int64_t, 2> in, out;  // height and width
};

Pooling pooling_of(const Window& window, const CallContext& context) {
  const Shape& x = context.shapes[context.node.inputs[0]];
  const Shape& y = context.shapes[context.node.outputs[0]];
  return {window, {x[2], x[3]}, {y[2], y[3]}};
}

/// From a window's first element to its last.
std::int64_t extent(const Window& window, std::size_t axis) { return (window.kernel[axis] - 1) * window.dilations[axis] + 1; }

/// The size that ATen gives, by PyTorch's documented formula.
std::int64_t aten_size(const Pooling& pooling, std::size_t axis, bool ceil) {
  const std::int64_t pad = pooling.window.pads[axis], stride = pooling.window.strides[axis];
  const std::int64_t room = pooling.in[axis] + 2 * pad - extent(pooling.window, axis);
  std::int64_t size = (room + (ceil ? stride - 1 : 0)) / stride + 1;
  if (ceil && (size - 1) * stride >= pooling.in[axis] + pad) --size;
  return size;
}

/// ATen pads both sides alike, by at most half a window, and rounds up in one way.
bool aten_has_these_windows(const Pooling& pooling, bool ceil) {
  for (const std::size_t axis : {0, 1}) {
    const std::int64_t pad = pooling.window.pads[axis];
    if (pad != pooling.window.pads[axis + 2] || 2 * pad > pooling.window.kernel[axis]) return false;
    if (aten_size(pooling, axis, ceil) != pooling.out[axis]) return false;
  }
  return true;
}

/// Left, right, top, bottom: so much that the windows, rounded down, are those that are wanted.
std::vector<std::int64_t> explicit_pads(const Pooling& pooling) {
  std::vector<std::int64_t> pads;
  for (const std::size_t axis : {1, 0}) {
    const std::int64_t before = pooling.window.pads[axis];
    const std::int64_t last = (pooling.out[axis] - 1) * pooling.window.strides[axis] + extent(pooling.window, axis);
    pads.push_back(before);
    pads.push_back(std::max<std::int64_t>(0, last - before - pooling.in[axis]));
  }
  return pads;
}

/// Elements that a window counts along one axis: those in the image, or in the image and its padding.
std::int64_t counted(const Pooling& pooling, std::size_t axis, std::int64_t output, bool padding_counts) {
  const std::int64_t begin = output * pooling.window.strides[axis] - pooling.window.pads[axis];
  const std::int64_t least = padding_counts ? begin : 0;
  const std::int64_t most = pooling.in[axis] + (padding_counts ? pooling.window.pads[axis + 2] : 0);
  return std::min(begin + pooling.window.kernel[axis], most) - std::max(begin, least);
}

/// One over the elements that each window counts, 1x1xHxW.
at::Tensor window_weights(const Pooling& pooling, bool padding_counts, const at::TensorOptions& options) {
  at::Tensor weights = at::empty({1, 1, pooling.out[0], pooling.out[1]}, at::kFloat);
  float* next = weights.data_ptr<float>();
  for (std::int64_t row = 0; row < pooling.out[0]; ++row)
    for (std::int64_t column = 0; column < pooling.out[1]; ++column)
      *next++ = 1.0f / static_cast<float>(counted(pooling, 0, row, padding_counts) * counted(pooling, 1, column, padding_counts));
  return weights.to(options);
}

}  // namespace

Call max_pool_call(const graph::MaxPool& pool, const CallContext& context) {
  const Pooling pooling = pooling_of(pool.window, context);
  const Window window = pool.window;
  const bool ceil = pool.rounding != Rounding::floor;
  if (aten_has_these_windows(pooling, ceil)) {
    return [window, ceil](const Operands& in) -> std::vector<at::Tensor> {
      return {at::max_pool2d(in[0], window.kernel, window.strides, {window.pads[0], window.pads[1]}, window.dilations, ceil)};
    };
  }
  return [window, pads = explicit_pads(pooling)](const Operands& in) -> std::vector<at::Tensor> {
    const at::Tensor padded = at::constant_pad_nd(in[0], pads, -std::numeric_limits<double>::infinity());
    return {at::max_pool2d(padded, window.kernel, window.strides, {0, 0}, window.dilations, false)};
  };
}

Call average_pool_call(const graph::AveragePool& pool, const CallContext& context) {
  if (pool.window.dilations != std::array<std::int64_t, 2>{1, 1})
    throw Error(ErrorCode::unsupported, "torch has no dilated AveragePool (" + context.node.name + ")");
  const Pooling pooling = pooling_of(pool.window, context);
  const Window window = pool.window;
  const bool ceil = pool.rounding != Rounding::floor, counts = pool.count_include_pad;
  if (aten_has_these_windows(pooling, ceil)) {
    return [window, ceil, counts](const Operands& in) -> std::vector<at::Tensor> {
      return {at::avg_pool2d(in[0], window.kernel, window.strides, {window.pads[0], window.pads[1]}, ceil, counts)};
    };
  }
  const at::Tensor weights = window_weights(pooling, counts, context.options);
  return [window, weights, pads = explicit_pads(pooling)](const Operands& in) -> std::vector<at::Tensor> {
    const at::Tensor padded = at::constant_pad_nd(in[0], pads, 0);
    const at::Tensor sums = at::avg_pool2d(padded, window.kernel, window.strides, {0, 0}, false, true, 1);
    return {at::mul(sums, weights)};
  };
}

}  // namespace inferometer::engine
