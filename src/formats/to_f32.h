/// Turn stored reals into f32, the type that Graph computes in.
///
/// Internal to formats.
#pragma once

#include <cstddef>
#include <vector>

#include "base/element_type.h"

namespace inferometer::formats {

constexpr bool is_real(ElementType type) {
  return type == ElementType::f32 || type == ElementType::f16 || type == ElementType::bf16 || type == ElementType::f64;
}

/// f16 and bf16 exactly, f64 rounded; f32 stays as it is. The type must be real.
std::vector<std::byte> to_f32(std::vector<std::byte> bytes, ElementType type);

}  // namespace inferometer::formats
