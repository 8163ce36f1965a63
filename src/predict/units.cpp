#include "predict/units.h"

#include <algorithm>
#include <optional>
#include <set>

#include "predict/layouts.h"
#include "predict/unit_amounts.h"

namespace inferometer::predict {
namespace {

using graph::Node;
using graph::TensorId;

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
/// Weights are swept once a request. Of more than a cache holds, one that drops what was unused longest keeps nothing until it is needed
/// again, so all of it comes from behind that cache. Sizes: second level, a core's share of the third, and what exceeds any of them.
constexpr double kWeightsNearMb = 2, kWeightsSharedMb = 32, kWeightsMemoryMb = 200;

class Splitter {
 public:
  Splitter(const graph::Graph& graph, std::int64_t batch, std::int64_t block_channels)
      : shapes_(graph::infer_shapes(graph, batch)),
        net_{graph, shapes_, block_channels},
        consumers_(graph.tensors.size(), 0),
        consumer_(graph.tensors.size(), kNone),
        fused_(graph.nodes.size(), false) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      for (const TensorId id : graph.nodes[i].inputs) {
        if (id == graph::kNoTensor) continue;
        ++consumers_[id];
        consumer_[id] = i;
      }
    }
    for (const TensorId id : graph.outputs) consumers_[id] += 2;  // read from outside: nothing may be fused behind it
  }

  NetworkUnits split() {
    add_boundary("input", net_.graph.inputs);
    const std::vector<LayoutChange> changes = layout_changes(net_);
    auto change = changes.begin();
    for (std::size_t i = 0; i < net_.graph.nodes.size(); ++i) {
      for (; change != changes.end() && change->reader == i; ++change) add(*change, node(i).name);
      if (fused_[i]) continue;
      const Node& node = net_.graph.nodes[i];
      if (makes_constant(node)) continue;
      Unit unit = unit_of(net_, node);
      if (unit.kind == "identity") continue;
      fuse_behind(unit, i);
      result_.units.push_back(std::move(unit));
    }
    for (; change != changes.end(); ++change) add(*change, "output");
    add_boundary("output", net_.graph.outputs);
    add_weights();
    result_.live_mb = most_alive();
    result_.block_channels = net_.block_channels;
    return std::move(result_);
  }

 private:
  const Node& node(std::size_t i) const { return net_.graph.nodes[i]; }

  void add(const LayoutChange& change, const std::string& layer) {
    result_.units.push_back(reorder_unit(net_, change.map, change.to_blocks, layer));
  }

  /// Everything that it reads is stored: engines compute it once, while loading.
  bool makes_constant(const Node& n) const {
    return std::all_of(n.inputs.begin(), n.inputs.end(), [&](TensorId id) { return id == graph::kNoTensor || net_.stored(id); });
  }

  std::optional<std::size_t> only_consumer(std::size_t i) const {
    const TensorId id = node(i).outputs[0];
    if (consumers_[id] != 1) return std::nullopt;
    return consumer_[id];
  }

  /// The node that leaves `id`'s values, found behind what is dropped at inference.
  void fuse_behind(Unit& unit, std::size_t i) {
    std::size_t last = i;
    const bool convolution = std::holds_alternative<graph::Conv>(node(i).op);
    const bool takes_activation = convolution || std::holds_alternative<graph::BatchNorm>(node(i).op) ||
                                  std::holds_alternative<graph::Linear>(node(i).op) || std::holds_alternative<graph::Add>(node(i).op);
    const auto step = [&](auto accepts) {
      const std::optional<std::size_t> next = only_consumer(last);
      if (!next || fused_[*next] || !accepts(*next)) return false;
      fused_[*next] = true;
      last = *next;
      return true;
    };
    const auto is_norm = [&](std::size_t n) { return std::holds_alternative<graph::BatchNorm>(node(n).op); };
    const auto activates = [&](std::size_t n) {
      const auto* activation = std::get_if<graph::Activation>(&node(n).op);
      if (activation == nullptr) return false;
      add_activation(unit, net_, *activation, node(n).outputs[0]);
      return true;
    };
    const auto joins = [&](std::size_t n) {
      const TensorId here = node(last).outputs[0];
      if (!std::holds_alternative<graph::Add>(node(n).op) || !comes_last(n, last)) return false;
      const TensorId other = node(n).inputs[0] == here ? node(n).inputs[1] : node(n).inputs[0];
      if (net_.stored(other) || shapes_[other] != shapes_[here]) return false;
      add_residual(unit, net_.megabytes(other));
      return true;
    };
    if (convolution) step(is_norm);
    const bool activated = takes_activation && step(activates);
    if (convolution && !activated && step(joins)) step(activates);
    result_.activations_mb += net_.megabytes(node(last).outputs[0]);
  }

