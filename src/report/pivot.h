/// Spread one figure of many rows over a grid.
#pragma once

#include <string>
#include <vector>

#include "report/table.h"
#include "measure/row.h"

namespace inferometer::report {

struct PivotRequest {
  std::vector<std::string> down;    ///< columns whose values name the lines
  std::vector<std::string> across;  ///< columns whose values name the table's columns, joined by " / "
  std::string value = "per_image_ms";
  std::string title;
};

/// Lines and columns in order of first appearance, or sorted as numbers where all labels are numbers.
///
/// A cell never mixes rows: where several rows would meet, the settings in which they differ become further columns on the
/// left. Rows alike in every setting leave the cell without a value, marked "2 rows". Cells of people's formats carry mark();
/// an invalid row's value is shown to people with its mark, and is null for programs.
/// Throws Error{usage} for unknown columns and for a value that is no number.
Table pivot(const std::vector<measure::Row>& rows, const PivotRequest& request, Format format);

}  // namespace inferometer::report
