/// Show measured rows as tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/table.h"
#include "measure/row.h"

namespace inferometer::report {

/// Whether a column of a row holds numbers. False for unknown names.
bool is_numeric_column(std::string_view column);

/// Value of one column. Throws Error{usage} with the nearest name for a column that a row has not.
Cell cell(const measure::Row& row, const std::string& column);

/// Rows for a format: all columns for programs; for people a readable part, in which no two rows that differ in a setting look alike (of
/// rows alike in all of them the time of day tells which is which), with the reasons of rows that are not valid in the notes below the
/// table, which name as much of a row as tells it from the others.
Table rows_table(const std::vector<measure::Row>& rows, Format format);

/// What people see beside a figure that is not simply valid: "" for valid, "~" unstable, "?" unchecked, "!" invalid; "x" for out
/// of memory (also of a smaller batch), else the status. Marks used in a table are explained by mark_legend.
std::string mark(const measure::Row& row);
/// One line that explains those marks among `used` that need it; "" when none does.
std::string mark_legend(const std::vector<std::string>& used);

}  // namespace inferometer::report
