/// Read and write Caffe networks: deploy.prototxt and .caffemodel.
///
/// Names. A layer's name becomes its node's name, and every tensor stands under the name of the Caffe layer that owns its blob:
/// "NAME.weight" and "NAME.bias" of a convolution, inner product or Scale, "NAME.running_mean" and "NAME.running_var" of a
/// BatchNorm. So the pair of layers bn2a_branch1 (BatchNorm) and scale2a_branch1 (Scale) is one node bn2a_branch1 with the
/// tensors scale2a_branch1.weight, scale2a_branch1.bias, bn2a_branch1.running_mean and bn2a_branch1.running_var. The zoo's Caffe
/// networks are named by the same rule.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::formats {

/// Read a prototxt as it runs at inference, with its weights. Takes `layer` and the older `layers` definitions, `input` with
/// `input_dim` or `input_shape`, and Input layers. Layers that are there for training alone (by phase, losses, accuracy) are left
/// out. Poolings keep Caffe's rounding. Dropout becomes Identity. A BatchNorm and the Scale behind it become one BatchNorm; where the
/// file has only one of the two, the other's tensors are constants. Convolutions of another type than Convolution keep it as
/// Node::layer_type. The batch is free, whatever the file declares. Outputs are what no layer reads, named after their layer.
/// @param weights  empty: only the graph is read, and the model has no weights. Layers that the prototxt lacks are ignored, as
///                 Caffe does (a caffemodel keeps the heads that trained it).
/// Throws Error{input} naming file, layer and what is wrong (a layer without weights, weights of another shape, training data
/// instead of an input, ...), Error{unsupported} naming the layer and its type, or the field that is not known.
graph::Model read_caffe(const std::filesystem::path& prototxt, const std::filesystem::path& weights = {});

/// How a prototxt says that its network was fed: (value - mean) x scale, blue first, of values 0 to 255.
struct CaffeTransform {
  double scale = 1;
  std::vector<double> mean;    ///< none, one, or one a channel
  std::int64_t crop_size = 0;  ///< 0: none
  std::string mean_file;       ///< of pixels' means; not read
};
/// The transform_param of the first layer that has one and runs at inference; nullopt where none has. Throws as read_caffe() for what is no
/// prototxt.
std::optional<CaffeTransform> read_caffe_transform(const std::filesystem::path& prototxt);

/// Give a graph that follows the rule of names the weights of a caffemodel; constants keep the graph's own values.
/// Every blob is accounted for: throws Error{input} naming each layer that is missing, extra or of another shape (at most five,
/// then a count). Layers whose names begin with one of `training_only` may be there or not.
graph::Weights read_caffe_weights(const std::filesystem::path& caffemodel, const graph::Graph& graph,
                                  const std::vector<std::string>& training_only = {});

/// The caffemodel that belongs to a prototxt: of the same stem beside it, or the only one in its folder; empty where there is none.
/// Throws Error{input} naming the folder when there are several and none has the stem.
std::filesystem::path find_caffe_weights(const std::filesystem::path& prototxt);

/// Write a model as deploy.prototxt and .caffemodel that Caffe and OpenCV 4.6 read, with this batch in the input's shape.
/// Operators that Caffe lacks are written as groups of its layers where they can be (relu6, hard-swish, SiLU, ...). Two types of
/// layer are not BVLC's own, but of forks and of OpenCV: Permute, and ConvolutionDepthwise for every Node::layer_type.
/// Throws Error{unsupported} naming the node that Caffe's layers cannot say (an average pool that leaves padding out,
/// a pooling whose size differs from Caffe's rounded-up one, ...) or a caffemodel above 2 GB, Error{input} when a tensor has no
/// values, Error{io}. Both files appear, or neither.
void write_caffe(const graph::Model& model, const std::filesystem::path& prototxt, const std::filesystem::path& weights,
                 std::int64_t batch = 1);

}  // namespace inferometer::formats
