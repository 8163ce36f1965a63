#include "torch/activation.h"

#include <ATen/ops/clamp.h>
#include <ATen/ops/clamp_max.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/hardsigmoid.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/prelu.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/tanh.h>

#include "base/error.h"

namespace inferometer::engine {
namespace {

using graph::ActivationKind;

/// `fresh` gives a new tensor, `over` writes into the one it is given.
template <typename Fresh, typename Over>
Call either(const CallContext& context, Fresh fresh, Over over) {
  if (!context.in_place) return [fresh](const Operands& in) -> std::vector<at::Tensor> { return {fresh(in[0])}; };
  return [over](const Operands& in) -> std::vector<at::Tensor> {
    at::Tensor x = in[0];  // another handle of the same memory
    over(x);
    return {x};
  };
}

/// libtorch 1.13's optimiser hands bounded activations to oneDNN in a way that gives wrong numbers where oneDNN pads channels to
/// a full block (of 16 at most): 24 channels of MobileNet's become 32 and are then read as if they were 24.
bool onednn_would_err(const CallContext& context) {
  const Shape& x = context.shapes[context.node.inputs[0]];
  return context.caller == Caller::tracer && x.size() == 4 && x[1] % 16 != 0;
}

/// In two calls that the optimiser leaves to libtorch itself.
at::Tensor clamp_plainly(const at::Tensor& x, const at::Scalar& least, const at::Scalar& most) {
  return at::clamp_max(at::clamp_min(x, least), most);
}

Call clip(const CallContext& context, float least, float most) {
  const at::Scalar a(least), b(most);
  if (onednn_would_err(context)) return [a, b](const Operands& in) -> std::vector<at::Tensor> { return {clamp_plainly(in[0], a, b)}; };
  // ReLU6 is hardtanh in PyTorch; its bounds must be floats, since oneDNN's twin of it refuses whole numbers.
  if (least == 0 && most == 6)
    return either(
        context, [](const at::Tensor& x) { return at::hardtanh(x, 0.0, 6.0); }, [](at::Tensor& x) { at::hardtanh_(x, 0.0, 6.0); });
  return either(
      context, [a, b](const at::Tensor& x) { return at::clamp(x, a, b); }, [a, b](at::Tensor& x) { at::clamp_(x, a, b); });
}

Call hard_sigmoid(const CallContext& context, float alpha, float beta) {
  const at::Scalar zero(0.0), one(1.0);
  if (onednn_would_err(context)) {
    return [=](const Operands& in) -> std::vector<at::Tensor> { return {clamp_plainly(in[0].mul(alpha).add(beta), zero, one)}; };
  }
  if (alpha == 1.0f / 6 && beta == 0.5f)
    return either(
        context, [](const at::Tensor& x) { return at::hardsigmoid(x); }, [](at::Tensor& x) { at::hardsigmoid_(x); });
  return either(
      context, [=](const at::Tensor& x) { return at::clamp(x.mul(alpha).add(beta), zero, one); },
      [=](at::Tensor& x) { at::clamp_(x.mul_(alpha).add_(beta), zero, one); });
}

Call hard_swish(const CallContext& context) {
  if (onednn_would_err(context)) {
    return [](const Operands& in) -> std::vector<at::Tensor> {
      return {in[0].mul(clamp_plainly(in[0].add(3.0), at::Scalar(0.0), at::Scalar(6.0))).div(6.0)};
    };
  }
  return either(
      context, [](const at::Tensor& x) { return at::hardswish(x); }, [](at::Tensor& x) { at::hardswish_(x); });
}

}  // namespace

Call activation_call(const graph::Activation& activation, const CallContext& context) {
  const at::Scalar alpha(activation.alpha);
  switch (activation.kind) {
    case ActivationKind::relu:
      return either(
          context, [](const at::Tensor& x) { return at::relu(x); }, [](at::Tensor& x) { at::relu_(x); });
    case ActivationKind::clip: return clip(context, activation.alpha, activation.beta);
    case ActivationKind::leaky_relu:
      return either(
          context, [alpha](const at::Tensor& x) { return at::leaky_relu(x, alpha); },
          [alpha](at::Tensor& x) { at::leaky_relu_(x, alpha); });
    case ActivationKind::prelu_shared:
      return [](const Operands& in) -> std::vector<at::Tensor> { return {at::prelu(in[0], in[1].reshape({1}))}; };
    case ActivationKind::sigmoid:
      return either(
          context, [](const at::Tensor& x) { return at::sigmoid(x); }, [](at::Tensor& x) { at::sigmoid_(x); });
    case ActivationKind::hard_sigmoid: return hard_sigmoid(context, activation.alpha, activation.beta);
    case ActivationKind::hard_swish: return hard_swish(context);
    case ActivationKind::silu:
      return either(
          context, [](const at::Tensor& x) { return at::silu(x); }, [](at::Tensor& x) { at::silu_(x); });
    // PyTorch's GELU module has no in-place form.
    case ActivationKind::gelu: return [](const Operands& in) -> std::vector<at::Tensor> { return {at::gelu(in[0])}; };
    case ActivationKind::tanh:
      return either(
          context, [](const at::Tensor& x) { return at::tanh(x); }, [](at::Tensor& x) { at::tanh_(x); });
    case ActivationKind::exp:
      return either(
          context, [](const at::Tensor& x) { return at::exp(x); }, [](at::Tensor& x) { at::exp_(x); });
    case ActivationKind::sqrt:
      return either(
          context, [](const at::Tensor& x) { return at::sqrt(x); }, [](at::Tensor& x) { at::sqrt_(x); });
    case ActivationKind::erf:
      return either(
          context, [](const at::Tensor& x) { return at::erf(x); }, [](at::Tensor& x) { at::erf_(x); });
  }
  throw Error(ErrorCode::unsupported, "torch has no such activation (" + context.node.name + ")");
}

}  // namespace inferometer::engine
