/// Show loads as tables.
#pragma once

#include <vector>

#include "cli/context.h"
#include "store/load_row.h"

namespace inferometer::cli {

/// All columns for programs; for people a readable part, with reasons and notes below.
Table loads_table(const std::vector<store::LoadRow>& rows, Format format);

/// Where a request's time went, client and server side by side; a line for each load that was answered.
Table load_times_table(const std::vector<store::LoadRow>& rows);

/// "8 clients" or "poisson 100/s": what tells loads of one target apart.
std::string load_label(const store::LoadRow& row);

}  // namespace inferometer::cli
