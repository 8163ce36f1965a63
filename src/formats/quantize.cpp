#include "formats/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "formats/onnx_opset13.h"
#include "formats/onnx_writer.h"
#include "formats/quantize_plan.h"

namespace inferometer::formats {

namespace {

OnnxMessage message_of(const graph::Model& model, const std::string& version) {
  OnnxMessage message = make_onnx(model, {.producer_version = version});
  raise_to_opset_13(message);
  return message;
}

bool is_input(const OnnxMessage& message, const std::string& name) {
  const auto& inputs = message.model.graph().input();
  return std::any_of(inputs.begin(), inputs.end(), [&](const auto& value) { return value.name() == name; });
}

/// Smallest range that holds all of a group's.
ActivationRange joined(const ActivationRange& a, const ActivationRange& b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

/// One scale for each tensor; those of a group, and of groups that share a tensor, are equal.
std::map<std::string, UnsignedScale> scales_of(const MessagePlan& plan, const ActivationRanges& ranges) {
  std::map<std::string, ActivationRange> known;
  for (const std::string& name : plan.activations) {
    const auto found = ranges.find(name);
    if (found == ranges.end()) throw Error(ErrorCode::input, one_line(fmt::format("no range is known for tensor {}", name)));
    known[name] = found->second;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& group : plan.equal_scales) {
      std::vector<std::string> members;
      std::copy_if(group.begin(), group.end(), std::back_inserter(members), [&](const auto& name) { return known.contains(name); });
      if (members.empty()) continue;
      ActivationRange all = known.at(members.front());
      for (const std::string& name : members) all = joined(all, known.at(name));
      for (const std::string& name : members) {
        ActivationRange& own = known.at(name);
        changed = changed || own.low != all.low || own.high != all.high;
        own = all;
      }
    }
  }
  std::map<std::string, UnsignedScale> scales;
  for (const auto& [name, range] : known) {
    try {
      scales[name] = unsigned_scale(range);
    } catch (const Error& error) {
      throw Error(error.code(), one_line(fmt::format("tensor {}: {}", name, error.what())));
    }
  }
  return scales;
}

/// A stored tensor's floats, with their shape. Throws Error{input} naming it when one is not finite.
struct Floats {
  Shape shape;
  std::vector<float> values;
};

Floats floats_of(const StreamedTensor& tensor) {
  Floats floats{{tensor.header.dims().begin(), tensor.header.dims().end()}, {}};
  const std::vector<std::byte> bytes = data_of(tensor);
  floats.values.resize(bytes.size() / sizeof(float));
  if (!bytes.empty()) std::memcpy(floats.values.data(), bytes.data(), bytes.size());
  for (std::size_t i = 0; i < floats.values.size(); ++i) {
    if (!std::isfinite(floats.values[i]))
      throw Error(ErrorCode::input, one_line(fmt::format("tensor {} holds {} at index {}", tensor.header.name(), floats.values[i], i)));
  }
  return floats;
}

class QuantizedWriter {
 public:
  QuantizedWriter(OnnxMessage message, const ActivationRanges& ranges, const QuantizeOptions& options)
      : message_(std::move(message)), plan_(plan_message(message_)), scales_(scales_of(plan_, ranges)), options_(options) {
    for (std::size_t i = 0; i < message_.tensors.size(); ++i) stored_[message_.tensors[i].header.name()] = i;
  }

  OnnxMessage run() {
    auto& graph = *message_.model.mutable_graph();
    auto nodes = std::move(*graph.mutable_node());
    graph.clear_node();
    for (const std::string& name : plan_.activations) {
      if (is_input(message_, name)) write_pair(name);
    }
    for (int i = 0; i < nodes.size(); ++i) write_node(nodes[i], static_cast<std::size_t>(i));
    drop_unread();
    return std::move(message_);
  }

