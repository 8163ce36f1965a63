/// Turn an ONNX tensor into an Array.
///
/// Internal to formats. Floating-point data of any width (f16, bf16, f64) becomes f32: Graph computes in f32. Integers and
/// booleans keep their type.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "formats/onnx_file.h"
#include "graph/graph.h"

namespace inferometer::formats {

/// The shape that a tensor declares. Throws Error{input} naming the tensor for negative dimensions or sizes beyond 63 bits.
Shape shape_of(const std::filesystem::path& path, const onnx::TensorProto& tensor);

/// The values. `range` is where raw data lies when the message lacks it. Throws Error{input} when the data does not fit
/// the declared shape exactly; never allocates more than a small multiple of the data that is really there.
/// Throws Error{unsupported} for strings, complex numbers and types of less than eight bits.
graph::Array to_array(const std::filesystem::path& path, const onnx::TensorProto& tensor, const std::optional<ByteRange>& range = {});

/// Our name of an ONNX element type (f16, bf16 and f64 as they are); nullopt when we have none.
std::optional<ElementType> element_type_of(std::int32_t onnx_type);
/// ONNX's number of one of ours.
std::int32_t onnx_type_of(ElementType type);

/// Whether the element type is f32, f16, bf16 or f64.
bool holds_reals(const onnx::TensorProto& tensor);

/// Elements of an integer or boolean array.
std::vector<std::int64_t> integers_of(const graph::Array& array);

}  // namespace inferometer::formats
