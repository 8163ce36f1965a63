/// Print what an analysis found.
#pragma once

#include "cli/context.h"
#include "report/analysis.h"

namespace inferometer::cli {

/// JSON and jsonl: the figures as one object on one line. The other formats: its tables, one after another; for people also its title and
/// sentences, and only the first lines of a long table.
void print(const report::AnalysisResult& result, const Context& context);

}  // namespace inferometer::cli
