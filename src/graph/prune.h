/// Drop what a network computes and nobody reads.
#pragma once

#include "graph/graph.h"

namespace inferometer::graph {

/// Drop nodes that no output needs, and tensors that no node uses; inputs stay. Ids change.
void prune(Graph& graph);
/// The same, and weights that are left without a tensor.
void prune(Model& model);

}  // namespace inferometer::graph
