/// Show what `run` would do.
#pragma once

#include <vector>

#include "cli/context.h"
#include "cli/study_evaluations.h"
#include "measure/plan.h"

namespace inferometer::cli {

/// One line for each entry, then one for each entry of the evaluations: their mode is `evaluate`, and what only a timed entry has stays
/// empty.
Table plan_table(const std::vector<measure::PlannedEntry>& entries, const std::vector<PlannedEvaluation>& evaluations);

}  // namespace inferometer::cli
