/// Show what a calibration knows as tables.
#pragma once

#include "cli/context.h"
#include "predict/model.h"

namespace inferometer::cli {

/// One row a batch: how far predictions of networks were off whose family the model had not seen.
Table scores_table(const predict::Model& model);
/// One row a network and batch.
Table held_out_table(const predict::Model& model);

}  // namespace inferometer::cli
