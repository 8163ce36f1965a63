/// Choose the weights of a zoo network.
#pragma once

#include <cstdint>
#include <string>

#include "graph/graph.h"
#include "zoo/zoo.h"

namespace inferometer::measure {

/// Synthetic ones, or those of a file.
struct WeightsChoice {
  std::uint64_t seed = 1;  ///< of synthetic weights
  std::string path = {};   ///< checkpoint, .safetensors or .caffemodel; empty: synthetic
};

/// "random:1", or the path.
std::string to_string(const WeightsChoice& choice);

/// Throws what reading throws (formats/weights.h).
graph::Weights weights_of(const zoo::Network& network, const graph::Graph& graph, const WeightsChoice& choice);

}  // namespace inferometer::measure
