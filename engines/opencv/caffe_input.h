/// Find the input that a deploy.prototxt declares.
#pragma once

#include <filesystem>

#include "common/input_shapes.h"

namespace inferometer::engine {

/// Name and shape, from `input:` with `input_dim:` or `input_shape`, or from the first layer of type Input. The batch is free,
/// whatever the file declares: Caffe's own tools set it too.
/// Throws Error{unsupported} for a file with several inputs or none, Error{input} for one whose shape does not have four dimensions.
DeclaredInput caffe_input(const std::filesystem::path& prototxt);

}  // namespace inferometer::engine
