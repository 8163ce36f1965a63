#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "formats/adaptive_windows.h"
#include "formats/caffe.h"
#include "formats/caffe_export.h"
#include "graph/shapes.h"

namespace inferometer::formats {

namespace {

using inferometer_caffe::PoolingParameter;

/// The layer that a tensor "LAYER.weight" is named after.
std::string layer_of(const std::string& tensor) { return tensor.substr(0, tensor.rfind('.')); }

}  // namespace

CaffeExporter::CaffeExporter(const graph::Model& model)
    : model_(model), graph_(model.graph), shapes_(graph::infer_shapes(model.graph, 1)), blobs_(model.graph.tensors.size()) {
  for (const graph::TensorId input : graph_.inputs) blobs_[input] = graph_.tensors[input].name;
}

void CaffeExporter::unsupported(const std::string& what) const {
  throw Error(ErrorCode::unsupported, one_line(fmt::format("{}: {}", graph::describe(graph_, *node_), what)),
              "Caffe's format cannot say this network; ONNX can");
}

bool CaffeExporter::stored(std::size_t i) const {
  const graph::Role role = graph_.tensors[node_->inputs[i]].role;
  return role != graph::Role::input && role != graph::Role::activation;
}

const float* CaffeExporter::values(graph::TensorId id) const {
  const graph::Tensor& tensor = graph_.tensors[id];
  const auto found = model_.weights.find(tensor.name);
  const bool fits = found != model_.weights.end() && found->second.type == ElementType::f32 && found->second.shape == tensor.shape;
  if (!fits) throw Error(ErrorCode::input, one_line(fmt::format("{}: {} has no values of type f32", graph_.name, tensor.name)));
  return found->second.floats();
}

bool CaffeExporter::is_constant(std::size_t i, float value) const {
  const graph::Tensor& tensor = graph_.tensors[node_->inputs[i]];
  if (tensor.role != graph::Role::constant) return false;
  const float* all = values(node_->inputs[i]);
  return std::all_of(all, all + element_count(tensor.shape), [value](float v) { return v == value; });
}

CaffeExporter::Layer& CaffeExporter::add(const char* type, const std::string& name, const Bottoms& bottoms, const std::string& top) {
  layers_.emplace_back();
  Layer& layer = layers_.back().layer;
  layer.set_name(name);
  layer.set_type(type);
  for (const std::string& bottom : bottoms) layer.add_bottom(bottom);
  layer.add_top(top);
  return layer;
}

CaffeExporter::Layer& CaffeExporter::last(const char* type, const Bottoms& bottoms) {
  blobs_[node_->outputs[0]] = node_->name;
  return add(type, node_->name, bottoms, node_->name);
}

std::string CaffeExporter::inner(const char* type, const char* suffix, const Bottoms& bottoms) {
  const std::string name = node_->name + "/" + suffix;
  add(type, name, bottoms, name);
  return name;
}

void CaffeExporter::alias() { blobs_[node_->outputs[0]] = bottom(0); }

CaffeExporter::Bottoms CaffeExporter::all_bottoms() const {
  Bottoms bottoms;
  for (std::size_t i = 0; i < node_->inputs.size(); ++i) {
    if (stored(i)) unsupported("one of its inputs is stored data");
    bottoms.push_back(bottom(i));
  }
  return bottoms;
}

void CaffeExporter::add_blob(graph::TensorId id, Shape shape) { layers_.back().blobs.push_back({std::move(shape), values(id)}); }

void CaffeExporter::add_blob(Shape shape, float value) {
  owned_.emplace_back(static_cast<std::size_t>(element_count(shape)), value);
  layers_.back().blobs.push_back({std::move(shape), owned_.back().data()});
}

void CaffeExporter::write(const graph::Conv& op) {
  const auto& [kernel, strides, dilations, pads] = op.window;
  if (pads[0] != pads[2] || pads[1] != pads[3]) unsupported("its padding differs from side to side");
  if (dilations[0] != dilations[1]) unsupported("its dilation differs from side to side");
  if (!stored(1) || (has(2) && !stored(2))) unsupported("its weights are computed");
  const Shape& weight = shape(1);
  Layer& layer = last("Convolution", {bottom(0)});
  // Of the types that forks have for depthwise layers this is the one that OpenCV knows too.
  if (!node_->layer_type.empty()) layer.set_type("ConvolutionDepthwise");
  auto& p = *layer.mutable_convolution_param();
  p.set_num_output(static_cast<std::uint32_t>(weight[0]));
  p.set_bias_term(has(2));
  p.set_kernel_h(static_cast<std::uint32_t>(kernel[0]));
  p.set_kernel_w(static_cast<std::uint32_t>(kernel[1]));
  p.set_stride_h(static_cast<std::uint32_t>(strides[0]));
  p.set_stride_w(static_cast<std::uint32_t>(strides[1]));
  p.set_pad_h(static_cast<std::uint32_t>(pads[0]));
  p.set_pad_w(static_cast<std::uint32_t>(pads[1]));
  if (op.groups != 1) p.set_group(static_cast<std::uint32_t>(op.groups));
  if (dilations[0] != 1) p.add_dilation(static_cast<std::uint32_t>(dilations[0]));
  add_blob(node_->inputs[1], weight);
  if (has(2)) add_blob(node_->inputs[2], shape(2));
}

/// BatchNorm, Scale or both, in place: what one of them would not change is left out.
void CaffeExporter::write(const graph::BatchNorm& op) {
  for (std::size_t i = 1; i <= 4; ++i) {
    if (!stored(i)) unsupported("its statistics are computed");
  }
  const bool scales = !(is_constant(1, 1) && is_constant(2, 0));
  const bool normalizes = !(op.epsilon == 0 && is_constant(3, 0) && is_constant(4, 1));
  const Shape each{shape(0)[1]};
  std::string x = bottom(0);
  if (normalizes || !scales) {
    auto& p = *last("BatchNorm", {x}).mutable_batch_norm_param();
    p.set_use_global_stats(true);
    p.set_eps(op.epsilon);
    add_blob(node_->inputs[3], each);
    add_blob(node_->inputs[4], each);
    add_blob({1}, 1);
    x = node_->name;
  }
  if (!scales) return;
  const std::string owner = layer_of(graph_.tensors[node_->inputs[1]].name);
  const bool own_name = !normalizes || (owner != node_->name && !owner.empty());
  Layer& layer = normalizes ? add("Scale", own_name ? owner : node_->name + "/scale", {x}, x) : last("Scale", {x});
  const bool shifts = !is_constant(2, 0);
  layer.mutable_scale_param()->set_bias_term(shifts);
  add_blob(node_->inputs[1], each);
  if (shifts) add_blob(node_->inputs[2], each);
}

void CaffeExporter::write(const graph::Linear&) {
  if (!stored(1) || (has(2) && !stored(2))) unsupported("its weights are computed");
  auto& p = *last("InnerProduct", {bottom(0)}).mutable_inner_product_param();
  p.set_num_output(static_cast<std::uint32_t>(shape(1)[0]));
  p.set_bias_term(has(2));
  if (shape(0).size() < 2) unsupported("its input has no batch");
  if (shape(0).size() > 2) p.set_axis(static_cast<std::int32_t>(shape(0).size()) - 1);
  add_blob(node_->inputs[1], shape(1));
  if (has(2)) add_blob(node_->inputs[2], shape(2));
}

/// A pooling whose output Caffe gives the same size; it always rounds up.
void CaffeExporter::write_pooling(const graph::Window& window, PoolingParameter::Method method) {
  const auto& [kernel, strides, dilations, pads] = window;
  if (dilations != std::array<std::int64_t, 2>{1, 1}) unsupported("a dilated pooling");
  if (pads[0] != pads[2] || pads[1] != pads[3]) unsupported("its padding differs from side to side");
  const bool padded = pads[0] != 0 || pads[1] != 0;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t size = shape(0)[axis + 2], room = size + 2 * pads[axis] - kernel[axis];
    std::int64_t count = (room + strides[axis] - 1) / strides[axis] + 1;
    if (padded && (count - 1) * strides[axis] >= size + pads[axis]) --count;
    if (count != output_shape()[axis + 2]) {
      unsupported(fmt::format("Caffe rounds its output up to {} where this network has {}", count, output_shape()[axis + 2]));
    }
  }
  auto& p = *last("Pooling", {bottom(0)}).mutable_pooling_param();
  p.set_pool(method);
  p.set_kernel_h(static_cast<std::uint32_t>(kernel[0]));
  p.set_kernel_w(static_cast<std::uint32_t>(kernel[1]));
  p.set_stride_h(static_cast<std::uint32_t>(strides[0]));
  p.set_stride_w(static_cast<std::uint32_t>(strides[1]));
  if (!padded) return;
  p.set_pad_h(static_cast<std::uint32_t>(pads[0]));
  p.set_pad_w(static_cast<std::uint32_t>(pads[1]));
}

