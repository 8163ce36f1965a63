/// Measure one start of an entry through the server, as DeepDetect's bench client does.
#pragma once

#include "measure/start.h"
#include "measure/worker.h"

namespace inferometer::load {

/// Start `inferometer serve` with the entry's engine, create a service of its model, and call it with the entry's batch of picture files
/// (its own, or synthetic JPEGs) as its protocol says, one call at a time. A sample is the server's own time of a call (head.time: reading,
/// decoding, resizing, inference). Outputs are checked through the server's KServe interface on the same images as in process.
/// The server and its engine's process end with this. Throws Error: what starting or loading gives, Error{usage} for pictures that are no
/// files.
measure::StartRecord served_start(const measure::ServedContext& context);

}  // namespace inferometer::load
