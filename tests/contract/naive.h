/// Compute a graph in double with the plainest loops, to know what an engine should have answered.
///
/// Shares nothing with engines/reference but the Graph: a mistake would have to be made twice to stay hidden.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace inferometer::contract {

/// @param inputs  one per graph input, for `batch` images
/// @return one per graph output
std::vector<std::vector<double>> compute_naively(const graph::Model& model, std::int64_t batch,
                                                 const std::vector<std::vector<float>>& inputs);

}  // namespace inferometer::contract
