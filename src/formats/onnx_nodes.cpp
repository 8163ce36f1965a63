#include "formats/onnx.h"
#include "formats/onnx_file.h"

namespace inferometer::formats {

std::vector<FileNode> list_onnx_nodes(const std::filesystem::path& path) {
  const OnnxFile file = open_onnx(path, OnnxData::dropped);
  std::vector<FileNode> nodes;
  for (const auto& node : file.model.graph().node()) {
    nodes.push_back(
        {node.name(), node.op_type(), {node.input().begin(), node.input().end()}, {node.output().begin(), node.output().end()}});
  }
  return nodes;
}

}  // namespace inferometer::formats
