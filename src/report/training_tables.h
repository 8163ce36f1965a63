/// Show trainings.
#pragma once

#include <vector>

#include "report/table.h"
#include "train/training_row.h"

namespace inferometer::report {

/// One line an epoch: for people the figures, for programs every column.
Table epochs_table(const std::vector<train::TrainingRow>& rows, Format format);

}  // namespace inferometer::report
