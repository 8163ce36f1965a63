/// Choose colours and marks.
#pragma once

#include <string>

#include "charts/chart.h"

namespace inferometer::charts {

/// The colour of an index as "#rrggbb", or as "rgba(r,g,b,a)" where alpha is below 1. Eight hues that readers with any kind of colour
/// vision tell apart (M. Okabe and K. Ito, "Color Universal Design", 2008; its yellow darkened, since ours stand on white), then the
/// same darker, lighter, and so on: 40 in all, then from the start.
std::string color_text(ColorIndex index, double alpha = 1);

/// A mark for an index, such that 40 series differ in mark where they are near in colour.
Marker marker_of(ColorIndex index);
std::string marker_name(Marker marker);  ///< as the script names it

/// A colour for a share in [0, 1]: from nearly white to dark blue; diverging: vermilion at 0, white at 0.5, blue at 1.
std::string scale_color(double share, bool diverging);
/// Whether text on that colour is better white.
bool is_dark(double share, bool diverging);

}  // namespace inferometer::charts
