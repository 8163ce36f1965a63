/// Read study files: which entries to measure, and what to make of them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "measure/plan.h"

namespace inferometer::cli {

/// One [[run]].
struct StudyRun {
  std::string name;       ///< for --only; the run's number ("1", "2", ...) when the file gives none
  measure::RunSpec spec;  ///< model paths are taken from the study file's folder
};

/// One [[table]]: a pivot of the study's rows.
struct StudyTable {
  std::string title;                 ///< may be empty
  std::vector<std::string> rows;     ///< columns of a row whose values go down
  std::vector<std::string> columns;  ///< ... and across
  std::string value;                 ///< a numeric column
};

/// An [[analysis]], [[figure]] or [[published]], checked for known keys and types, kept as a JSON object.
struct StudyBlock {
  std::string json;
  std::size_t line = 0;  ///< where it begins in the file
};

struct Study {
  std::string name;  ///< the file's name without .toml when the file gives none
  std::string title;
  std::vector<StudyRun> runs;
  std::vector<StudyTable> tables;
  std::vector<StudyBlock> analyses, figures, published;  ///< published: "file" is taken from the study file's folder
};

/// @param file  names errors and resolves relative paths; not opened.
/// Throws Error{input} beginning "FILE:LINE:COLUMN:" for what is not TOML, an unknown key (with the nearest right one), a wrong type or a
/// value that cannot be. Pure; threads: safe.
Study parse_study(std::string_view text, const std::filesystem::path& file);

/// Read and parse. Throws Error{input} too for a file that cannot be read or is above 4 MiB.
Study read_study(const std::filesystem::path& file);

/// The specs of the runs with these names, in file order; of all runs for an empty list.
/// Throws Error{usage} with the names there are for an unknown one.
std::vector<measure::RunSpec> select_runs(const Study& study, const std::vector<std::string>& only);

}  // namespace inferometer::cli
