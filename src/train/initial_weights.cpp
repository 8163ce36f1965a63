#include "train/initial_weights.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "formats/checkpoint.h"
#include "formats/weights.h"
#include "graph/overloaded.h"
#include "stats/random.h"
#include "zoo/synthetic_weights.h"

namespace inferometer::train {
namespace {

using graph::Graph;
using graph::Node;
using graph::TensorId;

/// FNV-1a, 64 bits: the stream of a tensor.
std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

/// Writes into weights that have every tensor already.
class Filler {
 public:
  Filler(const Graph& graph, graph::Weights& weights, std::uint64_t seed) : graph_(graph), weights_(weights), seed_(seed) {}

  void fill(const Node& node) {
    std::visit(graph::Overloaded{
                   [&](const graph::Conv&) {
                     uniform(node, 1, std::sqrt(6 / fan_in(node)));
                     constant(node, 2, 0);
                   },
                   [&](const graph::Linear&) {
                     const double bound = 1 / std::sqrt(fan_in(node));
                     uniform(node, 1, bound);
                     uniform(node, 2, bound);
                   },
                   [&](const graph::BatchNorm&) {
                     constant(node, 1, 1);
                     constant(node, 2, 0);
                     constant(node, 3, 0);
                     constant(node, 4, 1);
                   },
                   [&](const graph::LayerNorm&) {
                     constant(node, 1, 1);
                     constant(node, 2, 0);
                   },
                   [&](const graph::Activation& activation) {
                     if (activation.kind == graph::ActivationKind::prelu_shared) constant(node, 1, 0.25f);
                   },
                   [](const auto&) {},
               },
               node.op);
  }

 private:
  /// The values of an input that is the network's to learn; nothing for one that is absent, computed or fixed.
  std::optional<std::pair<const graph::Tensor*, float*>> values(const Node& node, std::size_t input) {
    if (input >= node.inputs.size() || node.inputs[input] == graph::kNoTensor) return std::nullopt;
    const graph::Tensor& tensor = graph_.tensors[node.inputs[input]];
    const bool learned = tensor.role == graph::Role::parameter || tensor.role == graph::Role::buffer;
    if (!learned || tensor.type != ElementType::f32 || !tensor.values.empty()) return std::nullopt;
    return std::pair{&tensor, weights_.at(tensor.name).floats()};
  }

  void constant(const Node& node, std::size_t input, float value) {
    if (const auto found = values(node, input)) std::fill_n(found->second, element_count(found->first->shape), value);
  }

  void uniform(const Node& node, std::size_t input, double bound) {
    const auto found = values(node, input);
    if (!found) return;
    stats::CounterRandom random(seed_, hash_name(found->first->name));
    const std::int64_t count = element_count(found->first->shape);
    for (std::int64_t i = 0; i < count; ++i) found->second[i] = static_cast<float>((2 * random.uniform() - 1) * bound);
  }

  /// Inputs of one output: all dimensions of the weight but the first.
  double fan_in(const Node& node) const {
    const Shape& shape = graph_.tensors[node.inputs[1]].shape;
    return static_cast<double>(element_count(shape) / shape.front());
  }

  const Graph& graph_;
  graph::Weights& weights_;
  std::uint64_t seed_;
};

bool differs_in_first_dimension_alone(const Shape& a, const Shape& b) {
  return a.size() == b.size() && !a.empty() && a.front() != b.front() && std::equal(a.begin() + 1, a.end(), b.begin() + 1);
}

/// Parameters of the last node that has some: the layer that gives the classes.
std::vector<const graph::Tensor*> last_layer(const Graph& graph) {
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    std::vector<const graph::Tensor*> parameters;
    for (const TensorId id : node->inputs)
      if (id != graph::kNoTensor && graph.tensors[id].role == graph::Role::parameter) parameters.push_back(&graph.tensors[id]);
    if (!parameters.empty()) return parameters;
  }
  return {};
}

}  // namespace

graph::Weights initial_weights(const Graph& graph, std::uint64_t seed) {
  graph::Weights weights = zoo::synthetic_weights(graph, seed);
  Filler filler(graph, weights, seed);
  for (const Node& node : graph.nodes) filler.fill(node);
  return weights;
}

FileWeights weights_from_file(const zoo::Network& network, const Graph& graph, const std::filesystem::path& file, std::uint64_t seed) {
  if (lower(file.extension().string()) == ".caffemodel") return {formats::read_weights(file, graph, network.training_only), {}};
  formats::Checkpoint checkpoint = formats::read_checkpoint(file);
  FileWeights result;
  graph::Weights drawn;
  for (const graph::Tensor* tensor : last_layer(graph)) {
    const auto found = checkpoint.tensors.find(tensor->name);
    if (found == checkpoint.tensors.end() || !differs_in_first_dimension_alone(found->second.shape, tensor->shape)) continue;
    if (drawn.empty()) drawn = initial_weights(graph, seed);
    found->second = drawn.at(tensor->name);
    result.begun_anew.push_back(tensor->name);
  }
  result.weights = formats::assign_weights(graph, std::move(checkpoint), network.training_only);
  return result;
}

}  // namespace inferometer::train
