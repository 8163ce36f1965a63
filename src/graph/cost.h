/// Count what a network costs: parameters, multiply-accumulates, element-wise operations, activations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::graph {

/// All figures are exact integers, per image. Rules: spec of the project in docs/cost.md.
struct Cost {
  std::int64_t parameters = 0;              ///< elements of Role::parameter tensors; a shared tensor counts once, where first used
  std::int64_t macs = 0;                    ///< convolutions, linear layers, products of two activations; no bias
  std::int64_t elementwise_operations = 0;  ///< BN, activations, pooling, additions, ...: one per output element (pooling: per window cell)
  std::int64_t activations = 0;             ///< elements of convolution and linear outputs
};

struct LayerCost {
  std::string layer;   ///< node name
  std::string op;      ///< name_of(operator)
  Shape output_shape;  ///< at batch 1
  Cost cost;
};

struct CostTable {
  std::vector<LayerCost> layers;  ///< one per node, in graph order
  Cost total;                     ///< the sum of layers
};

/// Throws what infer_shapes() throws, and Error{input} if a figure leaves 63 bits.
CostTable compute_cost(const Graph& graph);

}  // namespace inferometer::graph