void CaffeExporter::write(const graph::MaxPool& op) { write_pooling(op.window, PoolingParameter::MAX); }

void CaffeExporter::write(const graph::AveragePool& op) {
  const bool padded = op.window.pads != std::array<std::int64_t, 4>{};
  if (padded && !op.count_include_pad) unsupported("Caffe's average counts the padding");
  write_pooling(op.window, PoolingParameter::AVE);
}

void CaffeExporter::write_global_pooling(const std::string& name, const std::string& top) {
  auto& p = *add("Pooling", name, {bottom(0)}, top).mutable_pooling_param();
  p.set_pool(PoolingParameter::AVE);
  p.set_global_pooling(true);
}

void CaffeExporter::write(const graph::GlobalAveragePool&) {
  blobs_[node_->outputs[0]] = node_->name;
  write_global_pooling(node_->name, node_->name);
}

void CaffeExporter::write(const graph::AdaptiveAveragePool& op) {
  const Shape& x = shape(0);
  if (x[2] == op.height && x[3] == op.width) return alias();
  if (op.height == 1 && op.width == 1) return write(graph::GlobalAveragePool{});
  const auto rows = uniform_window(x[2], op.height), columns = uniform_window(x[3], op.width);
  if (!rows || !columns) unsupported("its windows differ in size");
  graph::Window window;
  window.kernel = {rows->kernel, columns->kernel};
  window.strides = {rows->stride, columns->stride};
  write_pooling(window, PoolingParameter::AVE);
}

