/// Make a grid of one number of a frame that is not made of rows.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/frame.h"
#include "report/study_blocks.h"
#include "report/table.h"

namespace inferometer::report {

/// Values of spec.rows down, of spec.columns across ("resnet18 / openvino"), in order of appearance; `rows` are indices. A cell never mixes
/// lines: settings (report/settings.h, then `further`) in which lines would meet become further columns. Of lines that are alike in all of
/// these the last counts, and a note says how many cells have some. A line whose value is missing leaves its cell empty.
Table frame_grid(const TableSpec& spec, const Frame& frame, const std::vector<std::size_t>& rows, const std::vector<std::string>& further);

}  // namespace inferometer::report
