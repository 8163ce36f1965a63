/// Take the options that say how a picture becomes a network's input.
#pragma once

#include <string>

#include "dataset/preprocess.h"

namespace CLI {
class App;
}

namespace inferometer::cli {

/// As the user gave them; empty: not given. Must stay where it is until parsing has ended.
struct PreprocessingOptions {
  std::string resize, crop, interpolation, channels, scale, mean, standard_deviation;
};

/// Add --resize --crop --interpolation --channels --scale --mean --std.
void add_preprocessing_options(CLI::App& app, PreprocessingOptions& options);

/// Throws Error{usage} naming the option.
dataset::PreprocessingChanges preprocessing_changes(const PreprocessingOptions& options);

}  // namespace inferometer::cli
