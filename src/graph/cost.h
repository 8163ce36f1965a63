/// Count what a network costs: parameters, multiply-accumulates, element-wise operations, activations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::graph {

/// What parameters and macs count. docs/cost.md has the rules and their source.
enum class Convention : std::uint8_t {
  macs,  ///< torchvision's: learnable elements; multiply-accumulates of convolutions, linear layers, products of two activations
  /// DeepDetect's `model_complexity`, behind dd_performances' table: of each layer only its first blob counts, so biases never do;
  /// it is multiplied by the size of the map for layers of Caffe's type Convolution alone (Node::layer_type is empty).
  deepdetect,
};

/// All figures are exact integers, per image. Rules: docs/cost.md.
struct Cost {
  std::int64_t parameters = 0;              ///< elements; with Convention::macs a shared tensor counts once, where first used
  std::int64_t macs = 0;                    ///< multiply-accumulates, without bias
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

/// Element-wise operations and activations are the same by every convention.
/// Throws what infer_shapes() throws, and Error{input} if a figure leaves 63 bits.
CostTable compute_cost(const Graph& graph, Convention convention = Convention::macs);

}  // namespace inferometer::graph
