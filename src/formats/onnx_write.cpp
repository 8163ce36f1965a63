#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "formats/adaptive_windows.h"
#include "formats/onnx.h"
#include "formats/onnx_file.h"
#include "formats/onnx_marks.h"
#include "formats/onnx_tensor.h"
#include "graph/overloaded.h"

namespace inferometer::formats {

namespace {

using graph::Activation;
using graph::ActivationKind;
using graph::kNoTensor;
using graph::Node;
using graph::Overloaded;
using graph::Role;
using graph::TensorId;
using graph::Window;

constexpr std::int64_t kOpset = 10, kIrVersion = 6;

using Integers = std::vector<std::int64_t>;

/// One node under construction.
class NodeWriter {
 public:
  NodeWriter(onnx::NodeProto& node, std::string_view mark) : node_(node) {
    if (!mark.empty()) node_.set_doc_string(std::string(mark));
  }
  NodeWriter& set(const char* name, std::int64_t value) {
    attribute(name, onnx::AttributeProto::INT).set_i(value);
    return *this;
  }
  NodeWriter& set(const char* name, float value) {
    attribute(name, onnx::AttributeProto::FLOAT).set_f(value);
    return *this;
  }
  template <typename Range>
  NodeWriter& set_all(const char* name, const Range& values) {
    auto& numbers = attribute(name, onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) numbers.add_ints(value);
    return *this;
  }
  const std::string& output() const { return node_.output(0); }

 private:
  onnx::AttributeProto& attribute(const char* name, onnx::AttributeProto::AttributeType type) {
    auto& attribute = *node_.add_attribute();
    attribute.set_name(name);
    attribute.set_type(type);
    return attribute;
  }
  onnx::NodeProto& node_;
};

class OnnxExporter {
 public:
  OnnxExporter(const graph::Model& model, const std::filesystem::path& path, const OnnxWriteOptions& options)
      : model_(model), graph_(model.graph), path_(path), options_(options) {}

  void run() {
    batch_ = options_.batch;
    for (const TensorId id : graph_.inputs) {
      const Shape& shape = graph_.tensors[id].shape;
      if (batch_ == graph::kBatch && !shape.empty() && shape[0] != graph::kBatch) batch_ = shape[0];
    }
    shapes_ = graph::infer_shapes(graph_, batch_ == graph::kBatch ? 1 : batch_);
    if (batch_ == graph::kBatch) doubled_ = graph::infer_shapes(graph_, 2);
    write_header();
    for (const graph::Tensor& tensor : graph_.tensors) names_.insert(tensor.name);
    for (const Node& node : graph_.nodes) {
      for (const TensorId id : node.inputs) {
        if (id != kNoTensor) ++readers_[id];
      }
    }
    for (const Node& node : graph_.nodes) write_node(node);
    write_values(graph_.inputs, *proto_.mutable_graph()->mutable_input());
    write_values(graph_.outputs, *proto_.mutable_graph()->mutable_output());
    for (TensorId id = 0; id < graph_.tensors.size(); ++id) write_stored(id);
    write_streamed(proto_, tensors_, path_);
  }

 private:
  void write_header() {
    proto_.set_ir_version(kIrVersion);
    proto_.set_producer_name(std::string(kProducer));
    proto_.set_producer_version(options_.producer_version);
    auto& opset = *proto_.add_opset_import();
    opset.set_domain("");
    opset.set_version(kOpset);
    proto_.mutable_graph()->set_name(graph_.name);
  }

  void write_values(const std::vector<TensorId>& ids, google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>& values) {
    for (const TensorId id : ids) {
      auto& value = *values.Add();
      value.set_name(name(id));
      auto& type = *value.mutable_type()->mutable_tensor_type();
      type.set_elem_type(onnx_type_of(graph_.tensors[id].type));
      type.mutable_shape();
      for (std::size_t axis = 0; axis < shapes_[id].size(); ++axis) {
        auto& dimension = *type.mutable_shape()->add_dim();
        const bool free = !doubled_.empty() && doubled_[id][axis] != shapes_[id][axis];
        if (!free) dimension.set_dim_value(shapes_[id][axis]);
        // A dimension that grows with the batch without being the batch has no name.
        if (free && axis == 0 && shapes_[id][0] == 1) dimension.set_dim_param("N");
      }
    }
  }

