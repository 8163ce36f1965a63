/// Name the element types of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inferometer {

enum class ElementType : std::uint8_t { f32, f16, bf16, f64, u8, i8, i32, i64, boolean };

std::size_t size_of(ElementType type);       ///< bytes of one element
std::string_view name_of(ElementType type);  ///< "f32", "i64", ...
std::optional<ElementType> element_type(std::string_view name);

/// Dimensions, outermost first; images are NCHW.
using Shape = std::vector<std::int64_t>;

/// Number of elements of a concrete shape; 1 for an empty one. Throws Error{input} when it does not fit 63 bits or a dimension is negative.
std::int64_t element_count(const Shape& shape);

/// "1x3x224x224"; a negative dimension prints as "N".
std::string to_string(const Shape& shape);

}  // namespace inferometer
