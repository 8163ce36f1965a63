/// Say in a node's doc string what operator of Graph it stands for.
///
/// Internal to formats. Opset 10 lacks some operators of Graph, so an export holds several nodes, or one of another kind, in
/// their place; each carries the mark. Reading our own file, a group is turned back only where the mark says so *and* the
/// nodes really compute that operator. In files from elsewhere, which have no marks, the nodes alone decide.
#pragma once

#include <string_view>

namespace inferometer::formats {

inline constexpr std::string_view kProducer = "inferometer";
inline constexpr std::string_view kLinearMark = "part of Linear";
inline constexpr std::string_view kLayerNormMark = "part of LayerNorm";
inline constexpr std::string_view kLayerNormWithoutBiasMark = "part of LayerNorm without bias";
inline constexpr std::string_view kSiluMark = "part of Silu";
inline constexpr std::string_view kHardSwishMark = "part of HardSwish";
inline constexpr std::string_view kGeluMark = "part of Gelu";
inline constexpr std::string_view kSoftmaxMark = "part of Softmax";
inline constexpr std::string_view kAveragePoolMark = "part of AveragePool";
inline constexpr std::string_view kAdaptiveMark = "stands for AdaptiveAveragePool ";  ///< then height, a space, width
inline constexpr std::string_view kLayerTypeMark = "layer type ";                     ///< then Node::layer_type

/// What an initialiser of our own exports says of its role.
inline constexpr std::string_view kParameterRole = "parameter";
inline constexpr std::string_view kBufferRole = "buffer";
inline constexpr std::string_view kConstantRole = "constant";

}  // namespace inferometer::formats
