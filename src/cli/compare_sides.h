/// Read what `--a` and `--b` of `compare` say, together with the options that both share.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "cli/run_options.h"
#include "measure/plan.h"
#include "measure/replicates.h"

namespace inferometer::cli {

/// The options of `run` that make sense in a comparison; replicates and blocks take the others' place.
std::span<const std::string_view> compared_options();

/// The shared options with what one side changes: `engine=openvino:streams=1,batch=4`, an option's name without dashes, each once.
/// @param side  "--a" or "--b", for errors
/// Throws Error{usage}: a part that is no key=value, an unknown key (with the nearest), one that is given twice or shared too, a value that
/// cannot be.
measure::RunSpec side_spec(const RunOptions& shared, std::string_view text, std::string_view side);

/// The one entry of each side. Throws as measure::expand() does, and Error{usage} for a side that is not exactly one entry, Error{input}
/// for one that is known not to run.
std::array<measure::Entry, measure::kSides> compared_entries(const RunOptions& shared,
                                                             const std::array<std::string, measure::kSides>& texts,
                                                             const std::vector<measure::EngineHere>& engines);

}  // namespace inferometer::cli
