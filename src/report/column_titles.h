/// Name columns for people: quantity and unit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace inferometer::report {

/// "per_image_ms" -> "Time per image, ms"; for a column that is not known here the unit is taken from the name's end
/// ("gpu_memory_mb" -> "gpu memory, MB"), and a name without one stays as it is, with spaces.
std::string axis_title(std::string_view column);

/// What several columns that share an axis have in common, quantity, unit or both: of "Loss, training" and "Loss, validation" "Loss", of
/// "Mean time, ms" and "Shortest time, ms" "ms"; empty where that is nothing.
std::string common_title(const std::vector<std::string>& columns);

/// A value of a column as a heading: ("batch", "8") -> "batch 8"; what needs no word of its own stays as it is.
std::string value_title(std::string_view column, std::string_view value);

}  // namespace inferometer::report
