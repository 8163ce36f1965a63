/// Draw an SVG into pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace inferometer::charts {

struct Raster {
  std::size_t width = 0, height = 0;
  std::vector<std::uint32_t> pixels;  ///< 0x00RRGGBB, row by row
};

/// On white, `scale` device pixels for a CSS pixel. Throws Error{internal} when the SVG cannot be drawn.
Raster raster_of_svg(std::string_view svg, double scale);

}  // namespace inferometer::charts
