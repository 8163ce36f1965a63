/// Put nodes and stored tensors of a Graph into an ONNX message.
///
/// Internal to formats: what onnx_write.cpp, which knows the operators, builds on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formats/onnx.h"
#include "formats/onnx_file.h"
#include "graph/graph.h"

namespace inferometer::formats {

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
  NodeWriter& set(const char* name, std::string_view value) {
    attribute(name, onnx::AttributeProto::STRING).set_s(std::string(value));
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
    auto& added = *node_.add_attribute();
    added.set_name(name);
    added.set_type(type);
    return added;
  }
  onnx::NodeProto& node_;
};

/// The message of one model, and what writing its nodes needs to know. One thread at a time.
class OnnxWriter {
 public:
  /// Throws what graph::infer_shapes() throws. Both must outlive the writer.
  OnnxWriter(const graph::Model& model, const OnnxWriteOptions& options);
  /// Call once, when all nodes are written. It points into the model's weights.
  OnnxMessage take();

 protected:
  /// Values of a stored tensor. Throws Error{input} when there are none or they have another shape.
  const graph::Array& values_of(graph::TensorId id) const;
  bool stored(graph::TensorId id) const;
  bool read_once(graph::TensorId id) const { return readers_.at(id) == 1; }
  /// Store a tensor of the model under its own name but with other bytes: it is not stored again.
  void store_as(graph::TensorId id, const Shape& shape, std::vector<std::byte> bytes);
  /// Store numbers that the model does not have; float or std::int64_t. Returns the name they get.
  template <typename Number>
  std::string add_constant(const std::string& wanted, const Shape& shape, const std::vector<Number>& values) {
    static_assert(std::is_same_v<Number, float> || std::is_same_v<Number, std::int64_t>);
    std::vector<std::byte> bytes(values.size() * sizeof(Number));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return add_constant_bytes(wanted, std::is_same_v<Number, float> ? ElementType::f32 : ElementType::i64, shape, std::move(bytes));
  }
  std::string add_scalar(const std::string& wanted, float value) { return add_constant<float>(wanted, {}, {value}); }

  const std::string& name(graph::TensorId id) const { return graph_.tensors[id].name; }
  // Of the node being written:
  const std::string& input(std::size_t i) const { return name(node_->inputs[i]); }
  const Shape& shape(std::size_t i) const { return shapes_[node_->inputs[i]]; }
  bool has(std::size_t i) const { return i < node_->inputs.size() && node_->inputs[i] != graph::kNoTensor; }
  std::vector<std::string> all_inputs() const;
  /// The ONNX node that gives the graph node's outputs, under its name.
  NodeWriter last(const char* op, const std::vector<std::string>& inputs, std::string_view mark = {});
  /// An ONNX node before that one, named after it.
  NodeWriter inner(const char* op, const std::vector<std::string>& inputs, std::string_view mark);
  [[noreturn]] void unsupported(std::string_view why) const;

  const graph::Graph& graph_;
  std::vector<Shape> shapes_;          ///< by TensorId, at the batch asked for, or at 1 when it stays free
  std::vector<Shape> doubled_;         ///< at batch 2 when it stays free, else empty: what differs is a free dimension
  const graph::Node* node_ = nullptr;  ///< being written

 private:
  void write_header(const OnnxWriteOptions& options);
  void write_values(const std::vector<graph::TensorId>& ids, google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>& values);
  std::string add_constant_bytes(const std::string& wanted, ElementType type, const Shape& shape, std::vector<std::byte> bytes);
  std::string fresh(const std::string& wanted);

  const graph::Model& model_;
  onnx::ModelProto proto_;
  std::vector<StreamedTensor> tensors_;
  std::unordered_set<std::string> names_;  ///< of tensors and inner nodes
  std::unordered_map<graph::TensorId, int> readers_;
  std::unordered_set<graph::TensorId> written_;  ///< stored tensors that already are initialisers
};

/// What write_onnx() writes. It points into the model's weights. Errors as there.
OnnxMessage make_onnx(const graph::Model& model, const OnnxWriteOptions& options);

}  // namespace inferometer::formats
