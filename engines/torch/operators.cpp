#include "torch/operators.h"

#include <utility>

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/add.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/div.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/permute.h>
#include <ATen/ops/reshape.h>
#include <ATen/ops/slice.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/split_with_sizes.h>
#include <ATen/ops/sub.h>

#include "base/error.h"
#include "graph/overloaded.h"
#include "torch/activation.h"
#include "torch/pooling.h"

namespace inferometer::engine {
namespace {

using Tensors = std::vector<at::Tensor>;

c10::optional<at::Tensor> optional_operand(const Operands& in, std::size_t index) {
  return in.has(index) ? c10::optional<at::Tensor>(in[index]) : c10::optional<at::Tensor>();
}

Call convolution(const graph::Conv& conv) {
  const graph::Window window = conv.window;
  const auto& [top, left, bottom, right] = window.pads;
  if (top == bottom && left == right) {
    return [window, groups = conv.groups](const Operands& in) -> Tensors {
      return {
          at::conv2d(in[0], in[1], optional_operand(in, 2), window.strides, {window.pads[0], window.pads[1]}, window.dilations, groups)};
    };
  }
  const std::vector<std::int64_t> pads{left, right, top, bottom};
  return [window, pads, groups = conv.groups](const Operands& in) -> Tensors {
    return {at::conv2d(at::constant_pad_nd(in[0], pads, 0), in[1], optional_operand(in, 2), window.strides, at::IntArrayRef({0, 0}),
                       window.dilations, groups)};
  };
}

/// PyTorch's default weight of a batch in the running statistics; Graph keeps none of its own.
constexpr double kBatchNormMomentum = 0.1;

Call batch_norm(const graph::BatchNorm& norm, const CallContext& context) {
  return [epsilon = norm.epsilon, name = context.node.name](const Operands& in) -> Tensors {
    const bool training = in.mode() == Mode::training;
    if (training && in[0].numel() <= in[0].size(1)) {
      throw Error(ErrorCode::input, "BatchNorm '" + name + "' gets one value a channel, which has no variance to train with",
                  "train with larger batches or pictures");
    }
    return {at::batch_norm(in[0], in[1], in[2], in[3], in[4], training, kBatchNormMomentum, epsilon, /*cudnn_enabled=*/true)};
  };
}

/// What torch.nn.functional.local_response_norm does, over the window that ONNX defines for an even size too.
Call local_response_norm(const graph::Lrn& lrn) {
  const std::int64_t before = (lrn.size - 1) / 2, after = lrn.size - 1 - before;
  return [lrn, before, after](const Operands& in) -> Tensors {
    at::Tensor squares = at::mul(in[0], in[0]).unsqueeze(1);
    squares = at::constant_pad_nd(squares, {0, 0, 0, 0, before, after}, 0);
    const at::Tensor means = at::avg_pool3d(squares, {lrn.size, 1, 1}, at::IntArrayRef({1, 1, 1})).squeeze(1);
    return {at::div(in[0], means.mul(lrn.alpha).add(lrn.k).pow(lrn.beta))};
  };
}

Call reduce_mean(const graph::ReduceMean& reduce, const CallContext& context) {
  std::vector<std::int64_t> axes = reduce.axes;
  const std::size_t rank = context.shapes[context.node.inputs[0]].size();
  for (std::size_t axis = 0; reduce.axes.empty() && axis < rank; ++axis) axes.push_back(static_cast<std::int64_t>(axis));
  return [axes, keep = reduce.keep_dimensions](const Operands& in) -> Tensors { return {at::mean(in[0], at::IntArrayRef(axes), keep)}; };
}

/// Reshapes and flattenings: the shape is known, batch included.
Call reshape(const CallContext& context) {
  return [shape = context.shapes[context.node.outputs[0]]](const Operands& in) -> Tensors { return {at::reshape(in[0], shape)}; };
}

/// ATen selects along one axis by a list.
Call gather(const graph::Gather& gather, const CallContext& context) {
  return [axis = gather.axis, shape = context.shapes[context.node.outputs[0]]](const Operands& in) -> Tensors {
    return {at::reshape(at::index_select(in[0], axis, in[1].reshape({-1})), shape)};
  };
}

Call pad(const graph::Pad& pad) {
  // ATen wants pairs, the last axis first.
  const std::size_t rank = pad.pads.size() / 2;
  std::vector<std::int64_t> pads;
  for (std::size_t axis = rank; axis-- > 0;) {
    pads.push_back(pad.pads[axis]);
    pads.push_back(pad.pads[axis + rank]);
  }
  return [pads, value = pad.value](const Operands& in) -> Tensors { return {at::constant_pad_nd(in[0], pads, value)}; };
}

Call layer_norm(const graph::LayerNorm& norm, const CallContext& context) {
  const Shape& x = context.shapes[context.node.inputs[0]];
  const auto rank = static_cast<std::int64_t>(x.size());
  const Shape normalized(x.begin() + (norm.axis < 0 ? norm.axis + rank : norm.axis), x.end());
  return [normalized, epsilon = norm.epsilon](const Operands& in) -> Tensors {
    const c10::optional<at::Tensor> bias = in.has(2) ? c10::optional<at::Tensor>(in[2].reshape(normalized)) : c10::optional<at::Tensor>();
    return {at::layer_norm(in[0], normalized, in[1].reshape(normalized), bias, epsilon)};
  };
}

Call concat(const graph::Concat& concat) {
  return [axis = concat.axis](const Operands& in) -> Tensors {
    Tensors parts;
    for (std::size_t i = 0; i < in.size(); ++i) parts.push_back(in[i]);
    return {at::cat(parts, axis)};
  };
}

/// Of two operands.
template <typename Function>
Call binary(Function function) {
  return [function](const Operands& in) -> Tensors { return {function(in[0], in[1])}; };
}

}  // namespace

Call call_of(const CallContext& context) {
  using T = const at::Tensor&;
  return std::visit(
      graph::Overloaded{
          [&](const graph::Conv& op) { return convolution(op); },
          [&](const graph::BatchNorm& op) { return batch_norm(op, context); },
          [&](const graph::Activation& op) { return activation_call(op, context); },
          [&](const graph::MaxPool& op) { return max_pool_call(op, context); },
          [&](const graph::AveragePool& op) { return average_pool_call(op, context); },
          [](const graph::AdaptiveAveragePool& op) -> Call {
            return [op](const Operands& in) -> Tensors { return {at::adaptive_avg_pool2d(in[0], {op.height, op.width})}; };
          },
          [](const graph::GlobalAveragePool&) -> Call {
            return [](const Operands& in) -> Tensors { return {at::adaptive_avg_pool2d(in[0], {1, 1})}; };
          },
          [&](const graph::ReduceMean& op) { return reduce_mean(op, context); },
          [](const graph::Linear&) -> Call {
            return [](const Operands& in) -> Tensors { return {at::linear(in[0], in[1], optional_operand(in, 2))}; };
          },
          [](const graph::MatMul&) { return binary([](T a, T b) { return at::matmul(a, b); }); },
          [](const graph::Add&) { return binary([](T a, T b) { return at::add(a, b); }); },
          [](const graph::Sub&) { return binary([](T a, T b) { return at::sub(a, b); }); },
          [](const graph::Mul&) { return binary([](T a, T b) { return at::mul(a, b); }); },
          [](const graph::Div&) { return binary([](T a, T b) { return at::div(a, b); }); },
          [](const graph::Concat& op) { return concat(op); },
          [](const graph::Split& op) -> Call {
            return [op](const Operands& in) -> Tensors { return at::split_with_sizes(in[0], op.sizes, op.axis); };
          },
          [](const graph::Slice& op) -> Call {
            return [op](const Operands& in) -> Tensors { return {at::slice(in[0], op.axis, op.begin, op.end, op.step)}; };
          },
          [&](const graph::Gather& op) { return gather(op, context); },
          [&](const graph::Reshape&) { return reshape(context); },
          [](const graph::Transpose& op) -> Call {
            return [op](const Operands& in) -> Tensors { return {at::permute(in[0], op.permutation)}; };
          },
          [&](const graph::Flatten&) { return reshape(context); },
          [](const graph::Pad& op) { return pad(op); },
          [](const graph::Lrn& op) { return local_response_norm(op); },
          [](const graph::Softmax& op) -> Call { return [op](const Operands& in) -> Tensors { return {at::softmax(in[0], op.axis)}; }; },
          [&](const graph::LayerNorm& op) { return layer_norm(op, context); },
          [](const graph::Identity&) -> Call { return [](const Operands& in) -> Tensors { return {in[0]}; }; },
      },
      context.node.op);
}

}  // namespace inferometer::engine
