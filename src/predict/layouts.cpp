#include "predict/layouts.h"

#include <algorithm>

#include "graph/overloaded.h"

namespace inferometer::predict {
namespace {

using graph::Node;
using graph::TensorId;

enum class Layout { plain, blocks };

class Tracker {
 public:
  explicit Tracker(const ShapedGraph& net) : net_(net), layouts_(net.graph.tensors.size(), Layout::plain) {}

  std::vector<LayoutChange> changes() {
    std::vector<bool> changed(net_.graph.tensors.size(), false);
    const auto read = [&](TensorId id, Layout wanted, std::size_t reader) {
      if (!is_map(id) || layouts_[id] == wanted || changed[id]) return;
      changed[id] = true;
      changes_.push_back({id, reader, wanted == Layout::blocks});
    };
    for (std::size_t i = 0; i < net_.graph.nodes.size(); ++i) {
      const Node& node = net_.graph.nodes[i];
      const auto [reads, writes] = layouts_of(node);
      for (const TensorId id : node.inputs) read(id, reads, i);
      for (const TensorId id : node.outputs) layouts_[id] = writes;
    }
    for (const TensorId id : net_.graph.outputs) read(id, Layout::plain, net_.graph.nodes.size());
    return std::move(changes_);
  }

 private:
  struct Layouts {
    Layout reads, writes;
  };

  bool is_map(TensorId id) const {
    if (id == graph::kNoTensor || net_.stored(id)) return false;
    const Shape& shape = net_.shapes[id];
    return shape.size() == 4 && shape[2] * shape[3] > 1;
  }
  std::int64_t channels(TensorId id) const {
    const Shape& shape = net_.shapes[id];
    return shape.size() > 1 ? shape[1] : 1;
  }
  static Layouts both(bool blocks) {
    const Layout layout = blocks ? Layout::blocks : Layout::plain;
    return {layout, layout};
  }

  /// In blocks if all maps that it reads are.
  Layouts as_inputs(const Node& node) const {
    return both(std::all_of(node.inputs.begin(), node.inputs.end(), [&](TensorId id) {
      return id == graph::kNoTensor || net_.stored(id) || (is_map(id) && layouts_[id] == Layout::blocks);
    }));
  }

  Layouts layouts_of(const Node& node) const {
    return std::visit(graph::Overloaded{
                          [&](const graph::Conv& conv) { return convolution(node, conv.groups); },
                          [&](const graph::MaxPool&) { return both(channels(node.inputs[0]) % net_.block_channels == 0); },
                          [&](const graph::AveragePool&) { return both(channels(node.inputs[0]) % net_.block_channels == 0); },
                          [&](const graph::GlobalAveragePool&) { return both(channels(node.inputs[0]) % net_.block_channels == 0); },
                          [&](const graph::AdaptiveAveragePool& pool) {
                            return both(pool.height == 1 && pool.width == 1 && channels(node.inputs[0]) % net_.block_channels == 0);
                          },
                          [&](const graph::BatchNorm&) { return as_inputs(node); },
                          [&](const graph::Identity&) { return as_inputs(node); },
                          [&](const graph::Activation&) { return as_inputs(node); },
                          [&](const graph::Add&) {
                            const bool same = net_.shapes[node.inputs[0]] == net_.shapes[node.inputs[1]];
                            return same && !net_.stored(node.inputs[0]) && !net_.stored(node.inputs[1]) ? as_inputs(node) : both(false);
                          },
                          [&](const graph::Concat& concat) {
                            const bool whole = concat.axis == 1 && std::all_of(node.inputs.begin(), node.inputs.end(), [&](TensorId id) {
                                                 return channels(id) % net_.block_channels == 0;
                                               });
                            return whole ? as_inputs(node) : both(false);
                          },
                          [&](const auto&) { return both(false); },
                      },
                      node.op);
  }

  Layouts convolution(const Node& node, std::int64_t groups) const {
    const std::int64_t in = channels(node.inputs[0]), out = channels(node.outputs[0]);
    if (groups > 1) {
      const bool depthwise = groups == in && out == in;
      return both(depthwise ? out % kChannelsOfBlocked == 0
                            : in / groups % net_.block_channels == 0 && out / groups % net_.block_channels == 0);
    }
    if (in <= kChannelsOfBlocked) return {Layout::plain, Layout::blocks};
    return both(in % kChannelsOfBlocked == 0);
  }

  const ShapedGraph& net_;
  std::vector<Layout> layouts_;  ///< by tensor, as its node writes it
  std::vector<LayoutChange> changes_;
};

}  // namespace

std::vector<LayoutChange> layout_changes(const ShapedGraph& net) { return Tracker(net).changes(); }

}  // namespace inferometer::predict
