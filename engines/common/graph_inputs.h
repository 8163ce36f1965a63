/// Fix the inputs of a Graph, for engines that execute one. Header only.
#pragma once

#include <cstddef>
#include <vector>

#include "common/input_shapes.h"
#include "graph/graph.h"

namespace inferometer::engine {

/// Put concrete dimensions where an input of the graph has dynamic ones; the batch, which infer_shapes() sets, stays.
/// Throws as concrete_input_shapes().
inline void fix_input_shapes(graph::Graph& graph, const SessionSettings& settings) {
  std::vector<DeclaredInput> declared;
  for (const graph::TensorId id : graph.inputs) declared.push_back({graph.tensors[id].name, graph.tensors[id].shape});
  const std::vector<Shape> shapes = concrete_input_shapes(declared, settings);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    Shape& shape = graph.tensors[graph.inputs[i]].shape;
    for (std::size_t axis = 1; axis < shape.size(); ++axis) shape[axis] = shapes[i][axis];
  }
}

}  // namespace inferometer::engine
