/// Read the blocks of a study that say what to measure.
#pragma once

#include <cstddef>

#include "cli/study.h"
#include "cli/study_file.h"

namespace inferometer::cli {

/// One [[run]]. Throws Error{input}, the place first.
/// @param number  its name where the file gives none
StudyRun read_run(const StudyFile& file, const toml::table& block, std::size_t number);

/// One [[evaluate]]. Throws Error{input}, the place first.
StudyEvaluation read_evaluation(const StudyFile& file, const toml::table& block);

}  // namespace inferometer::cli
