/// Refuse what OpenCV would compute, but not as ONNX says.
#pragma once

#include <filesystem>
#include <string_view>

namespace inferometer::engine {

/// Throw Error{unsupported} naming node and operator for an AveragePool with padding whose count_include_pad is not OpenCV's:
/// OpenCV ignores the attribute and counts the padding exactly when the file's producer is called "pytorch".
/// Does nothing for bytes that are no ONNX model.
void refuse_wrong_numbers(std::string_view model);
/// The same for a file.
void refuse_wrong_numbers(const std::filesystem::path& model);

}  // namespace inferometer::engine
