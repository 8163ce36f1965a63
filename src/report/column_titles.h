/// Name columns for people: quantity and unit.
#pragma once

#include <string>
#include <string_view>

namespace inferometer::report {

/// "per_image_ms" -> "Time per image, ms"; for a column that is not known here the unit is taken from the name's end
/// ("gpu_memory_mb" -> "gpu memory, MB"), and a name without one stays as it is, with spaces.
std::string axis_title(std::string_view column);

/// A value of a column as a heading: ("batch", "8") -> "batch 8"; what needs no word of its own stays as it is.
std::string value_title(std::string_view column, std::string_view value);

}  // namespace inferometer::report
