/// List the layers of a model's file, with every name that an engine may have for them.
#pragma once

#include <vector>

#include "engine/engine.h"
#include "formats/onnx.h"
#include "measure/layers.h"

namespace inferometer::measure {

/// The layers are those of the Graph, with their multiply-accumulates; nodes of the file that compute one of them together (a
/// normalisation written as nine) are names of it. Where Graph lacks an operator, the file's nodes are the layers, without
/// multiply-accumulates. Throws Error{input} for a file that cannot be read.
Network network_of(const engine::ModelFile& file);

/// The same of a graph, and of the nodes of the file that it was read from.
Network network_of(const graph::Graph& graph, const std::vector<formats::FileNode>& nodes);
/// The same of the file's nodes alone, and the names of the file's inputs.
Network network_of(const std::vector<formats::FileNode>& nodes, const std::vector<std::string>& inputs);

}  // namespace inferometer::measure
