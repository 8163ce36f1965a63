/// Read study files: which entries to measure, and what to make of them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/evaluation.h"
#include "measure/plan.h"
#include "report/study_blocks.h"

namespace inferometer::cli {

/// One [[run]].
struct StudyRun {
  std::string name;       ///< for --only; the run's number ("1", "2", ...) when the file gives none
  measure::RunSpec spec;  ///< model paths are taken from the study file's folder
};

/// One [[evaluate]].
struct StudyEvaluation {
  std::string name;           ///< for --only; empty when the file gives none
  EvaluationRequest request;  ///< paths are taken from the study file's folder; images empty: the file names none
};

struct Study {
  std::string name;  ///< the file's name without .toml when the file gives none
  std::string title;
  std::vector<StudyRun> runs;
  std::vector<StudyEvaluation> evaluations;
  report::StudyPlan report;  ///< what is made of the rows; its paths are taken from the study file's folder
};

/// @param file  names errors and resolves relative paths; not opened.
/// Throws Error{input} beginning "FILE:LINE:COLUMN:" for what is not TOML, an unknown key (with the nearest right one), a wrong type or a
/// value that cannot be. Pure; threads: safe.
Study parse_study(std::string_view text, const std::filesystem::path& file);

/// Read and parse. Throws Error{input} too for a file that cannot be read or is above 4 MiB.
Study read_study(const std::filesystem::path& file);

/// The specs of the runs with these names, in file order; of all runs for an empty list.
/// Throws Error{usage} with the names of runs and evaluations for one that neither has.
std::vector<measure::RunSpec> select_runs(const Study& study, const std::vector<std::string>& only);
/// The same for the evaluations.
std::vector<StudyEvaluation> select_evaluations(const Study& study, const std::vector<std::string>& only);

}  // namespace inferometer::cli
