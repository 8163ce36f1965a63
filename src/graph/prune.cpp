#include "graph/prune.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace inferometer::graph {

void prune(Graph& graph) {
  std::vector<bool> needed(graph.tensors.size(), false), kept(graph.nodes.size(), false);
  for (const TensorId id : graph.outputs) needed[id] = true;
  for (const TensorId id : graph.inputs) needed[id] = true;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    kept[i] = std::any_of(node.outputs.begin(), node.outputs.end(), [&](TensorId id) { return needed[id]; });
    if (!kept[i]) continue;
    for (const TensorId id : node.outputs) needed[id] = true;
    for (const TensorId id : node.inputs)
      if (id != kNoTensor) needed[id] = true;
  }

  std::vector<TensorId> renumbered(graph.tensors.size(), kNoTensor);
  std::vector<Tensor> tensors;
  for (TensorId id = 0; id < graph.tensors.size(); ++id) {
    if (!needed[id]) continue;
    renumbered[id] = tensors.size();
    tensors.push_back(std::move(graph.tensors[id]));
  }
  graph.tensors = std::move(tensors);
  const auto renumber = [&](std::vector<TensorId>& ids) {
    for (TensorId& id : ids) id = id == kNoTensor ? id : renumbered[id];
  };
  std::vector<Node> nodes;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!kept[i]) continue;
    renumber(graph.nodes[i].inputs);
    renumber(graph.nodes[i].outputs);
    nodes.push_back(std::move(graph.nodes[i]));
  }
  graph.nodes = std::move(nodes);
  renumber(graph.inputs);
  renumber(graph.outputs);
}

void prune(Model& model) {
  prune(model.graph);
  std::unordered_set<std::string> names;
  for (const Tensor& tensor : model.graph.tensors) names.insert(tensor.name);
  std::erase_if(model.weights, [&](const auto& entry) { return !names.contains(entry.first); });
}

}  // namespace inferometer::graph
