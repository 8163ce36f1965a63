/// Take a drawing apart into the steps in which it is drawn. Include in .cpp files only.
#pragma once

#include <vector>

#include "charts/shapes.h"

namespace inferometer::charts {

/// Drawings with ever more of the whole one, which is the last: axes, marks one by one from left to right, lines, bands.
/// At most about 60; many marks come a few at a time.
std::vector<Json> drawing_steps(const Json& drawing);

}  // namespace inferometer::charts