 private:
  void write_node(onnx::NodeProto& node, std::size_t index) {
    const bool quantized = plan_.quantized[index];
    note_origin(node, quantized);
    const std::string input = node.input_size() > 0 ? node.input(0) : "";
    for (auto& name : *node.mutable_input()) {
      if (scales_.contains(name) && (quantized || from_integers_.contains(name))) name += kReal;
    }
    if (const auto layer = plan_.layers.find(index); layer != plan_.layers.end())
      write_weights(node, layer->second, scales_.at(input).scale);
    auto& graph = *message_.model.mutable_graph();
    *graph.add_node() = node;
    for (const auto& output : node.output()) {
      if (scales_.contains(output)) write_pair(output);
    }
  }

  /// Tensors whose exact values exist only as integers in an engine: other readers get what the integers stand for.
  void note_origin(const onnx::NodeProto& node, bool quantized) {
    const bool fused = (node.op_type() == "Relu" || node.op_type() == "Clip") && from_integers_.contains(node.input(0)) &&
                       !scales_.contains(node.input(0));
    if (quantized || fused) from_integers_.insert(node.output().begin(), node.output().end());
  }

  /// Quantize and dequantize an activation.
  void write_pair(const std::string& name) {
    const UnsignedScale& how = scales_.at(name);
    const std::string scale = name + "/scale", zero = name + "/zero";
    message_.tensors.push_back(make_stored(scale, onnx::TensorProto::FLOAT, {}, std::vector<float>{how.scale}));
    message_.tensors.push_back(make_stored(zero, onnx::TensorProto::UINT8, {}, std::vector<std::uint8_t>{how.zero}));
    add_node("QuantizeLinear", {name, scale, zero}, name + "/quantized");
    add_node("DequantizeLinear", {name + "/quantized", scale, zero}, name + kReal);
  }

  void write_weights(onnx::NodeProto& node, const QuantizedLayer& layer, float input_scale) {
    const Floats weight = floats_of(message_.tensors[stored_.at(node.input(1))]);
    Floats bias;
    if (layer.bias) bias = floats_of(message_.tensors[stored_.at(node.input(2))]);
    const std::vector<float> scales = weight_scales(weight, layer.weight_axis, bias.values, input_scale);
    const std::string prefix = node.output(0);
    write_stored(prefix + "/weight", onnx::TensorProto::INT8, weight.shape, rounded<std::int8_t>(weight, layer.weight_axis, scales), scales,
                 static_cast<std::int64_t>(layer.weight_axis));
    node.set_input(1, prefix + "/weight" + kReal);
    if (!layer.bias) return;
    std::vector<float> bias_scales(scales.size());
    std::transform(scales.begin(), scales.end(), bias_scales.begin(), [&](float scale) { return scale * input_scale; });
    write_stored(prefix + "/bias", onnx::TensorProto::INT32, bias.shape, rounded<std::int32_t>(bias, 0, bias_scales), bias_scales, 0);
    node.set_input(2, prefix + "/bias" + kReal);
  }

  /// Index of the output channel of element i.
  static std::size_t channel_of(std::size_t i, const Shape& shape, std::size_t axis) {
    std::size_t inner = 1;
    for (std::size_t dimension = axis + 1; dimension < shape.size(); ++dimension) inner *= static_cast<std::size_t>(shape[dimension]);
    return i / inner % static_cast<std::size_t>(shape[axis]);
  }

  /// One scale a channel; raised where the bias would not fit int32, lowered where a channel of zeros would leave its bias coarse.
  std::vector<float> weight_scales(const Floats& weight, std::size_t axis, std::span<const float> bias, float input_scale) const {
    std::vector<float> largest(static_cast<std::size_t>(weight.shape[axis]), 0.0F);
    for (std::size_t i = 0; i < weight.values.size(); ++i) {
      float& most = largest[channel_of(i, weight.shape, axis)];
      most = std::max(most, std::abs(weight.values[i]));
    }
    std::vector<float> scales;
    for (std::size_t channel = 0; channel < largest.size(); ++channel) {
      const float shift = channel < bias.size() ? std::abs(bias[channel]) / input_scale : 0.0F;
      float scale = signed_scale(largest[channel], options_.weight_steps);
      if (largest[channel] == 0 && shift > 0) scale = std::max(shift * 0x1p-24F, std::numeric_limits<float>::min());
      scales.push_back(std::max(scale, shift * 0x1p-30F));
    }
    return scales;
  }

