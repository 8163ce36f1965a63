/// Measure text as drawings set it.
#pragma once

#include <string_view>

namespace inferometer::charts {

inline constexpr double kTextPixels = 12;  ///< of all text in charts
inline constexpr double kLineHeight = 14;  ///< of one line of it

/// Advance width in CSS pixels of one line of UTF-8 in the drawings' font (DejaVu Sans), without hinting: what cairo and librsvg set.
/// Throws Error{internal} when no font can be had. Threads: safe.
double text_width(std::string_view text, double pixels = kTextPixels, bool bold = false);

}  // namespace inferometer::charts
