/// Say what the report of a store shows when no study says it.
#pragma once

#include <string>
#include <vector>

#include "measure/layer_row.h"
#include "measure/row.h"
#include "report/study_blocks.h"

namespace inferometer::report {

/// Tables, figures and an analysis for which these rows have enough to show: a line over batches needs two of them, a curve three networks
/// with an accuracy. Pure; threads: safe.
/// @param layers  of the entries that were profiled: a figure for each network
/// @param trainings  epochs of trainings, each of which gets its curves
StudyPlan store_plan(const std::vector<measure::Row>& rows, const std::vector<measure::LayerRow>& layers = {},
                     const std::vector<train::TrainingRow>& trainings = {});

}  // namespace inferometer::report
