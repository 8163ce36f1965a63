/// Show layer times: line by line, or side by side.
#pragma once

#include <string>
#include <vector>

#include "measure/layer_row.h"
#include "report/table.h"

namespace inferometer::report {

/// All columns for programs; for people a readable part. Below it one line for each profile: how much of the profiled request the layers
/// account for, and how many layers ended how.
Table layers_table(const std::vector<measure::LayerRow>& rows, Format format);

/// Times summed over the lines that fall in a cell. `down` is layer or operator; the engines' own layers are named after their operator,
/// in parentheses. Columns are named by the values of `across`, and by those of the other settings in which the profiles differ. Where a
/// layer has no time its cell says for people how it ended, and is null for programs.
/// Throws Error{usage} for another `down`, an unknown column in `across`, and a value that cannot be summed (time_us, share_ratio and macs
/// can).
Table layers_pivot(const std::vector<measure::LayerRow>& rows, const std::string& down, const std::vector<std::string>& across,
                   const std::string& value);

}  // namespace inferometer::report
