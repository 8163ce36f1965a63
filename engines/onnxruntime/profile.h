/// Read the trace that ONNX Runtime's profiler writes.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/engine.h"

namespace inferometer::engine {

/// The operators of the last run in the trace, in the order they ran. Empty when no run is in it.
/// Throws Error{engine_failure} when the file is no trace.
std::vector<LayerTime> read_profile(const std::filesystem::path& path);

}  // namespace inferometer::engine
