/// Fit peak memory to the whole networks of a calibration.
///
/// Internal to predict.
#pragma once

#include <vector>

#include "predict/fit.h"

namespace inferometer::predict {

/// MB of a network by the rule.
double memory_mb(const MemoryModel& model, const NetworkUnits& network);
/// How many times further the bound reaches, for what lies beyond the networks that were measured: 1 inside.
double memory_widening(const MemoryModel& model, const NetworkUnits& network);

/// Set model.memory from networks at all batches together, and the memory figures of model.held_out, each without its family.
/// Leaves both null where fewer than 6 networks have a figure.
void add_memory(const std::vector<Observation>& observations, Model& model);

}  // namespace inferometer::predict
