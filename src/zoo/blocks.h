/// Build the blocks that several families share, with torchvision's names for their layers.
///
/// Errors are the builder's: Error{input} at the layer whose shapes do not fit.
#pragma once

#include <cstdint>
#include <string>

#include "graph/builder.h"

namespace inferometer::zoo {

enum class Nonlinearity : std::uint8_t { none, relu, relu6, hard_swish, silu, sigmoid, hard_sigmoid };

/// One activation; none returns x and adds no node. hard_sigmoid is PyTorch's: x / 6 + 1 / 2 between 0 and 1.
graph::TensorId apply(graph::Builder& net, const std::string& name, graph::TensorId x, Nonlinearity nonlinearity);

/// Convolution without bias, BatchNorm and activation, numbered 0, 1 and 2 within `block`.
graph::TensorId conv_norm(graph::Builder& net, const std::string& block, graph::TensorId x, graph::ConvOptions conv,
                          const graph::BatchNormOptions& norm, Nonlinearity nonlinearity);

/// Squeeze and excitation (Hu, Shen, Sun: Squeeze-and-excitation networks, CVPR 2018): each channel times a gate computed from
/// the means of all channels.
struct SqueezeExcitation {
  std::int64_t channels;   ///< between the two 1x1 convolutions
  Nonlinearity squeezed;   ///< behind the first
  Nonlinearity gate;       ///< behind the second
  graph::Draw first = {};  ///< how their synthetic weights are drawn
  graph::Draw second = {};
};
graph::TensorId squeeze_excitation(graph::Builder& net, const std::string& block, graph::TensorId x, const SqueezeExcitation& options);

/// `channels` times a width multiplier, to the nearest multiple of `divisor`, halves upwards, at least `divisor`, and one
/// multiple more where that would lose over a tenth (the rule of MobileNetV2's authors, which several families follow).
std::int64_t round_channels(double channels, std::int64_t divisor = 8);

}  // namespace inferometer::zoo
