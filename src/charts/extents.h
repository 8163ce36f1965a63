/// Find what an axis has to show.
#pragma once

#include <limits>

#include "charts/layout.h"

namespace inferometer::charts {

/// From where to where something reaches, in axis coordinates; empty while low > high. `pad_low` and `pad_high` are pixels beyond.
struct Extent {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  double pad_low = 0, pad_high = 0;
  bool from_zero = false;  ///< bars: the axis begins at their foot
  bool negative = false;   ///< some value is below zero

  bool empty() const { return low > high; }
  void add(double at);
};

enum class Side : std::uint8_t { x, y, y_right };

/// Of all that a panel shows along one axis, in that axis' coordinates. Bands count only as far as they lie near the data, so that a wide
/// one does not press the data together. `length` is the axis' length in pixels.
Extent extent_of(const Panel& panel, Side side, const ChartLayout& chart, double length);

/// Limits and ticks of an axis of this length.
AxisLayout axis_layout(const Axis& axis, const Extent& extent, double length, bool vertical);

}  // namespace inferometer::charts
