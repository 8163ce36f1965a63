#include "formats/onnx_writer.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "formats/onnx_marks.h"
#include "formats/onnx_tensor.h"

namespace inferometer::formats {

namespace {

using graph::Role;
using graph::TensorId;

constexpr std::int64_t kOpset = 10, kIrVersion = 6;

/// The batch to write: the one asked for, else the one that the graph fixes, else free.
std::int64_t batch_of(const graph::Graph& graph, std::int64_t asked) {
  for (const TensorId id : graph.inputs) {
    const Shape& shape = graph.tensors[id].shape;
    if (asked == graph::kBatch && !shape.empty() && shape[0] != graph::kBatch) return shape[0];
  }
  return asked;
}

std::string_view word_for(Role role) {
  if (role == Role::parameter) return kParameterRole;
  return role == Role::buffer ? kBufferRole : kConstantRole;
}

onnx::TensorProto header_of(const std::string& name, ElementType type, const Shape& shape, Role role) {
  onnx::TensorProto header;
  header.set_name(name);
  header.set_data_type(onnx_type_of(type));
  for (const std::int64_t size : shape) header.add_dims(size);
  header.set_doc_string(std::string(word_for(role)));
  return header;
}

}  // namespace

OnnxWriter::OnnxWriter(const graph::Model& model, const OnnxWriteOptions& options) : graph_(model.graph), model_(model) {
  const std::int64_t batch = batch_of(graph_, options.batch);
  shapes_ = graph::infer_shapes(graph_, batch == graph::kBatch ? 1 : batch);
  if (batch == graph::kBatch) doubled_ = graph::infer_shapes(graph_, 2);
  for (const graph::Tensor& tensor : graph_.tensors) names_.insert(tensor.name);
  for (const graph::Node& node : graph_.nodes) {
    for (const TensorId id : node.inputs) {
      if (id != graph::kNoTensor) ++readers_[id];
    }
  }
  write_header(options);
}

void OnnxWriter::write_header(const OnnxWriteOptions& options) {
  proto_.set_ir_version(kIrVersion);
  proto_.set_producer_name(std::string(kProducer));
  proto_.set_producer_version(options.producer_version);
  auto& opset = *proto_.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOpset);
  proto_.mutable_graph()->set_name(graph_.name);
}

OnnxMessage OnnxWriter::take() {
  write_values(graph_.inputs, *proto_.mutable_graph()->mutable_input());
  write_values(graph_.outputs, *proto_.mutable_graph()->mutable_output());
  for (TensorId id = 0; id < graph_.tensors.size(); ++id) {
    if (!stored(id) || written_.contains(id) || !readers_.contains(id)) continue;
    const graph::Array& array = values_of(id);
    tensors_.push_back({header_of(name(id), array.type, array.shape, graph_.tensors[id].role), std::nullopt, &array.bytes, {}});
  }
  return {std::move(proto_), std::move(tensors_)};
}

void OnnxWriter::write_values(const std::vector<TensorId>& ids, google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>& values) {
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

const graph::Array& OnnxWriter::values_of(TensorId id) const {
  const graph::Tensor& tensor = graph_.tensors[id];
  const auto found = model_.weights.find(tensor.name);
  if (found == model_.weights.end())
    throw Error(ErrorCode::input, one_line(fmt::format("{}: tensor {} has no values", graph_.name, tensor.name)));
  const graph::Array& array = found->second;
  const auto bytes = element_count(array.shape) * static_cast<std::int64_t>(size_of(array.type));
  if (array.shape != tensor.shape || static_cast<std::int64_t>(array.bytes.size()) != bytes) {
    throw Error(ErrorCode::input, one_line(fmt::format("{}: tensor {} is {}, its values are {} in {} bytes", graph_.name, tensor.name,
                                                       to_string(tensor.shape), to_string(array.shape), array.bytes.size())));
  }
  return array;
}

bool OnnxWriter::stored(TensorId id) const { return graph::is_stored(graph_.tensors[id].role); }

void OnnxWriter::store_as(TensorId id, const Shape& shape, std::vector<std::byte> bytes) {
  const graph::Tensor& tensor = graph_.tensors[id];
  tensors_.push_back({header_of(tensor.name, tensor.type, shape, tensor.role), std::nullopt, nullptr, std::move(bytes)});
  written_.insert(id);
}

std::string OnnxWriter::add_constant_bytes(const std::string& wanted, ElementType type, const Shape& shape, std::vector<std::byte> bytes) {
  std::string own_name = fresh(wanted);
  tensors_.push_back({header_of(own_name, type, shape, Role::constant), std::nullopt, nullptr, std::move(bytes)});
  return own_name;
}

std::string OnnxWriter::fresh(const std::string& wanted) {
  std::string result = wanted;
  for (int i = 1; !names_.insert(result).second; ++i) result = fmt::format("{}.{}", wanted, i);
  return result;
}

std::vector<std::string> OnnxWriter::all_inputs() const {
  std::vector<std::string> names;
  for (const TensorId id : node_->inputs) names.push_back(id == graph::kNoTensor ? "" : name(id));
  while (!names.empty() && names.back().empty()) names.pop_back();
  return names;
}

NodeWriter OnnxWriter::last(const char* op, const std::vector<std::string>& inputs, std::string_view mark) {
  auto& node = *proto_.mutable_graph()->add_node();
  node.set_op_type(op);
  node.set_name(node_->name);
  for (const auto& input_name : inputs) node.add_input(input_name);
  for (const TensorId id : node_->outputs) node.add_output(name(id));
  return {node, mark};
}

NodeWriter OnnxWriter::inner(const char* op, const std::vector<std::string>& inputs, std::string_view mark) {
  auto& node = *proto_.mutable_graph()->add_node();
  const std::string own_name = fresh(fmt::format("{}/{}", node_->name, op));
  node.set_op_type(op);
  node.set_name(own_name);
  for (const auto& input_name : inputs) node.add_input(input_name);
  node.add_output(own_name);
  return {node, mark};
}

void OnnxWriter::unsupported(std::string_view why) const {
  throw Error(ErrorCode::unsupported, one_line(fmt::format("{}: {} ({}): {}", graph_.name, node_->name, graph::name_of(node_->op), why)));
}

}  // namespace inferometer::formats
