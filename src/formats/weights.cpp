#include "formats/weights.h"

#include "base/files.h"
#include "base/text.h"
#include "formats/caffe.h"
#include "formats/checkpoint.h"

namespace inferometer::formats {

graph::Weights read_weights(const std::filesystem::path& path, const graph::Graph& graph, const std::vector<std::string>& training_only) {
  require_readable_file(path);
  if (lower(path.extension().string()) == ".caffemodel") return read_caffe_weights(path, graph, training_only);
  return assign_weights(graph, read_checkpoint(path), training_only);
}

}  // namespace inferometer::formats
