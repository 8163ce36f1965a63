/// Read from an ONNX file the names of its inputs' dimensions, before ONNX Runtime loads it.
///
/// ONNX Runtime fixes a dynamic dimension only by its name, and only before the model is loaded; loading twice to learn
/// the names would spoil load time and memory. This walks the protobuf's wire format (onnx.proto, ModelProto) and
/// touches no weights.
#pragma once

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
};

struct OnnxDeclaration {
  std::vector<DeclaredDimensions> inputs;  ///< in file order, initialisers excluded
  bool half_weights = false;               ///< some initialiser is float16 or bfloat16
};

/// What can be read; an empty declaration when the file is no ONNX model (the framework then says what is wrong with it).
/// Never throws for the file's content.
OnnxDeclaration read_declaration(const std::filesystem::path& path);

/// The same from bytes in memory.
OnnxDeclaration parse_declaration(std::string_view bytes);

}  // namespace inferometer::engine
