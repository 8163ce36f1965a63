/// Read weights for a network that is known, from whatever kind of file holds them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::formats {

/// Values of every parameter, buffer and constant of the graph, by name: from a torch checkpoint or .safetensors, told by its
/// content (checkpoint.h), or from a .caffemodel, told by its ending, since such a file has no mark (caffe.h).
/// @param training_only  prefixes of tensors or layers that belong to heads which only train: they may be there or not
/// Throws Error{input} naming the file and each tensor that is missing, extra or of another shape; what reading throws.
graph::Weights read_weights(const std::filesystem::path& path, const graph::Graph& graph,
                            const std::vector<std::string>& training_only = {});

}  // namespace inferometer::formats
