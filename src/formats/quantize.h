/// Quantise a model to int8 after training: write it with QuantizeLinear and DequantizeLinear around what is to run in integers.
///
/// Weights of convolutions and linear layers become int8, symmetric, one scale for each output channel (scale = max|w| / 127). Activations
/// become uint8 with one scale and zero point a tensor, from ranges that were observed on pictures. Biases become int32 with the
/// product of the two scales. Arithmetic: q = clamp(round_half_even(x / scale) + zero), x' = (q - zero) x scale, as ONNX defines the two
/// operators (Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, section
/// 2.1).
///
/// Engines recognise DequantizeLinear -> operator -> QuantizeLinear and run the operator in integers. So a Relu or Clip that alone follows
/// a convolution or addition stays between; max pooling, concatenation, reshaping and transposing have one scale before and behind, so
/// that integers pass through; pooling, additions and concatenations are quantised only where a quantised layer follows, so the outputs of
/// the network are not rounded to 256 values. Everything else (softmax, LayerNorm, gates, BatchNorms that follow no convolution) stays in
/// f32.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::formats {

/// Smallest and largest value that an activation takes.
struct ActivationRange {
  float low = 0, high = 0;
};
using ActivationRanges = std::map<std::string, ActivationRange>;  ///< by tensor name

/// Scale and zero point of uint8 values. Zero is always one of them exactly, as padding needs.
struct UnsignedScale {
  float scale = 1;
  std::uint8_t zero = 0;
};
/// From the range, widened to hold zero; an empty one gets scale 1, so that the constant 0 stays 0. Throws Error{input} when it is not
/// finite or low > high.
UnsignedScale unsigned_scale(ActivationRange range);
std::uint8_t quantize(float value, const UnsignedScale& how);
float dequantize(std::uint8_t value, const UnsignedScale& how);

/// Symmetric int8 values of one channel: scale = largest / steps; 1 for a channel of zeros.
float signed_scale(float largest, int steps);

struct QuantizeOptions {
  /// Steps on each side of zero of a weight. 127 uses int8 whole; 63 leaves a bit free, for processors without VNNI, whose 16-bit sums of
  /// two products saturate otherwise.
  int weight_steps = 127;
  std::string producer_version;
};

/// What of a model is quantised. Made once of a model whose BatchNorms are folded (graph/fold_batch_norm.h).
struct QuantizationPlan {
  std::vector<std::string> activations;  ///< tensors whose ranges must be known, inputs included, in order of computation
  std::size_t layers = 0;                ///< convolutions and linear layers that will run in integers
};
/// Throws Error{unsupported} when there is nothing to quantise.
QuantizationPlan plan_quantization(const graph::Model& model);

/// Write the model with those activations that it computes as further outputs, behind its own, for an engine that observes their ranges.
void write_onnx_with_activations(const graph::Model& model, const QuantizationPlan& plan, const std::filesystem::path& path);

/// Write the quantised model (opset 13, batch dimension free as write_onnx() has it).
/// Throws Error{input} naming a weight that is not finite or an activation without a range; Error{io}.
void write_quantized_onnx(const graph::Model& model, const ActivationRanges& ranges, const std::filesystem::path& path,
                          const QuantizeOptions& options = {});

}  // namespace inferometer::formats
