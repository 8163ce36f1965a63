/// Choose where an axis carries labels.
#pragma once

#include <string>
#include <vector>

#include "charts/chart.h"

namespace inferometer::charts {

/// A place on an axis, in axis coordinates (the decimal logarithm on log axes, the index on those of categories), and its label.
struct Tick {
  double at = 0;
  std::string label;
};

/// Ticks within [low, high] (axis coordinates): round numbers 1, 2 or 5 times a power of ten, about `most` of them at most; on log axes
/// decades, with 2 and 5 where there is room, or round numbers where less than a decade is shown. Every label is the exact value of its
/// place.
/// Linear and log axes only.
/// @param whole  linear axes: whole numbers only, unless none lies within
std::vector<Tick> ticks(Scale scale, double low, double high, double most, bool whole = false);

/// A number as a tick shows it: plain digits where they are few, else with a power of ten; a true minus sign.
/// `step` decides how many decimals are written.
std::string tick_label(double value, double step);

}  // namespace inferometer::charts
