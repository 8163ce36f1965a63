/// Read and write a tensor's elements as JSON arrays, and check those that come as bytes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/element_type.h"

namespace inferometer::serve {

/// What a tensor must be. The shape is whole, batch included.
struct TensorForm {
  std::string name;  ///< for messages
  ElementType type = ElementType::f32;
  Shape shape;
};

/// FP32, INT64 and so on: the v2 protocol's names.
std::string_view v2_name(ElementType type);
/// False for the 16-bit floats, which the protocol carries as bytes alone.
bool has_json(ElementType type);

/// Read the numbers of a JSON array, flat or nested as the shape, in row-major order. Decimal text is rounded to the nearest element once.
/// Throws StatusError 400 naming tensor and element: not JSON, not a number of this type, NaN or infinite, too many or too few elements,
/// nested otherwise than the shape.
std::vector<std::byte> read_elements(std::string_view array, const TensorForm& form);

/// Throws StatusError 400 naming tensor and element for a float that is NaN or infinite, and for a truth value other than 0 and 1.
void require_finite(std::span<const std::byte> bytes, const TensorForm& form);

/// Append a flat array; the shortest text that reads back as the same element.
/// Throws StatusError 500 naming tensor and element for what JSON has no number for: NaN and infinities.
void append_elements(std::string& text, std::span<const std::byte> bytes, const TensorForm& form);

}  // namespace inferometer::serve
