/// Values that the architecture itself fixes.
#pragma once

#include <cstddef>
#include <vector>

#include "graph/graph.h"

namespace inferometer::graph {

/// Whether a stored tensor's values follow from the graph alone: a constant, or a buffer that is a table.
bool has_fixed_values(const Tensor& tensor);

/// Those values, as the bytes of an Array: the table, or the centre of its Initial throughout.
/// Throws Error{input} naming the tensor when the table has another size, Error{unsupported} when the type is not f32
/// (tables: f32 or i64).
std::vector<std::byte> fixed_values(const Tensor& tensor);

}  // namespace inferometer::graph
