/// Read the trace that ONNX Runtime's profiler writes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace inferometer::engine {

/// The kernels of the runs in the trace but for the first `skipped_runs`: the median time of each, in the order of the last run. Empty
/// when no run is left. Throws Error{engine_failure} when the file is no trace.
std::vector<LayerTime> read_profile(const std::filesystem::path& path, std::size_t skipped_runs);

/// What a node of the optimised graph may be called in the file, joined by commas: the framework appends to the name of the last node that
/// it replaces ("relu1_nchwc", "norm_bn_nchwc", "gelu/GeluFusion/", "Transpose_token_3").
std::string origins_of(const std::string& node);

}  // namespace inferometer::engine
