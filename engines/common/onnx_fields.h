/// Number the fields of onnx.proto that are read or rewritten without a parser. Header only.
#pragma once

#include <cstdint>

namespace inferometer::engine::onnx_fields {

inline constexpr std::uint64_t kModelProducer = 2, kModelGraph = 7;
inline constexpr std::uint64_t kGraphNode = 1, kGraphInitializer = 5, kGraphInput = 11, kGraphOutput = 12;
inline constexpr std::uint64_t kNodeName = 3, kNodeType = 4, kNodeAttribute = 5;
inline constexpr std::uint64_t kAttributeName = 1, kAttributeInteger = 3, kAttributeIntegers = 8;
inline constexpr std::uint64_t kTensorDataType = 2, kTensorName = 8, kTensorDataLocation = 14;
inline constexpr std::uint64_t kValueName = 1, kValueType = 2, kTypeTensor = 1, kTensorTypeElement = 1, kTensorTypeShape = 2;
inline constexpr std::uint64_t kShapeDimension = 1, kDimensionValue = 1, kDimensionSymbol = 2;
inline constexpr std::uint64_t kFloat = 1, kFloat16 = 10, kBfloat16 = 16;  ///< TensorProto.DataType
inline constexpr std::uint64_t kExternal = 1;                              ///< TensorProto.DataLocation

}  // namespace inferometer::engine::onnx_fields
