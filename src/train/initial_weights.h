/// Give a network the values that its training begins with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "zoo/zoo.h"

namespace inferometer::train {

/// Values by the role that a tensor has in its operator, from a counter-based generator (seed, tensor name, index), so that they are the
/// same on every platform:
///   convolution  weights uniform in +-sqrt(6 / fan_in) (He, Zhang, Ren, Sun 2015, for rectifiers), bias 0
///   linear       weights and bias uniform in +-1 / sqrt(fan_in), PyTorch's own rule for its Linear
///   BatchNorm    scale 1, bias 0, mean 0, variance 1;  LayerNorm  scale 1, bias 0;  PReLU  slope 0.25
/// Constants and tables are the architecture's; what is none of these (a class token, a position embedding) keeps the zoo's rule
/// (zoo/synthetic_weights.h).
graph::Weights initial_weights(const graph::Graph& graph, std::uint64_t seed);

struct FileWeights {
  graph::Weights weights;
  std::vector<std::string> begun_anew;  ///< tensors of the last layer, where the file is for another number of classes
};

/// Those of a file, to go on from. A tensor of the layer that gives the classes whose shape differs in their number alone is drawn as
/// initial_weights() does. Throws what reading throws (formats/weights.h); such a layer of a .caffemodel is not replaced.
FileWeights weights_from_file(const zoo::Network& network, const graph::Graph& graph, const std::filesystem::path& file,
                              std::uint64_t seed);

}  // namespace inferometer::train