  /// Of an addition's two operands the one that is computed later is in its registers still.
  bool comes_last(std::size_t addition, std::size_t candidate) const {
    for (const TensorId id : node(addition).inputs) {
      for (std::size_t i = candidate + 1; i < addition; ++i) {
        if (std::find(node(i).outputs.begin(), node(i).outputs.end(), id) != node(i).outputs.end()) return false;
      }
    }
    return true;
  }

  void add_boundary(const char* kind, const std::vector<TensorId>& tensors) {
    Unit unit;
    unit.layer = unit.kind = kind;
    for (const TensorId id : tensors) unit.amounts[unit.kind + ".mb"] += net_.megabytes(id);
    if (unit.kind == "input") unit.amounts["network.count"] = 1;
    result_.units.push_back(std::move(unit));
  }

  void add_weights() {
    Unit unit;
    unit.layer = unit.kind = "weights";
    double total = 0;
    for (TensorId id = 0; id < net_.graph.tensors.size(); ++id) {
      if (net_.stored(id)) total += net_.megabytes(id);
    }
    result_.weights_mb = total;
    std::set<TensorId> linear;  // several layers may share one
    for (const Node& n : net_.graph.nodes) {
      if (!std::holds_alternative<graph::Linear>(n.op) && !std::holds_alternative<graph::MatMul>(n.op)) continue;
      for (const TensorId id : n.inputs)
        if (id != graph::kNoTensor && net_.stored(id)) linear.insert(id);
    }
    for (const TensorId id : linear) result_.linear_mb += net_.megabytes(id);
    const auto beyond = [&](const char* column, double cache_mb) {
      if (total > cache_mb) unit.amounts[column] = total;
    };
    beyond("weights.near_mb", kWeightsNearMb);
    beyond("weights.shared_mb", kWeightsSharedMb);
    beyond("weights.memory_mb", kWeightsMemoryMb);
    result_.units.push_back(std::move(unit));
  }

  double most_alive() const {
    std::vector<std::size_t> last_use(net_.graph.tensors.size(), 0);
    for (std::size_t i = 0; i < net_.graph.nodes.size(); ++i) {
      for (const TensorId id : node(i).inputs)
        if (id != graph::kNoTensor) last_use[id] = i;
      for (const TensorId id : node(i).outputs) last_use[id] = i;
    }
    for (const TensorId id : net_.graph.outputs) last_use[id] = net_.graph.nodes.size();
    double alive = 0, most = 0;
    std::vector<std::vector<TensorId>> ends(net_.graph.nodes.size() + 1);
    for (TensorId id = 0; id < net_.graph.tensors.size(); ++id) {
      if (!net_.stored(id)) ends[last_use[id]].push_back(id);
    }
    for (const TensorId id : net_.graph.inputs) alive += net_.megabytes(id);
    for (std::size_t i = 0; i < net_.graph.nodes.size(); ++i) {
      for (const TensorId id : node(i).outputs) alive += net_.megabytes(id);
      most = std::max(most, alive);
      for (const TensorId id : ends[i]) alive -= net_.megabytes(id);
    }
    return most;
  }

  std::vector<Shape> shapes_;
  ShapedGraph net_;
  std::vector<std::size_t> consumers_, consumer_;  ///< by tensor: how many nodes read it, and one of them
  std::vector<bool> fused_;                        ///< by node: part of an earlier unit
  NetworkUnits result_;
};

}  // namespace

NetworkUnits units_of(const graph::Graph& graph, std::int64_t batch, std::int64_t block_channels) {
  return Splitter(graph, batch, block_channels).split();
}

Amounts total_amounts(const NetworkUnits& network) {
  Amounts total;
  for (const Unit& unit : network.units)
    for (const auto& [column, amount] : unit.amounts) total[column] += amount;
  return total;
}

}  // namespace inferometer::predict
