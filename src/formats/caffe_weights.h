/// Read the blobs of a caffemodel.
///
/// Internal to formats.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::formats {

/// The blobs of each layer that has some, as f32. Shapes are the file's; older ones have four dimensions with ones in front.
using CaffeBlobs = std::map<std::string, std::vector<graph::Array>, std::less<>>;

/// Throws Error{input} naming the file when it is missing, cut off or no caffemodel; Error{unsupported} above 2 GB.
CaffeBlobs read_caffemodel(const std::filesystem::path& path);

/// What becomes of layers that the graph does not have.
enum class ExtraLayers : std::uint8_t { ignored, refused };

/// Give the graph's parameters and buffers the blobs that their names mean (formats/caffe.h); constants keep the graph's values.
/// BatchNorm's statistics are divided by the factor that the file has beside them. Throws as read_caffe_weights().
graph::Weights assign_blobs(const std::filesystem::path& path, CaffeBlobs blobs, const graph::Graph& graph, ExtraLayers extra,
                            const std::vector<std::string>& training_only);

}  // namespace inferometer::formats
