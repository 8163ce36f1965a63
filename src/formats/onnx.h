/// Read and write ONNX files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::formats {

struct OnnxWriteOptions {
  std::int64_t batch = graph::kBatch;  ///< kBatch writes the symbolic dimension `N`
  std::string producer_version;        ///< of inferometer
  /// f32, or f16: the file asks for arithmetic in half precision (formats/half_precision.h); inputs and outputs stay f32.
  ElementType floats = ElementType::f32;
};

/// Write a model (opset 10, IR 6, initialisers inside the file) that ONNX Runtime, OpenVINO and OpenCV 4.6 read.
///
/// Opset 10 is the newest in which Clip, Pad and Split have attributes (OpenCV 4.6 refuses Clip with inputs, which is how
/// opset 11 has it) and the oldest in which poolings have ceil_mode. Operators of Graph that it lacks are written as groups of
/// nodes, marked so that read_onnx() gives back the same Graph: the cost of the file equals the original's.
/// Poolings whose rounded-up window reaches beyond what engines agree on are written with explicit pads.
/// Needs one copy of the weights, the model's (as f16 a second, of half the size). The file appears whole or not at all. Throws Error{io};
/// Error{input} when a tensor has no values or values of another shape; Error{unsupported} above 2 GB or for what the opset cannot say.
void write_onnx(const graph::Model& model, const std::filesystem::path& path, const OnnxWriteOptions& options = {});

struct OnnxReadOptions {
  /// Shapes for inputs with dynamic dimensions other than the batch, by input name. A first dimension of kBatch stays free.
  std::map<std::string, Shape, std::less<>> input_shapes;
};

/// Read a model as a Graph with its weights. Accepts initialisers and Constant nodes, opset 7 to 21 as far as
/// Graph has the operators, external data files beside the model, and the shape-computing chains that exporters write.
///
/// Roles: weights of convolutions, linear layers and normalisations are parameters, BatchNorm's running statistics buffers.
/// Stored data that is added, multiplied, ... is a parameter when it is a float initialiser of more than one element, else a
/// constant; our own exports say the role themselves. An Identity of stored data is a tensor of its own (that is how PyTorch's
/// exporter writes parameters that happen to have equal values). f16, bf16 and f64 data becomes f32. A matrix product with a stored
/// matrix becomes Linear (its weight transposed, a following addition of a vector its bias); groups that exporters write for
/// LayerNorm, GELU, SiLU and hard-swish become that operator.
/// Throws Error{input} (no ONNX file, broken, cyclic) or Error{unsupported} naming node and operator.
graph::Model read_onnx(const std::filesystem::path& path, const OnnxReadOptions& options = {});

/// An input or output as the file declares it: -1 is a dynamic dimension.
struct OnnxTensor {
  std::string name;
  Shape shape;
  std::vector<std::string> dimension_names;  ///< symbolic name or "" for each dimension
  ElementType type = ElementType::f32;
};

/// What can be said of any ONNX file without understanding its operators.
struct OnnxSummary {
  std::vector<OnnxTensor> inputs;  ///< without initialisers
  std::vector<OnnxTensor> outputs;
  /// Operator that makes the first output, looked at through what leaves values as they are (Identity, Reshape, Flatten, Squeeze,
  /// Unsqueeze, Cast, QuantizeLinear, DequantizeLinear); empty where an input or a stored tensor is the output.
  std::string first_output_operator;
  bool half = false;       ///< some initialiser is f16
  bool quantized = false;  ///< has Q/DQ, QLinear* or *Integer nodes: int8, whatever a framework reports
  std::int64_t opset = 0;
  std::vector<std::string> operators;                ///< distinct, sorted
  std::vector<std::filesystem::path> external_data;  ///< files the model refers to, absolute

  bool low_precision() const { return half || quantized; }
};

/// Throws as read_onnx does for files that are no ONNX; weights are not copied.
OnnxSummary summarize_onnx(const std::filesystem::path& path);

/// A node as the file has it; names of absent optional tensors are empty.
struct FileNode {
  std::string name, op;                      ///< name may be empty or repeated
  std::vector<std::string> inputs, outputs;  ///< names of tensors
};

/// The main graph's nodes in file order, which is topological. Throws as read_onnx does for files that are no ONNX; weights are not read.
std::vector<FileNode> list_onnx_nodes(const std::filesystem::path& path);

/// Copy a model with its batch dimension (first dimension of every input, and outputs' symbolic ones) fixed, for
/// engines that cannot fix it at load. External data moves into the copy, since engines look for it beside the model only.
/// Throws as above; Error{unsupported} "batch fixed at 1" when the file has another batch, or above 2 GB.
void write_onnx_with_batch(const std::filesystem::path& from, const std::filesystem::path& to, std::int64_t batch);

}  // namespace inferometer::formats
