/// Turn starts' power, clock and temperature into a row's columns.
#pragma once

#include <vector>

#include "measure/entry.h"
#include "measure/row.h"
#include "measure/start.h"

namespace inferometer::measure {

/// Fill power_meter to images_per_j, cpu_mhz_mean, cpu_mhz_min and temperature_c over the pooled starts, and note what is null and why.
/// Energies add up over the starts; a start without one makes the sum null. row.images_per_s is there already. Pure.
/// @param pooled  one per start
void add_power(const Entry& entry, const std::vector<StartRecord>& starts, const std::vector<bool>& pooled, Row& row);

}  // namespace inferometer::measure
