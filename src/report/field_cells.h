/// Turn a struct that lists its fields into a table's cells. Header only.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "report/table.h"

namespace inferometer::report {

/// The cells of these columns. `fields` calls its argument for every field of the row (measure::for_each_row_field and the like); a column
/// that is none of them stays null.
template <typename Row, typename Fields>
std::vector<Cell> field_cells(const Row& row, const std::vector<std::string>& columns, Fields fields) {
  std::vector<Cell> values(columns.size());
  fields([&](const auto& field) {
    const auto found = std::find(columns.begin(), columns.end(), field.name);
    if (found != columns.end()) values[static_cast<std::size_t>(found - columns.begin())] = to_cell(row.*field.member);
  });
  return values;
}

}  // namespace inferometer::report
