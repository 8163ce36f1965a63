/// Train inside the worker.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "measure/worker.h"

namespace inferometer::train {

/// Carry out the TrainTask that the worker was given: open data, begin or resume, run all epochs, keep checkpoints.
/// Says through the context, in this order:
///   {"begun": {"training", "started_at", "remarks": [..], "epoch", "step", "parameters", "images", "validation_images"}}
///   {"epoch": EpochRecord}   of epochs that are done already, then of each when its files are written
/// @return {"trained": true}
/// Throws Error{usage} and Error{input} for a task and data that do not go together, Error{engine_failure} with the step and the last good
/// checkpoint where the loss is not finite, Error{io} where a file cannot be written: the one before it then stays.
nlohmann::json train_start(const measure::TrainContext& context);

}  // namespace inferometer::train
