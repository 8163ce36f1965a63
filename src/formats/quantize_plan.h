/// Decide which nodes of an ONNX message run in integers, and which tensors carry integers between them.
///
/// Internal to formats: what plan_quantization() and write_quantized_onnx() share.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formats/onnx_file.h"

namespace inferometer::formats {

/// A node with weights.
struct QuantizedLayer {
  std::size_t weight_axis = 0;  ///< of the output channels, in the stored weight
  bool bias = false;            ///< its third input becomes int32
};

struct MessagePlan {
  std::vector<bool> quantized;                             ///< by node
  std::unordered_map<std::size_t, QuantizedLayer> layers;  ///< by node
  std::vector<std::string> activations;                    ///< that get Q/DQ, in order of computation
  std::vector<std::vector<std::string>> equal_scales;      ///< groups of them that must have one scale
  std::unordered_map<std::string, std::size_t> makers;     ///< node that makes a tensor
};

MessagePlan plan_message(const OnnxMessage& message);

}  // namespace inferometer::formats
