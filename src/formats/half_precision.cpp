#include "formats/half_precision.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/half_float.h"
#include "base/text.h"
#include "formats/onnx_marks.h"

namespace inferometer::formats {

namespace {

constexpr std::int32_t kSingle = onnx::TensorProto::FLOAT, kHalf = onnx::TensorProto::FLOAT16;

/// Nodes whose intermediate values grow with the square of their input.
bool stays_single(const onnx::NodeProto& node) {
  return node.op_type() == "LRN" || node.doc_string() == kLayerNormMark || node.doc_string() == kLayerNormWithoutBiasMark;
}

/// Type that a node wants of a float input.
std::int32_t wanted_type(const onnx::NodeProto& node, int input) {
  const bool factors = node.op_type() == "Resize" && input > 0;
  return factors || stays_single(node) ? kSingle : kHalf;
}

std::vector<std::byte> to_halves(const std::vector<std::byte>& floats, const std::string& name) {
  std::vector<std::byte> halves(floats.size() / sizeof(float) * sizeof(std::uint16_t));
  for (std::size_t i = 0; i < floats.size() / sizeof(float); ++i) {
    float value = 0;
    std::memcpy(&value, floats.data() + i * sizeof(float), sizeof(float));
    const std::uint16_t half = to_half(value);
    if (!std::isfinite(from_half(half))) {
      throw Error(
          ErrorCode::unsupported,
          one_line(fmt::format("tensor {} holds {} at index {}, which fp16 cannot hold (at most {})", name, value, i, kLargestHalf)),
          "leave this model in fp32");
    }
    std::memcpy(halves.data() + i * sizeof(half), &half, sizeof(half));
  }
  return halves;
}

class HalfPass {
 public:
  explicit HalfPass(OnnxMessage& message) : message_(message), graph_(*message.model.mutable_graph()) {
    for (const auto& tensor : message.tensors) names_.insert(tensor.header.name());
    for (const auto& node : graph_.node()) {
      names_.insert(node.name());
      names_.insert(node.output().begin(), node.output().end());
    }
    for (const auto& value : graph_.input()) names_.insert(value.name());
  }

  void run() {
    for (const auto& tensor : message_.tensors) {
      if (tensor.header.data_type() == kSingle) stored_.insert(tensor.header.name());
    }
    for (const auto& value : graph_.input()) {
      if (value.type().tensor_type().elem_type() == kSingle) types_[value.name()] = kSingle;
    }
    auto nodes = std::move(*graph_.mutable_node());
    graph_.clear_node();
    for (auto& node : nodes) copy(node);
    for (const auto& value : graph_.output()) end_in_single(value.name());
    store();
  }

 private:
  void copy(onnx::NodeProto& node) {
    const std::int32_t result = stays_single(node) ? kSingle : kHalf;
    for (int i = 0; i < node.input_size(); ++i) *node.mutable_input(i) = read_as(node.input(i), wanted_type(node, i));
    for (const auto& output : node.output()) types_[output] = result;
    *graph_.add_node() = std::move(node);
  }

  /// The tensor's name in this type: a Cast is written where it has another.
  std::string read_as(const std::string& name, std::int32_t type) {
    if (stored_.contains(name)) {
      std::string& own = stored_names_[{name, type}];
      // A tensor that is wanted in both types is stored twice.
      if (own.empty()) own = type == kHalf ? name : fresh(name + "/single");
      return own;
    }
    const auto known = types_.find(name);
    if (known == types_.end() || known->second == type) return name;  // integers, absent inputs
    auto& cast = casts_[{name, type}];
    if (cast.empty()) {
      cast = fresh(name + (type == kHalf ? "/half" : "/single"));
      add_cast(name, cast, type);
    }
    return cast;
  }

  void add_cast(const std::string& from, const std::string& to, std::int32_t type) {
    auto& node = *graph_.add_node();
    node.set_op_type("Cast");
    node.set_name(fresh(to + "/cast"));
    node.add_input(from);
    node.add_output(to);
    auto& attribute = *node.add_attribute();
    attribute.set_name("to");
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(type);
  }

  void end_in_single(const std::string& output) {
    if (types_.contains(output) && types_.at(output) == kSingle) return;
    const std::string inner = fresh(output + "/half");
    for (auto& node : *graph_.mutable_node()) {
      for (auto& name : *node.mutable_output()) {
        if (name == output) name = inner;
      }
      for (auto& name : *node.mutable_input()) {
        if (name == output) name = inner;
      }
    }
    add_cast(inner, output, kSingle);
  }

  void store() {
    std::vector<StreamedTensor> tensors;
    for (StreamedTensor& tensor : message_.tensors) {
      const std::string name = tensor.header.name();
      const auto half = stored_names_.find({name, kHalf}), single = stored_names_.find({name, kSingle});
      if (half != stored_names_.end()) {
        tensors.push_back({tensor.header, std::nullopt, nullptr, to_halves(data_of(tensor), name)});
        tensors.back().header.set_data_type(kHalf);
      }
      if (single != stored_names_.end()) tensor.header.set_name(single->second);
      if (single != stored_names_.end() || !stored_.contains(name)) tensors.push_back(std::move(tensor));
    }
    message_.tensors = std::move(tensors);
  }

  std::string fresh(const std::string& wanted) {
    std::string name = wanted;
    for (int i = 1; !names_.insert(name).second; ++i) name = fmt::format("{}.{}", wanted, i);
    return name;
  }

  OnnxMessage& message_;
  onnx::GraphProto& graph_;
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> stored_;                 // f32 initialisers
  std::unordered_map<std::string, std::int32_t> types_;    // of other float tensors, as they come
  using TypedName = std::pair<std::string, std::int32_t>;  // a tensor and the type that it is wanted in
  std::map<TypedName, std::string> stored_names_, casts_;
};

}  // namespace

void compute_in_half(OnnxMessage& message) { HalfPass(message).run(); }

}  // namespace inferometer::formats