  template <typename Integer>
  std::vector<Integer> rounded(const Floats& floats, std::size_t axis, const std::vector<float>& scales) const {
    const double most = std::is_same_v<Integer, std::int8_t> ? options_.weight_steps : std::numeric_limits<Integer>::max();
    std::vector<Integer> integers(floats.values.size());
    for (std::size_t i = 0; i < integers.size(); ++i) {
      const double quotient = static_cast<double>(floats.values[i]) / scales[channel_of(i, floats.shape, axis)];
      integers[i] = static_cast<Integer>(std::clamp(std::nearbyint(quotient), -most, most));
    }
    return integers;
  }

  template <typename Integer>
  void write_stored(const std::string& name, std::int32_t type, const Shape& shape, const std::vector<Integer>& values,
                    const std::vector<float>& scales, std::int64_t axis) {
    const auto channels = static_cast<std::int64_t>(scales.size());
    message_.tensors.push_back(make_stored(name + "/quantized", type, shape, values));
    message_.tensors.push_back(make_stored(name + "/scale", onnx::TensorProto::FLOAT, {channels}, scales));
    message_.tensors.push_back(make_stored(name + "/zero", type, {channels}, std::vector<Integer>(scales.size(), 0)));
    onnx::NodeProto& node = add_node("DequantizeLinear", {name + "/quantized", name + "/scale", name + "/zero"}, name + kReal);
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name("axis");
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(axis);
  }

  onnx::NodeProto& add_node(const char* type, const std::vector<std::string>& inputs, const std::string& output) {
    onnx::NodeProto& node = *message_.model.mutable_graph()->add_node();
    node.set_op_type(type);
    node.set_name(output);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    return node;
  }

  void drop_unread() {
    std::set<std::string> read;
    for (const auto& node : message_.model.graph().node()) read.insert(node.input().begin(), node.input().end());
    std::erase_if(message_.tensors, [&](const StreamedTensor& tensor) { return !read.contains(tensor.header.name()); });
  }

  static constexpr const char* kReal = "/real";  // what the integers stand for
  OnnxMessage message_;
  MessagePlan plan_;
  std::map<std::string, UnsignedScale> scales_;
  const QuantizeOptions& options_;
  std::map<std::string, std::size_t> stored_;
  std::set<std::string> from_integers_;
};

}  // namespace

QuantizationPlan plan_quantization(const graph::Model& model) {
  const OnnxMessage message = message_of(model, "");
  const MessagePlan plan = plan_message(message);
  if (plan.layers.empty())
    throw Error(ErrorCode::unsupported, one_line(fmt::format("{} has no convolution or linear layer to quantise", model.graph.name)));
  return {plan.activations, plan.layers.size()};
}

void write_onnx_with_activations(const graph::Model& model, const QuantizationPlan& plan, const std::filesystem::path& path) {
  OnnxMessage message = message_of(model, "");
  for (const std::string& name : plan.activations) {
    if (is_input(message, name)) continue;
    auto& output = *message.model.mutable_graph()->add_output();
    output.set_name(name);
    output.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  }
  write_streamed(message.model, message.tensors, path);
}

void write_quantized_onnx(const graph::Model& model, const ActivationRanges& ranges, const std::filesystem::path& path,
                          const QuantizeOptions& options) {
  const OnnxMessage message = QuantizedWriter(message_of(model, options.producer_version), ranges, options).run();
  write_streamed(message.model, message.tensors, path);
}

}  // namespace inferometer::formats
