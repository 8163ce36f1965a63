/// Take the options that say how a picture becomes a network's input.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/run_fields.h"
#include "dataset/preprocess.h"

namespace CLI {
class App;
}

namespace inferometer::cli {

/// As the user gave them; empty: not given. Must stay where it is until parsing has ended.
struct PreprocessingOptions {
  std::string resize, crop, interpolation, channels, scale, mean, standard_deviation;
};

/// One of them, for the command line and for study files.
struct PreprocessingField {
  std::string_view option;  ///< "--resize"
  std::string_view key;     ///< of a study's [[evaluate]]: "resize"
  FieldKind kind;           ///< what a study file may give
  std::string PreprocessingOptions::*member;
  std::string_view description, value_name;  ///< in --help
};

/// All of them, in the order in which they are carried out.
std::span<const PreprocessingField> preprocessing_fields();

/// Add --resize --crop --interpolation --channels --scale --mean --std.
void add_preprocessing_options(CLI::App& app, PreprocessingOptions& options);

/// Throws Error{usage} naming the option.
dataset::PreprocessingChanges preprocessing_changes(const PreprocessingOptions& options);

}  // namespace inferometer::cli
