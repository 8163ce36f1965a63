/// Check one node and infer the shapes of its outputs; infer_shapes() and Builder are made of these.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::graph {

/// How messages name a node: "alexnet: features.12 (MaxPool)".
std::string describe(const Graph& graph, const Node& node);

/// Throw Error{input} when the operator does not take that many inputs or give that many outputs, an input that it needs
/// is absent, or an id is out of range.
void check_arity(const Graph& graph, const Node& node);

/// @param shapes  by TensorId; those of the node's inputs are concrete. check_arity() must have passed.
/// Throws Error{input} naming the node: attributes out of range, shapes that disagree, nothing left, sizes beyond 63 bits.
std::vector<Shape> infer_node_shapes(const Graph& graph, const Node& node, std::span<const Shape> shapes);

}  // namespace inferometer::graph
