/// Read and write Caffe networks: deploy.prototxt and .caffemodel.
#pragma once

#include <filesystem>

#include "graph/graph.h"

namespace inferometer::formats {

/// Read a deploy prototxt with its weights. Takes `layer` and the older `layers` (V1) definitions, `input`/`input_dim`/
/// `input_shape` and Input layers. A BatchNorm and the Scale behind it become one BatchNorm; poolings keep Caffe's rounding;
/// Dropout becomes Identity; in-place layers are told apart by layer name. Layers' names become nodes' names, "NAME.weight" and
/// "NAME.bias" those of their parameters. The batch is free, whatever the file declares.
/// @param weights  empty: only the graph is read, and the model has no weights
/// Throws Error{input} naming file, layer and what is wrong (a layer without weights, weights of another shape, ...),
/// Error{unsupported} naming the layer and its type.
graph::Model read_caffe(const std::filesystem::path& prototxt, const std::filesystem::path& weights = {});

/// Write a model as deploy.prototxt and .caffemodel that Caffe and OpenCV read, with this batch in the input's shape.
/// Throws Error{unsupported} naming the node that Caffe's layers cannot say (an average pool that leaves padding out,
/// a floor-mode pooling whose size differs from Caffe's rounded-up one, ...), Error{io}. Both files appear, or neither.
void write_caffe(const graph::Model& model, const std::filesystem::path& prototxt, const std::filesystem::path& weights,
                 std::int64_t batch = 1);

}  // namespace inferometer::formats