  /// Values of a tensor of the model, checked.
  const graph::Array& values_of(TensorId id) const {
    const graph::Tensor& tensor = graph_.tensors[id];
    const auto found = model_.weights.find(tensor.name);
    if (found == model_.weights.end()) throw Error(ErrorCode::input, one_line(fmt::format("{}: tensor {} has no values", graph_.name, tensor.name)));
    const graph::Array& array = found->second;
    if (array.shape != tensor.shape || static_cast<std::int64_t>(array.bytes.size()) != element_count(array.shape) * static_cast<std::int64_t>(size_of(array.type))) {
      throw Error(ErrorCode::input, one_line(fmt::format("{}: tensor {} is {}, its values are {}", graph_.name, tensor.name, to_string(tensor.shape),
                                                         to_string(array.shape))));
    }
    return array;
  }

  void write_stored(TensorId id) {
    const graph::Tensor& tensor = graph_.tensors[id];
    const bool stored = tensor.role == Role::parameter || tensor.role == Role::buffer || tensor.role == Role::constant;
    if (!stored || written_.contains(id) || !readers_.contains(id)) return;
    add_initialiser(tensor.name, values_of(id), tensor.role);
  }

  static onnx::TensorProto header_of(const std::string& name, ElementType type, const Shape& shape, Role role) {
    onnx::TensorProto header;
    header.set_name(name);
    header.set_data_type(onnx_type_of(type));
    for (const std::int64_t size : shape) header.add_dims(size);
    header.set_doc_string(std::string(role == Role::parameter ? kParameterRole : role == Role::buffer ? kBufferRole : kConstantRole));
    return header;
  }

  void add_initialiser(const std::string& name, const graph::Array& array, Role role) {
    tensors_.push_back({header_of(name, array.type, array.shape, role), std::nullopt, &array.bytes, {}});
  }

  template <typename Number>
  std::string add_constant(const std::string& wanted, const Shape& shape, const std::vector<Number>& values) {
    constexpr auto kType = std::is_same_v<Number, float> ? ElementType::f32 : ElementType::i64;
    const std::string name = fresh(wanted);
    std::vector<std::byte> bytes(values.size() * sizeof(Number));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    tensors_.push_back({header_of(name, kType, shape, Role::constant), std::nullopt, nullptr, std::move(bytes)});
    return name;
  }
  std::string add_scalar(const std::string& wanted, float value) { return add_constant<float>(wanted, {}, {value}); }

  std::string fresh(const std::string& wanted) {
    std::string name = wanted;
    for (int i = 1; !names_.insert(name).second; ++i) name = fmt::format("{}.{}", wanted, i);
    return name;
  }

  const std::string& name(TensorId id) const { return graph_.tensors[id].name; }
  const std::string& input(std::size_t i) const { return name(node_->inputs[i]); }
  const Shape& shape(std::size_t i) const { return shapes_[node_->inputs[i]]; }
  bool has(std::size_t i) const { return i < node_->inputs.size() && node_->inputs[i] != kNoTensor; }

  std::vector<std::string> all_inputs() const {
    std::vector<std::string> names;
    for (const TensorId id : node_->inputs) names.push_back(id == kNoTensor ? "" : name(id));
    while (!names.empty() && names.back().empty()) names.pop_back();
    return names;
  }

  /// The node that gives the graph node's outputs, under its name.
  NodeWriter last(const char* op, const std::vector<std::string>& inputs, std::string_view mark = {}) {
    auto& node = *proto_.mutable_graph()->add_node();
    node.set_op_type(op);
    node.set_name(node_->name);
    for (const auto& input_name : inputs) node.add_input(input_name);
    for (const TensorId id : node_->outputs) node.add_output(name(id));
    return {node, mark};
  }

  /// A node before that one.
  NodeWriter inner(const char* op, const std::vector<std::string>& inputs, std::string_view mark) {
    auto& node = *proto_.mutable_graph()->add_node();
    const std::string own_name = fresh(fmt::format("{}/{}", node_->name, op));
    node.set_op_type(op);
    node.set_name(own_name);
    for (const auto& input_name : inputs) node.add_input(input_name);
    node.add_output(own_name);
    return {node, mark};
  }

