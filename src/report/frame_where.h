/// Choose rows of a frame by the conditions of --where.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/frame.h"

namespace inferometer::report {

/// Columns that the conditions name. Throws Error{usage} for what is no condition.
std::vector<std::string> where_columns(std::string_view where);

/// Which rows fulfil all conditions (store::parse_where() says how they are written); all of them for an empty text. A cell is compared
/// as a number where it and the value are numbers; `<` and its like hold for numbers alone. Texts of `=` are compared exactly, of `like`
/// without case.
/// Throws Error{usage} for what is no condition, Error{input} with the nearest name for a column that the frame has not.
std::vector<bool> rows_where(const Frame& frame, std::string_view where);

}  // namespace inferometer::report
