#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "formats/caffe_export.h"

namespace inferometer::formats {

namespace {

using graph::ActivationKind;
using inferometer_caffe::EltwiseParameter;

constexpr float kLowest = std::numeric_limits<float>::lowest();
constexpr float kHighest = std::numeric_limits<float>::max();

/// Whether stored data of this shape is one number for each channel of x, as in [C, 1, 1].
bool is_per_channel(const Shape& stored, const Shape& x) {
  if (x.size() < 2 || element_count(stored) != x[1] || stored.size() > x.size() || stored.size() + 1 < x.size()) return false;
  const std::size_t channel = 1 + stored.size() - x.size();
  return stored[channel] == x[1];
}

}  // namespace

std::string CaffeExporter::power(const std::string& x, const char* suffix, float scale, float shift) {
  const std::string name = inner("Power", suffix, {x});
  auto& p = *added().mutable_power_param();
  if (scale != 1) p.set_scale(scale);
  if (shift != 0) p.set_shift(shift);
  return name;
}

/// Limit x from below and above by what Caffe has: ReLU and sums. Returns the blob; `last` makes it the node's.
std::string CaffeExporter::write_clip(const std::string& x, float low, float high, bool last_of_node) {
  const auto rectified = [this](const std::string& from, const char* suffix) { return inner("ReLU", suffix, {from}); };
  std::string result;
  float scale = 1, shift = 0;
  if (low <= kLowest) {  // high - relu(high - x)
    result = rectified(power(x, "below", -1, high), "rest");
    scale = -1, shift = high;
  } else if (high >= kHighest) {  // low + relu(x - low)
    result = rectified(low == 0 ? x : power(x, "above", 1, -low), "rest");
    shift = low;
  } else {  // low + relu(x - low) - relu(x - high)
    const std::string above = rectified(low == 0 ? x : power(x, "low", 1, -low), "above_low");
    const std::string over = rectified(power(x, "high", 1, -high), "above_high");
    result = inner("Eltwise", "limited", {above, over});
    auto& p = *added().mutable_eltwise_param();
    p.set_operation(EltwiseParameter::SUM);
    p.add_coeff(1);
    p.add_coeff(-1);
    shift = low;
  }
  if (scale != 1 || shift != 0) result = power(result, "clipped", scale, shift);
  if (!last_of_node) return result;
  // The last layer so far gives the node's output.
  added().set_name(node_->name);
  added().set_top(0, node_->name);
  blobs_[node_->outputs[0]] = node_->name;
  return node_->name;
}

void CaffeExporter::write(const graph::Activation& op) {
  const auto gated = [&](const std::string& gate) {
    last("Eltwise", {bottom(0), gate}).mutable_eltwise_param()->set_operation(EltwiseParameter::PROD);
  };
  switch (op.kind) {
    case ActivationKind::relu: last("ReLU", {bottom(0)}); return;
    case ActivationKind::leaky_relu: last("ReLU", {bottom(0)}).mutable_relu_param()->set_negative_slope(op.alpha); return;
    case ActivationKind::prelu_shared:
      if (!stored(1)) unsupported("its slope is computed");
      last("PReLU", {bottom(0)}).mutable_prelu_param()->set_channel_shared(true);
      add_blob(node_->inputs[1], {1});
      return;
    case ActivationKind::clip: write_clip(bottom(0), op.alpha, op.beta, true); return;
    case ActivationKind::sigmoid: last("Sigmoid", {bottom(0)}); return;
    case ActivationKind::tanh: last("TanH", {bottom(0)}); return;
    case ActivationKind::exp: last("Exp", {bottom(0)}); return;
    case ActivationKind::sqrt: last("Power", {bottom(0)}).mutable_power_param()->set_power(0.5F); return;
    case ActivationKind::hard_sigmoid: write_clip(power(bottom(0), "linear", op.alpha, op.beta), 0, 1, true); return;
    case ActivationKind::hard_swish: gated(write_clip(power(bottom(0), "linear", 1.0F / 6, 0.5F), 0, 1, false)); return;
    case ActivationKind::silu: gated(inner("Sigmoid", "gate", {bottom(0)})); return;
    case ActivationKind::gelu:
    case ActivationKind::erf: break;
  }
  unsupported("Caffe has no error function");
}

/// An operation with stored data: one number, or one for each channel. False: there is none.
bool CaffeExporter::write_with_stored(bool product) {
  if (!stored(1)) return false;
  const Shape& given = shape(1);
  if (element_count(given) == 1 && given.size() <= shape(0).size() && graph_.tensors[node_->inputs[1]].role == graph::Role::constant) {
    auto& p = *last("Power", {bottom(0)}).mutable_power_param();
    product ? p.set_scale(values(node_->inputs[1])[0]) : p.set_shift(values(node_->inputs[1])[0]);
    return true;
  }
  if (!is_per_channel(given, shape(0))) unsupported("stored data of this shape");
  const Shape each{shape(0)[1]};
  last("Scale", {bottom(0)}).mutable_scale_param()->set_bias_term(!product);
  if (!product) add_blob(each, 1);
  add_blob(node_->inputs[1], each);
  return true;
}

void CaffeExporter::write(const graph::Add&) {
  if (write_with_stored(false)) return;
  if (shape(0) != shape(1)) unsupported("its inputs differ in shape");
  last("Eltwise", all_bottoms()).mutable_eltwise_param()->set_operation(EltwiseParameter::SUM);
}

void CaffeExporter::write(const graph::Sub&) {
  if (stored(1) || shape(0) != shape(1)) unsupported("its inputs differ in shape or are stored");
  auto& p = *last("Eltwise", all_bottoms()).mutable_eltwise_param();
  p.set_operation(EltwiseParameter::SUM);
  p.add_coeff(1);
  p.add_coeff(-1);
}

void CaffeExporter::write(const graph::Mul&) {
  if (write_with_stored(true)) return;
  const Shape &a = shape(0), &b = shape(1);
  if (a == b) {
    last("Eltwise", all_bottoms()).mutable_eltwise_param()->set_operation(EltwiseParameter::PROD);
    return;
  }
  // One factor for each image and channel, on either side.
  const auto narrows = [](const Shape& wide, const Shape& narrow) { return wide.size() == 4 && narrow == Shape{wide[0], wide[1], 1, 1}; };
  const std::size_t wide = narrows(a, b) ? 0 : 1;
  if (!narrows(shape(wide), shape(1 - wide))) unsupported("its inputs differ in shape");
  const std::string factors = inner("Flatten", "factors", {bottom(1 - wide)});
  last("Scale", {bottom(wide), factors}).mutable_scale_param()->set_axis(0);
}

void CaffeExporter::write(const graph::Concat& op) {
  const std::int64_t axis = op.axis < 0 ? op.axis + static_cast<std::int64_t>(shape(0).size()) : op.axis;
  last("Concat", all_bottoms()).mutable_concat_param()->set_axis(static_cast<std::int32_t>(axis));
}

void CaffeExporter::write(const graph::Split& op) {
  layers_.emplace_back();
  Layer& layer = layers_.back().layer;
  layer.set_name(node_->name);
  layer.set_type("Slice");
  layer.add_bottom(bottom(0));
  auto& p = *layer.mutable_slice_param();
  const std::int64_t axis = op.axis < 0 ? op.axis + static_cast<std::int64_t>(shape(0).size()) : op.axis;
  p.set_axis(static_cast<std::int32_t>(axis));
  std::int64_t end = 0;
  for (std::size_t i = 0; i < node_->outputs.size(); ++i) {
    std::string& blob = blobs_[node_->outputs[i]];
    blob = fmt::format("{}/{}", node_->name, i);
    layer.add_top(blob);
    end += op.sizes[i];
    if (i + 1 < node_->outputs.size()) p.add_slice_point(static_cast<std::uint32_t>(end));
  }
}

void CaffeExporter::write(const graph::Reshape& op) {
  if (op.shape.empty() || (op.shape[0] != 0 && op.shape[0] != -1)) unsupported("its shape does not leave the batch free");
  auto& to = *last("Reshape", {bottom(0)}).mutable_reshape_param()->mutable_shape();
  for (const std::int64_t size : op.shape) to.add_dim(size);
}

void CaffeExporter::write(const graph::Transpose& op) {
  auto& p = *last("Permute", {bottom(0)}).mutable_permute_param();
  for (const std::int64_t axis : op.permutation) p.add_order(static_cast<std::uint32_t>(axis));
}

void CaffeExporter::write(const graph::Flatten& op) {
  if (op.axis != 1) unsupported(fmt::format("its axis {} is not 1", op.axis));
  last("Flatten", {bottom(0)});
}

void CaffeExporter::write(const graph::Pad& op) {
  if (std::any_of(op.pads.begin(), op.pads.end(), [](std::int64_t pad) { return pad != 0; })) unsupported("Caffe has no padding layer");
  alias();
}

void CaffeExporter::write(const graph::Lrn& op) {
  if (op.size % 2 == 0) unsupported("Caffe's windows of channels are odd");
  auto& p = *last("LRN", {bottom(0)}).mutable_lrn_param();
  p.set_local_size(static_cast<std::uint32_t>(op.size));
  p.set_alpha(op.alpha);
  p.set_beta(op.beta);
  p.set_k(op.k);
}

void CaffeExporter::write(const graph::Softmax& op) {
  const std::int64_t axis = op.axis < 0 ? op.axis + static_cast<std::int64_t>(shape(0).size()) : op.axis;
  last("Softmax", {bottom(0)}).mutable_softmax_param()->set_axis(static_cast<std::int32_t>(axis));
}

void CaffeExporter::write(const graph::Identity&) { alias(); }

}  // namespace inferometer::formats
