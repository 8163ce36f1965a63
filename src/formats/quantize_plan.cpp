#include "formats/quantize_plan.h"

#include <algorithm>
#include <string_view>

#include "formats/onnx_marks.h"

namespace inferometer::formats {

namespace {

enum class Kind { other, layer, follower, carrier };

/// Followers compute on integers with scales of their own; carriers only move them.
Kind kind_of(const onnx::NodeProto& node) {
  static constexpr std::string_view kFollowers[] = {"Add", "AveragePool", "GlobalAveragePool"};
  static constexpr std::string_view kCarriers[] = {"MaxPool", "Concat", "Reshape", "Flatten", "Transpose", "Identity", "Split"};
  const auto among = [&](const auto& names) { return std::find(std::begin(names), std::end(names), node.op_type()) != std::end(names); };
  if (among(kFollowers)) return Kind::follower;
  return among(kCarriers) ? Kind::carrier : Kind::other;
}

class Planner {
 public:
  explicit Planner(const OnnxMessage& message) : nodes_(message.model.graph().node()) {
    for (const auto& tensor : message.tensors) stored_.emplace(tensor.header.name(), &tensor.header);
    for (const auto& value : message.model.graph().output()) outputs_.insert(value.name());
    for (const auto& value : message.model.graph().input()) order_.push_back(value.name());
    for (int i = 0; i < nodes_.size(); ++i) {
      for (const auto& name : nodes_[i].input()) readers_[name].push_back(at(i));
      for (const auto& name : nodes_[i].output()) {
        plan_.makers[name] = at(i);
        order_.push_back(name);
      }
    }
    plan_.quantized.assign(at(nodes_.size()), false);
    wanted_ = plan_.quantized;
  }

  MessagePlan run() {
    for (int i = 0; i < nodes_.size(); ++i) find_layer(i);
    for (int i = nodes_.size() - 1; i >= 0; --i) find_wanted(i);
    for (int i = 0; i < nodes_.size(); ++i) accept(i);
    for (const std::string& name : order_) {
      if (carries_.contains(name)) plan_.activations.push_back(name);
    }
    return std::move(plan_);
  }

 private:
  static std::size_t at(int index) { return static_cast<std::size_t>(index); }

  void find_layer(int i) {
    const auto& node = nodes_[i];
    const bool gemm = node.op_type() == "Gemm", product = node.op_type() == "MatMul";
    if (node.op_type() != "Conv" && !gemm && !product) return;
    if (stored_.contains(node.input(0)) || !holds_weights(node.input(1))) return;
    QuantizedLayer layer;
    layer.weight_axis = product ? 1 : 0;  // our Gemm has its weight transposed, [outputs, inputs]
    layer.bias = node.input_size() > 2 && !node.input(2).empty();
    if (layer.bias && !holds_weights(node.input(2))) return;
    plan_.quantized[at(i)] = true;
    plan_.layers.emplace(at(i), layer);
    carries_.insert(node.input(0));
    // Products give f32 where nothing quantised follows; convolutions in integers always give integers.
    if (node.op_type() == "Conv") carry(end_of(at(i)));
  }

  bool holds_weights(const std::string& name) const {
    const auto found = stored_.find(name);
    return found != stored_.end() && found->second->data_type() == onnx::TensorProto::FLOAT &&
           found->second->doc_string() == kParameterRole;
  }

  /// The outputs of the network stay as they are.
  void carry(const std::string& name) {
    if (!outputs_.contains(name)) carries_.insert(name);
  }

  /// The tensor behind the activation that alone follows a node, else the node's own.
  std::string end_of(std::size_t i) const {
    const std::string& own = nodes_[static_cast<int>(i)].output(0);
    const auto readers = readers_.find(own);
    if (readers == readers_.end() || readers->second.size() != 1 || outputs_.contains(own)) return own;
    const auto& next = nodes_[static_cast<int>(readers->second.front())];
    const bool fused = next.op_type() == "Relu" || next.op_type() == "Clip";
    return fused && next.input(0) == own ? next.output(0) : own;
  }

  std::vector<std::string> ends_of(int i) const {
    if (nodes_[i].output_size() == 1) return {kind_of(nodes_[i]) == Kind::carrier ? nodes_[i].output(0) : end_of(at(i))};
    return {nodes_[i].output().begin(), nodes_[i].output().end()};
  }

  /// From the back: whether some quantised layer reads what comes of a node, through others that carry integers.
  void find_wanted(int i) {
    if (kind_of(nodes_[i]) == Kind::other) return;
    for (const std::string& end : ends_of(i)) {
      if (outputs_.contains(end)) return;
      if (carries_.contains(end)) wanted_[at(i)] = true;
      const auto readers = readers_.find(end);
      if (readers == readers_.end()) continue;
      for (const std::size_t reader : readers->second) wanted_[at(i)] = wanted_[at(i)] || wanted_[reader];
    }
  }

  /// From the front: a node that is wanted and gets integers.
  void accept(int i) {
    if (!wanted_[at(i)]) return;
    const auto& node = nodes_[i];
    const bool carrier = kind_of(node) == Kind::carrier;
    std::vector<std::string> read;
    for (const auto& name : node.input()) {
      // The shape of a Reshape and the sizes of a Split are no activations; anything else stored is a computation with a constant.
      if (stored_.contains(name) && stored_.at(name)->data_type() == onnx::TensorProto::INT64) continue;
      if (!carries_.contains(name)) return;
      read.push_back(name);
    }
    plan_.quantized[at(i)] = true;
    for (const std::string& end : ends_of(i)) {
      carry(end);
      read.push_back(end);
    }
    if (carrier) plan_.equal_scales.push_back(std::move(read));
  }

  const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes_;
  std::unordered_map<std::string, const onnx::TensorProto*> stored_;
  std::unordered_set<std::string> outputs_, carries_;
  std::unordered_map<std::string, std::vector<std::size_t>> readers_;
  std::vector<std::string> order_;
  std::vector<bool> wanted_;
  MessagePlan plan_;
};

}  // namespace

MessagePlan plan_message(const OnnxMessage& message) { return Planner(message).run(); }

}  // namespace inferometer::formats
