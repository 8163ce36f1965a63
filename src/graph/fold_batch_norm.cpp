#include "graph/fold_batch_norm.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::graph {

namespace {

class Folder {
 public:
  explicit Folder(Model model) : model_(std::move(model)) {
    for (const Node& node : graph().nodes) {
      for (const TensorId id : node.inputs) {
        if (id != kNoTensor) ++readers_[id];
      }
    }
    for (const TensorId id : graph().outputs) ++readers_[id];
    for (const Tensor& tensor : graph().tensors) names_.insert(tensor.name);
  }

  Model run() {
    std::unordered_map<TensorId, std::size_t> makers;
    std::vector<bool> folded(graph().nodes.size(), false);
    for (std::size_t i = 0; i < graph().nodes.size(); ++i) {
      for (const TensorId id : graph().nodes[i].outputs) makers[id] = i;
    }
    for (std::size_t i = 0; i < graph().nodes.size(); ++i) {
      const Node& node = graph().nodes[i];
      if (!std::holds_alternative<BatchNorm>(node.op)) continue;
      const auto maker = makers.find(node.inputs[0]);
      if (maker == makers.end() || readers_.at(node.inputs[0]) != 1) continue;
      Node& conv = graph().nodes[maker->second];
      if (!std::holds_alternative<Conv>(conv.op) || !may_change(conv)) continue;
      fold(conv, node);
      folded[i] = true;
    }
    std::vector<Node> kept;
    for (std::size_t i = 0; i < folded.size(); ++i) {
      if (!folded[i]) kept.push_back(std::move(graph().nodes[i]));
    }
    graph().nodes = std::move(kept);
    return std::move(model_);
  }

 private:
  Graph& graph() { return model_.graph; }

  /// Its weight, and bias if it has one, are stored and its own.
  bool may_change(const Node& conv) const {
    for (std::size_t i = 1; i < conv.inputs.size(); ++i) {
      const TensorId id = conv.inputs[i];
      if (id != kNoTensor && (!is_stored(model_.graph.tensors[id].role) || readers_.at(id) != 1)) return false;
    }
    return true;
  }

  Array& values(TensorId id) {
    const Tensor& tensor = graph().tensors[id];
    const auto found = model_.weights.find(tensor.name);
    if (found == model_.weights.end() || found->second.shape != tensor.shape || found->second.type != ElementType::f32)
      throw Error(ErrorCode::input, one_line(fmt::format("tensor {} has no f32 values of shape {}", tensor.name, to_string(tensor.shape))));
    return found->second;
  }

  TensorId bias_of(Node& conv, std::int64_t channels) {
    if (conv.inputs.size() > 2 && conv.inputs[2] != kNoTensor) return conv.inputs[2];
    Tensor bias;
    bias.name = conv.name + ".bias";
    for (int i = 1; !names_.insert(bias.name).second; ++i) bias.name = fmt::format("{}.bias.{}", conv.name, i);
    bias.shape = {channels};
    bias.role = Role::parameter;
    model_.weights[bias.name] = {ElementType::f32, bias.shape, std::vector<std::byte>(static_cast<std::size_t>(channels) * sizeof(float))};
    graph().tensors.push_back(bias);
    conv.inputs.resize(3, kNoTensor);
    conv.inputs[2] = graph().tensors.size() - 1;
    readers_[conv.inputs[2]] = 1;
    return conv.inputs[2];
  }

  void fold(Node& conv, const Node& norm) {
    const double epsilon = std::get<BatchNorm>(norm.op).epsilon;
    Array& weight = values(conv.inputs[1]);
    const std::int64_t channels = weight.shape[0];
    float* bias = values(bias_of(conv, channels)).floats();
    const float *scale = values(norm.inputs[1]).floats(), *shift = values(norm.inputs[2]).floats(), *mean = values(norm.inputs[3]).floats(),
                *variance = values(norm.inputs[4]).floats();
    const std::int64_t each = element_count(weight.shape) / channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const double factor = scale[c] / std::sqrt(static_cast<double>(variance[c]) + epsilon);
      for (std::int64_t i = 0; i < each; ++i) {
        float& value = weight.floats()[c * each + i];
        value = static_cast<float>(value * factor);
      }
      bias[c] = static_cast<float>((static_cast<double>(bias[c]) - mean[c]) * factor + shift[c]);
    }
    conv.outputs[0] = norm.outputs[0];
  }

  Model model_;
  std::unordered_map<TensorId, int> readers_;  // nodes, and the outputs of the graph
  std::unordered_set<std::string> names_;
};

}  // namespace

Model fold_batch_norms(Model model) { return Folder(std::move(model)).run(); }

}  // namespace inferometer::graph
