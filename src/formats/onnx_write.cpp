#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "formats/adaptive_windows.h"
#include "formats/half_precision.h"
#include "formats/onnx_marks.h"
#include "formats/onnx_writer.h"

namespace inferometer::formats {

namespace {

using graph::Activation;
using graph::ActivationKind;
using graph::TensorId;
using graph::Window;
using Integers = std::vector<std::int64_t>;

/// How each operator is written: one overload of write() for each.
class OnnxExporter : public OnnxWriter {
 public:
  using OnnxWriter::OnnxWriter;

  void write_nodes() {
    for (const graph::Node& node : graph_.nodes) {
      node_ = &node;
      std::visit([this](const auto& op) { write(op); }, node.op);
    }
  }

 private:
  static void set_window(NodeWriter node, const Window& window, bool dilations) {
    node.set_all("kernel_shape", window.kernel).set_all("strides", window.strides).set_all("pads", window.pads);
    if (dilations) node.set_all("dilations", window.dilations);
  }

  void write(const graph::Conv& op) {
    const std::string& type = node_->layer_type;
    NodeWriter node = last("Conv", all_inputs(), type.empty() ? std::string() : std::string(kLayerTypeMark) + type);
    node.set("group", op.groups);
    set_window(node, op.window, true);
  }

  void write(const graph::BatchNorm& op) { last("BatchNormalization", all_inputs()).set("epsilon", op.epsilon); }

  void write(const Activation& op) {
    switch (op.kind) {
      case ActivationKind::relu: last("Relu", all_inputs()); return;
      case ActivationKind::clip: last("Clip", all_inputs()).set("min", op.alpha).set("max", op.beta); return;
      case ActivationKind::leaky_relu: last("LeakyRelu", all_inputs()).set("alpha", op.alpha); return;
      case ActivationKind::prelu_shared: last("PRelu", all_inputs()); return;
      case ActivationKind::sigmoid: last("Sigmoid", all_inputs()); return;
      case ActivationKind::hard_sigmoid: last("HardSigmoid", all_inputs()).set("alpha", op.alpha).set("beta", op.beta); return;
      case ActivationKind::hard_swish: write_gated("HardSigmoid", kHardSwishMark); return;
      case ActivationKind::silu: write_gated("Sigmoid", kSiluMark); return;
      case ActivationKind::gelu: write_gelu(); return;
      case ActivationKind::tanh: last("Tanh", all_inputs()); return;
      case ActivationKind::exp: last("Exp", all_inputs()); return;
      case ActivationKind::sqrt: last("Sqrt", all_inputs()); return;
      case ActivationKind::erf: last("Erf", all_inputs()); return;
    }
    unsupported("unknown activation");
  }

  void write_gated(const char* gate, std::string_view mark) {
    NodeWriter node = inner(gate, {input(0)}, mark);
    if (mark == kHardSwishMark) node.set("alpha", 1.0F / 6).set("beta", 0.5F);
    last("Mul", {input(0), node.output()}, mark);
  }

  void write_gelu() {
    const std::string root = add_scalar(node_->name + "/root_two", std::sqrt(2.0F));
    const std::string one = add_scalar(node_->name + "/one", 1), half = add_scalar(node_->name + "/half", 0.5F);
    const std::string scaled = inner("Div", {input(0), root}, kGeluMark).output();
    const std::string erf = inner("Erf", {scaled}, kGeluMark).output();
    const std::string gate = inner("Add", {erf, one}, kGeluMark).output();
    const std::string product = inner("Mul", {input(0), gate}, kGeluMark).output();
    last("Mul", {product, half}, kGeluMark);
  }

  void write(const graph::MaxPool& op) {
    Window window = op.window;
    const bool ceil_mode = op.rounding != graph::Rounding::floor && agrees_with_ceil_mode(op.window);
    if (!ceil_mode) extend(window, op.rounding);
    const bool dilated = window.dilations != std::array<std::int64_t, 2>{1, 1};
    NodeWriter node = last("MaxPool", all_inputs());
    set_window(node, window, dilated);
    if (ceil_mode) node.set("ceil_mode", std::int64_t{1});
  }

