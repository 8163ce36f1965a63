/// Bring a message of our own writer from opset 10 to 13.
///
/// Internal to formats. Per-channel DequantizeLinear needs opset 13. Clip, Pad and Split take as inputs there what were attributes, Resize
/// has one input more; all else that the writer writes means the same in both (Softmax too, since it is written over the last axis alone).
#pragma once

#include "base/element_type.h"
#include "formats/onnx_file.h"

namespace inferometer::formats {

void raise_to_opset_13(OnnxMessage& message);

/// A stored tensor of our own for a message: little-endian values, one element type. Names are the caller's to keep apart.
StreamedTensor make_stored(const std::string& name, std::int32_t onnx_type, const Shape& shape, std::vector<std::byte> bytes);
template <typename Number>
StreamedTensor make_stored(const std::string& name, std::int32_t onnx_type, const Shape& shape, const std::vector<Number>& values) {
  const auto* first = reinterpret_cast<const std::byte*>(values.data());
  return make_stored(name, onnx_type, shape, std::vector<std::byte>(first, first + values.size() * sizeof(Number)));
}

}  // namespace inferometer::formats
