/// Convert between f32 and the 16-bit floating-point types.
#pragma once

#include <cstdint>

namespace inferometer {

/// Largest finite value of IEEE binary16.
inline constexpr float kLargestHalf = 65504;

std::uint16_t to_half(float value);  ///< IEEE binary16, round to nearest even; infinity from 65520 on
float from_half(std::uint16_t bits);
float from_bfloat16(std::uint16_t bits);

}  // namespace inferometer
