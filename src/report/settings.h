/// Name the columns that say how a row was measured.
#pragma once

#include <span>
#include <string>

namespace inferometer::report {

/// The most telling first: where two rows would stand in one place, the first of these in which they differ tells them apart.
std::span<const std::string> setting_columns();

}  // namespace inferometer::report
