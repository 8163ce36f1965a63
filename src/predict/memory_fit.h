/// Fit peak memory to the whole networks of a calibration.
///
/// Internal to predict.
#pragma once

#include <vector>

#include "predict/fit.h"

namespace inferometer::predict {

/// MB of a network by the rule.
double memory_mb(const MemoryModel& model, const NetworkUnits& network);

/// Set model.memory from networks at all batches together, and the memory figures of model.held_out, each without its family.
/// Leaves both null where fewer than 6 figures of networks are there.
void add_memory(const std::vector<Observation>& observations, Model& model);

}  // namespace inferometer::predict