void CaffeExporter::write(const graph::ReduceMean& op) {
  std::vector<std::int64_t> axes = op.axes;
  for (std::int64_t& axis : axes) axis = axis < 0 ? axis + static_cast<std::int64_t>(shape(0).size()) : axis;
  std::sort(axes.begin(), axes.end());
  if (shape(0).size() != 4 || axes != std::vector<std::int64_t>{2, 3}) unsupported("a mean over other axes than height and width");
  if (op.keep_dimensions) return write(graph::GlobalAveragePool{});
  const std::string pooled = node_->name + "/pool";
  write_global_pooling(pooled, pooled);
  last("Flatten", {pooled});
}

void CaffeExporter::write_nodes() {
  // Readers of each tensor: an output that a layer reads too needs a name of its own, since Caffe's outputs are what nobody reads.
  std::vector<bool> read(graph_.tensors.size(), false);
  for (const graph::Node& node : graph_.nodes) {
    for (const graph::TensorId id : node.inputs) {
      if (id != graph::kNoTensor) read[id] = true;
    }
  }
  for (const graph::Node& node : graph_.nodes) {
    node_ = &node;
    if (has(0) && stored(0)) unsupported("its input is stored data");
    std::visit([this](const auto& op) { write(op); }, node.op);
  }
  for (const graph::TensorId id : graph_.outputs) {
    const std::string& blob = blobs_[id];
    const bool produced = !layers_.empty() && std::any_of(layers_.begin(), layers_.end(), [&](const CaffeLayer& layer) {
      return std::find(layer.layer.top().begin(), layer.layer.top().end(), blob) != layer.layer.top().end();
    });
    const bool consumed = read[id] || std::any_of(layers_.begin(), layers_.end(), [&](const CaffeLayer& layer) {
                            const auto& bottoms = layer.layer.bottom();
                            const bool in_place = layer.layer.top(0) == blob;
                            return !in_place && std::find(bottoms.begin(), bottoms.end(), blob) != bottoms.end();
                          });
    if (!produced || consumed) add("Split", blob + "/output", {blob}, blob + "/output");
  }
}

inferometer_caffe::Net CaffeExporter::header(std::int64_t batch) const {
  inferometer_caffe::Net net;
  net.set_name(graph_.name);
  for (const graph::TensorId id : graph_.inputs) {
    Layer& layer = *net.add_layer();
    layer.set_name(blobs_[id]);
    layer.set_type("Input");
    layer.add_top(blobs_[id]);
    auto& dimensions = *layer.mutable_input_param()->add_shape();
    const Shape& shape = graph_.tensors[id].shape;
    for (std::size_t i = 0; i < shape.size(); ++i) dimensions.add_dim(i == 0 && shape[0] == graph::kBatch ? batch : shape[i]);
  }
  return net;
}

void write_caffe(const graph::Model& model, const std::filesystem::path& prototxt, const std::filesystem::path& weights,
                 std::int64_t batch) {
  CaffeExporter exporter(model);
  exporter.write_nodes();
  save_caffe(exporter.header(batch), exporter.layers(), prototxt, weights);
}

}  // namespace inferometer::formats
