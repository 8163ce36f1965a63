/// Move elements without calculating.
#pragma once

#include <span>

#include "graph/graph.h"
#include "kernel.h"

namespace inferometer::reference {

/// Put one part of a concatenation where it belongs. @param begin  of the part along the axis
void place_part(std::int64_t axis, std::int64_t begin, Source part, Target y, const Workspace& workspace);
/// Take one part of a split. @param begin  of the part along the axis
void take_part(std::int64_t axis, std::int64_t begin, Source x, Target part, const Workspace& workspace);
void slice(const graph::Slice& slice, Source x, Target y, const Workspace& workspace);
void transpose(const graph::Transpose& transpose, Source x, Target y, const Workspace& workspace);
/// @param indices  row-major, of index_shape, each inside the axis of x
void gather(const graph::Gather& gather, Source x, const std::int64_t* indices, Dimensions index_shape, Target y,
            const Workspace& workspace);
void pad(const graph::Pad& pad, Source x, Target y, const Workspace& workspace);

}  // namespace inferometer::reference
