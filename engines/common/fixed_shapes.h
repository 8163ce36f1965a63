/// Give a framework that cannot fix dynamic dimensions an ONNX file in which they are fixed.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/descriptor.h"
#include "base/element_type.h"

namespace inferometer::engine {

/// A copy in memory, outside of the process's resident set, that has a path. Everything but the inputs' shapes is the file's
/// own bytes. External data does not come along.
class FixedShapesFile {
 public:
  /// @param shapes  concrete, by input name; other inputs keep theirs
  /// Throws Error{input} when the file has no graph, Error{io} when the copy cannot be made.
  FixedShapesFile(const std::filesystem::path& model, const std::map<std::string, Shape>& shapes);
  /// Valid in this process while the object lives.
  std::string path() const;

 private:
  Descriptor file_;
};

}  // namespace inferometer::engine