  [[noreturn]] void unsupported(std::string_view why) const {
    throw Error(ErrorCode::unsupported, one_line(fmt::format("{}: {} ({}): {}", graph_.name, node_->name, graph::name_of(node_->op), why)));
  }

  void write_node(const Node& node) {
    node_ = &node;
    std::visit([this](const auto& op) { write(op); }, node.op);
  }

  static void set_window(NodeWriter node, const Window& window, bool dilations) {
    node.set_all("kernel_shape", window.kernel).set_all("strides", window.strides).set_all("pads", window.pads);
    if (dilations) node.set_all("dilations", window.dilations);
  }

  void write(const graph::Conv& op) {
    NodeWriter node = last("Conv", all_inputs());
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
      const std::int64_t needed = (output_size(axis) - 1) * window.strides[axis] + span(window, axis) - shape(0)[axis + 2] - window.pads[axis];
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
      auto& mode = *onnx_last("Resize", {input(0), add_constant<float>(node_->name + "/scales", {4}, scales)}, mark).add_attribute();
      mode.set_name("mode");
      mode.set_type(onnx::AttributeProto::STRING);
      mode.set_s("nearest");
      return;
    }
    write_averaging_matrices(in, out, mark);
  }

  onnx::NodeProto& onnx_last(const char* op, const std::vector<std::string>& inputs, std::string_view mark) {
    last(op, inputs, mark);
    auto& nodes = *proto_.mutable_graph()->mutable_node();
    return *nodes.Mutable(nodes.size() - 1);
  }

  /// Windows of unequal sizes: a matrix product along the width, another along the height. Both from the right, with the
  /// image transposed in between, since OpenCV 4.6 multiplies by a stored matrix from that side only.
  void write_averaging_matrices(std::array<std::int64_t, 2> in, std::array<std::int64_t, 2> out, const std::string& mark) {
    constexpr std::int64_t kMost = 1 << 12;
    if (std::max({in[0], in[1], out[0], out[1]}) > kMost) unsupported("an adaptive pooling of more than 4096 rows or columns cannot be written");
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
    const graph::Tensor& tensor = graph_.tensors[id];
    const bool stored = tensor.role == Role::parameter || tensor.role == Role::constant || tensor.role == Role::buffer;
    if (!stored || readers_[id] > 1 || tensor.type != ElementType::f32) return inner("Transpose", {name(id)}, {}).set_all("perm", Integers{1, 0}).output();
    const graph::Array& array = values_of(id);
    const std::int64_t rows = array.shape[0], columns = array.shape[1];
    std::vector<std::byte> bytes(array.bytes.size());
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        std::memcpy(bytes.data() + static_cast<std::size_t>(c * rows + r) * sizeof(float), array.floats() + r * columns + c, sizeof(float));
      }
    }
    tensors_.push_back({header_of(tensor.name, tensor.type, {columns, rows}, tensor.role), std::nullopt, nullptr, std::move(bytes)});
    written_.insert(id);
    return tensor.name;
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
    last("Slice", {input(0), integers("starts", op.begin), integers("ends", op.end), integers("axes", positive(op.axis)), integers("steps", op.step)});
  }

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

  const graph::Model& model_;
  const graph::Graph& graph_;
  const std::filesystem::path& path_;
  const OnnxWriteOptions& options_;
  std::int64_t batch_ = graph::kBatch;
  std::vector<Shape> shapes_;   ///< at the batch, or at 1
  std::vector<Shape> doubled_;  ///< at batch 2 when it is free: what differs is written as a free dimension
  const Node* node_ = nullptr;  ///< being written
  onnx::ModelProto proto_;
  std::vector<StreamedTensor> tensors_;
  std::unordered_set<std::string> names_;
  std::unordered_map<TensorId, int> readers_;
  std::unordered_set<TensorId> written_;  ///< stored tensors that already are initialisers
};

}  // namespace

void write_onnx(const graph::Model& model, const std::filesystem::path& path, const OnnxWriteOptions& options) {
  OnnxExporter(model, path, options).run();
}

}  // namespace inferometer::formats
