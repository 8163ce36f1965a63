/// Read from an ONNX file what it declares of its inputs and outputs, before a framework loads it.
///
/// ONNX Runtime fixes a dynamic dimension only by its name and only before the model is loaded, OpenCV not at all; loading
/// twice to learn the names would spoil load time and memory. This walks the protobuf's wire format (onnx.proto, ModelProto)
/// and touches no weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/element_type.h"

namespace inferometer::engine {

struct DeclaredDimensions {
  std::string name;                  ///< of the input
  Shape shape;                       ///< -1: dynamic
  std::vector<std::string> symbols;  ///< one per dimension; "" where it is fixed or has no name
  std::int64_t element_type = 0;     ///< TensorProto.DataType; 0: not said
};

struct OnnxDeclaration {
  std::vector<DeclaredDimensions> inputs;  ///< in file order, initialisers excluded
  std::vector<std::string> outputs;        ///< names in file order
  bool half_weights = false;               ///< some initialiser is float16
  bool bfloat_weights = false;             ///< some initialiser is bfloat16
  bool external_data = false;              ///< some initialiser lies in another file
};

/// What can be read; an empty declaration when the file is no ONNX model (the framework then says what is wrong with it).
/// Never throws for the file's content.
OnnxDeclaration read_declaration(const std::filesystem::path& path);

/// The same from bytes in memory.
OnnxDeclaration parse_declaration(std::string_view bytes);

}  // namespace inferometer::engine
