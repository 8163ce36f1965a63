#include "measure/layer_network.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "formats/onnx.h"
#include "graph/cost.h"

namespace inferometer::measure {
namespace {

using formats::FileNode;

void add_name(Network& network, const std::string& name, std::size_t layer) {
  if (!name.empty()) network.names.emplace(name, layer);
}

/// Layers and what they read from, by names of tensors.
class Wiring {
 public:
  /// @param given  the network's inputs
  explicit Wiring(std::vector<std::string> given) : given_(given.begin(), given.end()) {}

  void add(NetworkLayer layer, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
    const std::size_t index = network_.layers.size();
    layer.stored_only = true;
    for (const std::string& input : inputs) {
      if (given_.contains(input)) layer.stored_only = false;
      const auto found = maker_.find(input);
      if (found == maker_.end()) continue;
      layer.producers.push_back(found->second);
      layer.stored_only = layer.stored_only && network_.layers[found->second].stored_only;
    }
    add_name(network_, layer.name, index);
    for (const std::string& output : outputs) {
      add_name(network_, output, index);
      if (!output.empty()) maker_[output] = index;
    }
    network_.layers.push_back(std::move(layer));
  }
  Network& network() { return network_; }

 private:
  Network network_;
  std::unordered_set<std::string> given_;
  std::unordered_map<std::string, std::size_t> maker_;  // of a tensor
};

std::vector<std::string> names_of(const graph::Graph& graph, const std::vector<graph::TensorId>& ids) {
  std::vector<std::string> names;
  for (const graph::TensorId id : ids) names.push_back(id == graph::kNoTensor ? std::string() : graph.tensors[id].name);
  return names;
}

/// Give a layer the names of the file's nodes that lie between its outputs and what other layers give.
void add_names_within(Network& network, std::size_t layer, const std::vector<std::string>& outputs, const std::vector<FileNode>& nodes,
                      const std::unordered_map<std::string, std::size_t>& maker, const std::unordered_set<std::string>& borders) {
  std::unordered_set<std::size_t> seen;
  std::vector<std::string> open = outputs;
  while (!open.empty()) {
    const auto found = maker.find(open.back());
    open.pop_back();
    if (found == maker.end() || !seen.insert(found->second).second) continue;
    const FileNode& node = nodes[found->second];
    add_name(network, node.name, layer);
    for (const std::string& output : node.outputs) add_name(network, output, layer);
    for (const std::string& input : node.inputs) {
      if (!borders.contains(input)) open.push_back(input);
    }
  }
}

std::vector<std::optional<std::int64_t>> macs_of(const graph::Graph& graph) {
  std::vector<std::optional<std::int64_t>> macs(graph.nodes.size());
  try {
    const graph::CostTable table = graph::compute_cost(graph);
    for (std::size_t i = 0; i < macs.size(); ++i) macs[i] = table.layers[i].cost.macs;
  } catch (const Error&) {
    // Sizes that the file leaves open: layers without multiply-accumulates are still layers.
  }
  return macs;
}

}  // namespace

Network network_of(const graph::Graph& graph, const std::vector<formats::FileNode>& nodes) {
  const std::vector<std::optional<std::int64_t>> macs = macs_of(graph);
  const std::vector<std::string> given = names_of(graph, graph.inputs);
  Wiring wiring(given);
  std::unordered_set<std::string> borders(given.begin(), given.end());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    const std::vector<std::string> outputs = names_of(graph, node.outputs);
    borders.insert(outputs.begin(), outputs.end());
    wiring.add({node.name, std::string(graph::name_of(node.op)), macs[i], {}, false}, names_of(graph, node.inputs), outputs);
  }
  std::unordered_map<std::string, std::size_t> maker;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::string& output : nodes[i].outputs) maker[output] = i;
  }
  Network network = std::move(wiring.network());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    add_names_within(network, i, names_of(graph, graph.nodes[i].outputs), nodes, maker, borders);
  return network;
}

Network network_of(const std::vector<formats::FileNode>& nodes, const std::vector<std::string>& inputs) {
  Wiring wiring(inputs);
  for (const FileNode& node : nodes) {
    const std::string& name = !node.name.empty() || node.outputs.empty() ? node.name : node.outputs.front();
    wiring.add({name, node.op, std::nullopt, {}, false}, node.inputs, node.outputs);
  }
  return std::move(wiring.network());
}

Network network_of(const engine::ModelFile& file) {
  const std::vector<FileNode> nodes = file.kind == engine::ModelKind::onnx ? formats::list_onnx_nodes(file.path) : std::vector<FileNode>();
  try {
    return network_of(file.parse().graph, nodes);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported || nodes.empty()) throw;
    std::vector<std::string> inputs;
    for (const formats::OnnxTensor& input : formats::summarize_onnx(file.path).inputs) inputs.push_back(input.name);
    return network_of(nodes, inputs);
  }
}

}  // namespace inferometer::measure
