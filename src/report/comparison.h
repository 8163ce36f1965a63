/// Show a paired comparison: its figures, its replicates, a dot plot of their ratios.
///
/// Pure; threads: safe.
#pragma once

#include <string>

#include "measure/compare.h"
#include "report/page.h"
#include "report/table.h"

namespace inferometer::report {

/// One row a metric (docs/comparing.md lists the columns). Formats for people get the readable part, with both entries and remarks below.
Table comparison_table(const measure::Comparison& comparison, const std::string& repro, Format format);

/// One row a metric and replicate, those that do not count included.
Table replicates_table(const measure::Comparison& comparison);

/// Both tables and, for each metric, a dot plot: the replicates' ratios, the median ratio with its interval, and the line of equal figures.
Report comparison_report(const measure::Comparison& comparison, const std::string& repro);

}  // namespace inferometer::report
