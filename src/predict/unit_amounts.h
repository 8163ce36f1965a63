/// Charge one node of a graph to columns.
///
/// Internal to predict: units.cpp decides which nodes a unit has, this file what they amount to.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "predict/units.h"

namespace inferometer::predict {

/// Dense and depthwise convolutions read blocks, the last one filled up, where channels come in fours.
inline constexpr std::int64_t kChannelsOfBlocked = 4;

/// A graph with the shapes of its tensors at the batch in question, and how the CPU's kernels lay maps out.
struct ShapedGraph {
  const graph::Graph& graph;
  const std::vector<Shape>& shapes;
  std::int64_t block_channels;  ///< channels of a block where maps are laid out in blocks

  double lanes() const { return static_cast<double>(block_channels); }

  double elements(graph::TensorId id) const;
  double megabytes(graph::TensorId id) const;  ///< of f32
  bool stored(graph::TensorId id) const;
  /// Of one value a channel (or features): what passes over it costs a call, whatever its size.
  bool is_vector(graph::TensorId id) const;
};

/// The unit that this node begins, without what is fused to it.
Unit unit_of(const ShapedGraph& net, const graph::Node& node);

/// Charge an activation of `map` to the unit that it is fused behind.
void add_activation(Unit& unit, const ShapedGraph& net, const graph::Activation& activation, graph::TensorId map);
/// Charge an addition that is fused behind the unit, and whose other operand is of so many megabytes.
void add_residual(Unit& unit, double megabytes);

/// A map that is laid out anew before `layer` reads it.
Unit reorder_unit(const ShapedGraph& net, graph::TensorId map, bool to_blocks, const std::string& layer);

}  // namespace inferometer::predict
