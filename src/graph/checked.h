/// Calculate with dimensions that may come from a hostile file: what leaves 63 bits throws instead of wrapping around.
#pragma once

#include <cstdint>
#include <string>

#include "base/element_type.h"
#include "base/error.h"

namespace inferometer::graph {

/// No tensor may have more elements, so that its size in bytes fits 63 bits whatever its element type.
inline constexpr std::int64_t kMostElements = std::int64_t{1} << 59;

/// Throw Error{input} that begins with `where` (a node or tensor, as messages name it) when a result does not fit.
std::int64_t checked_multiply(std::int64_t a, std::int64_t b, const std::string& where);
std::int64_t checked_add(std::int64_t a, std::int64_t b, const std::string& where);

/// Elements of a shape; also throws when a dimension is negative or the count exceeds kMostElements.
std::int64_t checked_count(const Shape& shape, const std::string& where);

}  // namespace inferometer::graph
