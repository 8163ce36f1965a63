/// Settle a whole chart as chart.js draws it. Include in .cpp files only.
#pragma once

#include "charts/shapes.h"

namespace inferometer::charts {

/// What chart_json() writes, as a value. Throws Error{internal} for a chart that contradicts itself.
Json drawing_of(const Chart& chart);
std::string text_of(const Json& drawing);

}  // namespace inferometer::charts
