/// Charge one node of a graph to columns.
///
/// Internal to predict: units.cpp decides which nodes a unit has, this file what they amount to.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "predict/units.h"

namespace inferometer::predict {

/// A graph with the shapes of its tensors at the batch in question.
struct ShapedGraph {
  const graph::Graph& graph;
  const std::vector<Shape>& shapes;

  double elements(graph::TensorId id) const;
  double megabytes(graph::TensorId id) const;  ///< of f32
  bool stored(graph::TensorId id) const;
};

/// The unit that this node begins, without what is fused to it.
Unit unit_of(const ShapedGraph& net, const graph::Node& node);

/// Charge an activation that is fused behind the unit, or an addition whose other operand is `residual`.
void add_activation(Unit& unit, const graph::Activation& activation, double megabytes);
void add_residual(Unit& unit, double megabytes);

}  // namespace inferometer::predict
