/// Read the cells of imported tables; shared by import.cpp and published.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "measure/row.h"

namespace inferometer::store {

/// Whether a cell says that memory ran out, as the studies wrote it: "x", "Out of Mem.", "out of memory", "OOM".
bool says_out_of_memory(std::string_view cell);

/// A positive figure. Throws Error{input} naming `place` ("F.csv:12") and `column`.
double read_figure(std::string_view cell, const std::string& place, std::string_view column);

/// A whole number of at least 1. Throws likewise.
std::int64_t read_count(std::string_view cell, const std::string& place, std::string_view column);

/// Set one column of a row from text; empty text leaves it as it is. Throws likewise.
void set_cell(measure::Row& row, std::string_view column, std::string_view cell, const std::string& place);

/// Whether a column holds a time, a rate or a memory, so that a row with it says something.
bool is_figure(std::string_view column);

}  // namespace inferometer::store