  /// Output sizes as the graph has them.
  std::int64_t output_size(std::size_t axis) const { return shapes_[node_->outputs[0]][axis + 2]; }

  /// Whether ONNX's plain formula for ceil_mode gives our output size: engines differ in the rule for a last window that
  /// would start in the padding, so ceil_mode is written only where that rule does not matter.
  bool agrees_with_ceil_mode(const Window& window) const {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::int64_t room = shape(0)[axis + 2] + window.pads[axis] + window.pads[axis + 2] - span(window, axis);
      if ((room + window.strides[axis] - 1) / window.strides[axis] + 1 != output_size(axis)) return false;
    }
    return true;
  }

  static std::int64_t span(const Window& window, std::size_t axis) { return (window.kernel[axis] - 1) * window.dilations[axis] + 1; }

  /// Lengthen the padding at the end so that rounding down gives the output size that rounding up has.
  void extend(Window& window, graph::Rounding rounding) const {
    if (rounding == graph::Rounding::floor) return;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::int64_t needed =
          (output_size(axis) - 1) * window.strides[axis] + span(window, axis) - shape(0)[axis + 2] - window.pads[axis];
      window.pads[axis + 2] = std::max(window.pads[axis + 2], needed);
      if (window.pads[axis + 2] >= span(window, axis)) unsupported("its last window lies outside the image");
    }
  }

