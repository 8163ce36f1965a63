/// Parse a prototxt down to the layers that run at inference.
///
/// Internal to formats.
#pragma once

#include <filesystem>
#include <string>

#include "inferometer_caffe.pb.h"

namespace inferometer::formats {

/// The network, in whose `layer` every layer stands that runs at inference: older definitions are rewritten as current ones, layers
/// of other phases and stages are gone, and so are losses and measures of accuracy. Every layer has a name and a type.
/// Throws Error{input} naming file and line for what is no prototxt, Error{unsupported} naming layer and field for a field that is
/// not known and may change what the layer computes.
inferometer_caffe::Net parse_prototxt(const std::filesystem::path& path);

}  // namespace inferometer::formats
