/// See how far starts of one entry differ on this machine now.
#pragma once

#include "base/file_lock.h"
#include "measure/doctor.h"
#include "measure/engines_here.h"

namespace inferometer::measure {

/// A small network on the usable engine of the best rank, of those that read files if there is one, in `count` fresh
/// starts with short loops, at the default number of threads.
/// Fills in starts_of and start_medians_ms, or why there are none; nothing is kept in a store.
/// @param wait  told when another process measures
/// Throws Error{interrupted}.
void measure_starts(const EngineCatalog& catalog, int count, MachineReadings& readings, const LockWait& wait = {});

}  // namespace inferometer::measure