  void write(const graph::AveragePool& op) {
    if (op.window.dilations != std::array<std::int64_t, 2>{1, 1}) unsupported("a dilated average pooling cannot be written");
    Window window = op.window;
    extend(window, op.rounding);
    std::string x = input(0);
    const auto& pads = op.window.pads;
    const bool count_pads = op.count_include_pad && pads != std::array<std::int64_t, 4>{};
    // Padding that counts is written as zeros around the image: OpenCV 4.6 ignores count_include_pad, and what rounding up
    // adds beyond that padding must not count. ONNX Runtime and OpenVINO fuse the two nodes back into one pooling.
    const std::string_view mark = count_pads && window.pads == pads ? kAveragePoolMark : std::string_view{};
    if (count_pads) {
      x = inner("Pad", {x}, mark).set_all("pads", Integers{0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]}).set("value", 0.0F).output();
      for (std::size_t side = 0; side < 4; ++side) window.pads[side] -= pads[side];
    }
    NodeWriter node = last("AveragePool", {x}, mark);
    set_window(node, window, false);
  }

  void write(const graph::GlobalAveragePool&) { last("GlobalAveragePool", all_inputs()); }

  void write(const graph::AdaptiveAveragePool& op) {
    const std::string mark = fmt::format("{}{} {}", kAdaptiveMark, op.height, op.width);
    const std::array<std::int64_t, 2> out{op.height, op.width}, in{shape(0)[2], shape(0)[3]};
    if (in == out) {
      last("Identity", all_inputs(), mark);
      return;
    }
    if (op.height == 1 && op.width == 1) {
      last("GlobalAveragePool", all_inputs(), mark);
      return;
    }
    const auto rows = uniform_window(in[0], out[0]), columns = uniform_window(in[1], out[1]);
    if (rows && columns) {
      Window window;
      window.kernel = {rows->kernel, columns->kernel};
      window.strides = {rows->stride, columns->stride};
      NodeWriter node = last("AveragePool", all_inputs(), mark);
      set_window(node, window, false);
      return;
    }
    if (out[0] % in[0] == 0 && out[1] % in[1] == 0) {
      const std::vector<float> scales{1, 1, static_cast<float>(out[0] / in[0]), static_cast<float>(out[1] / in[1])};
      const std::string factors = add_constant<float>(node_->name + "/scales", {4}, scales);
      last("Resize", {input(0), factors}, mark).set("mode", std::string_view("nearest"));
      return;
    }
    write_averaging_matrices(in, out, mark);
  }

  /// Windows of unequal sizes: a matrix product along the width, another along the height. Both from the right, with the
  /// image transposed in between, since OpenCV 4.6 multiplies by a stored matrix from that side only.
  void write_averaging_matrices(std::array<std::int64_t, 2> in, std::array<std::int64_t, 2> out, const std::string& mark) {
    constexpr std::int64_t kMost = 1 << 12;
    if (std::max({in[0], in[1], out[0], out[1]}) > kMost)
      unsupported("an adaptive pooling of more than 4096 rows or columns cannot be written");
    const Integers swapped{0, 1, 3, 2};
    const std::string across = add_constant<float>(node_->name + "/columns", {in[1], out[1]}, averaging_matrix(in[1], out[1]));
    const std::string down = add_constant<float>(node_->name + "/rows", {in[0], out[0]}, averaging_matrix(in[0], out[0]));
    const std::string columns = inner("MatMul", {input(0), across}, mark).output();
    const std::string turned = inner("Transpose", {columns}, mark).set_all("perm", swapped).output();
    const std::string rows = inner("MatMul", {turned, down}, mark).output();
    last("Transpose", {rows}, mark).set_all("perm", swapped);
  }

  void write(const graph::ReduceMean& op) {
    NodeWriter node = last("ReduceMean", all_inputs());
    if (!op.axes.empty()) node.set_all("axes", positive_axes(op.axes));
    node.set("keepdims", std::int64_t{op.keep_dimensions ? 1 : 0});
  }

  Integers positive_axes(Integers axes) const {
    for (auto& axis : axes) axis = positive(axis);
    return axes;
  }
  std::int64_t positive(std::int64_t axis) const { return axis < 0 ? axis + static_cast<std::int64_t>(shape(0).size()) : axis; }

  void write(const graph::Linear&) {
    // Gemm takes two dimensions only, and before opset 11 it needs a bias.
    if (shape(0).size() == 2 && has(2)) {
      last("Gemm", all_inputs()).set("transB", std::int64_t{1});
      return;
    }
    const std::string weight = transposed_weight(node_->inputs[1]);
    if (!has(2)) {
      last("MatMul", {input(0), weight}, kLinearMark);
      return;
    }
    const std::string product = inner("MatMul", {input(0), weight}, kLinearMark).output();
    last("Add", {product, input(2)}, kLinearMark);
  }

  /// The weight as [I, O]: stored so where this node alone reads it, else transposed by a node.
  std::string transposed_weight(TensorId id) {
    if (!stored(id) || !read_once(id) || graph_.tensors[id].type != ElementType::f32) {
      return inner("Transpose", {name(id)}, {}).set_all("perm", Integers{1, 0}).output();
    }
    const graph::Array& array = values_of(id);
    const std::int64_t rows = array.shape[0], columns = array.shape[1];
    std::vector<std::byte> bytes(array.bytes.size());
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        std::memcpy(bytes.data() + static_cast<std::size_t>(c * rows + r) * sizeof(float), array.floats() + r * columns + c, sizeof(float));
      }
    }
    store_as(id, {columns, rows}, std::move(bytes));
    return name(id);
  }

  void write(const graph::MatMul&) { last("MatMul", all_inputs()); }
  void write(const graph::Add&) { last("Add", all_inputs()); }
  void write(const graph::Sub&) { last("Sub", all_inputs()); }
  void write(const graph::Mul&) { last("Mul", all_inputs()); }
  void write(const graph::Div&) { last("Div", all_inputs()); }
  void write(const graph::Concat& op) { last("Concat", all_inputs()).set("axis", positive(op.axis)); }
  void write(const graph::Split& op) { last("Split", all_inputs()).set("axis", positive(op.axis)).set_all("split", op.sizes); }

  void write(const graph::Slice& op) {
    const auto integers = [&](const char* what, std::int64_t value) {
      return add_constant<std::int64_t>(fmt::format("{}/{}", node_->name, what), {1}, {value});
    };
    last("Slice", {input(0), integers("starts", op.begin), integers("ends", op.end), integers("axes", positive(op.axis)),
                   integers("steps", op.step)});
  }

  void write(const graph::Gather& op) { last("Gather", all_inputs()).set("axis", positive(op.axis)); }

  void write(const graph::Reshape& op) {
    last("Reshape", {input(0), add_constant<std::int64_t>(node_->name + "/shape", {static_cast<std::int64_t>(op.shape.size())}, op.shape)});
  }

  void write(const graph::Transpose& op) { last("Transpose", all_inputs()).set_all("perm", op.permutation); }
  void write(const graph::Flatten& op) { last("Flatten", all_inputs()).set("axis", positive(op.axis)); }
  void write(const graph::Pad& op) { last("Pad", all_inputs()).set_all("pads", op.pads).set("value", op.value); }

  void write(const graph::Lrn& op) {
    last("LRN", all_inputs()).set("size", op.size).set("alpha", op.alpha).set("beta", op.beta).set("bias", op.k);
  }

  void write(const graph::Softmax& op) {
    const std::int64_t axis = positive(op.axis), final_axis = static_cast<std::int64_t>(shape(0).size()) - 1;
    const auto alone = [&](const Shape& x) {
      return std::all_of(x.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.end(), [](std::int64_t size) { return size == 1; });
    };
    // Before opset 13 everything from the axis on is normalised together; that is the same where nothing follows it.
    if (alone(shape(0)) && (doubled_.empty() || alone(doubled_[node_->inputs[0]]))) {
      last("Softmax", all_inputs()).set("axis", axis);
      return;
    }
    Integers permutation;
    for (std::int64_t i = 0; i <= final_axis; ++i) permutation.push_back(i);
    std::swap(permutation[static_cast<std::size_t>(axis)], permutation.back());
    const std::string forth = inner("Transpose", {input(0)}, kSoftmaxMark).set_all("perm", permutation).output();
    const std::string result = inner("Softmax", {forth}, kSoftmaxMark).set("axis", final_axis).output();
    last("Transpose", {result}, kSoftmaxMark).set_all("perm", permutation);
  }

  void write(const graph::LayerNorm& op) {
    const std::string_view mark = has(2) ? kLayerNormMark : kLayerNormWithoutBiasMark;
    Integers axes;
    for (std::int64_t i = positive(op.axis); i < static_cast<std::int64_t>(shape(0).size()); ++i) axes.push_back(i);
    const auto mean = [&](const std::string& x) {
      return inner("ReduceMean", {x}, mark).set_all("axes", axes).set("keepdims", std::int64_t{1}).output();
    };
    const std::string centred = inner("Sub", {input(0), mean(input(0))}, mark).output();
    const std::string variance = mean(inner("Mul", {centred, centred}, mark).output());
    const std::string plus = inner("Add", {variance, add_scalar(node_->name + "/epsilon", op.epsilon)}, mark).output();
    const std::string deviation = inner("Sqrt", {plus}, mark).output();
    const std::string normalised = inner("Div", {centred, deviation}, mark).output();
    if (!has(2)) {
      last("Mul", {normalised, input(1)}, mark);
      return;
    }
    const std::string scaled = inner("Mul", {normalised, input(1)}, mark).output();
    last("Add", {scaled, input(2)}, mark);
  }

  void write(const graph::Identity&) { last("Identity", all_inputs()); }
};

}  // namespace

OnnxMessage make_onnx(const graph::Model& model, const OnnxWriteOptions& options) {
  OnnxExporter exporter(model, options);
  exporter.write_nodes();
  OnnxMessage message = exporter.take();
  if (options.floats == ElementType::f16) compute_in_half(message);
  return message;
}

void write_onnx(const graph::Model& model, const std::filesystem::path& path, const OnnxWriteOptions& options) {
  const OnnxMessage message = make_onnx(model, options);
  write_streamed(message.model, message.tensors, path);
}

}  // namespace inferometer::formats
