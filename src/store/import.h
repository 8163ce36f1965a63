/// Read rows that were measured elsewhere from CSV files and keep them, marked with their source.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "measure/row.h"
#include "store/store.h"

namespace inferometer::store {

struct ImportOptions {
  std::map<std::string, std::string> columns;  ///< --map: a column of Row -> the file's column that holds it
  std::string source;                          ///< where the rows come from; empty: the file's name
};

/// A file's rows, not stored yet.
struct ImportedFile {
  std::string source;
  std::string conditions_json;             ///< what is known of all rows together
  std::vector<measure::Row> rows;          ///< each with `source`
  std::size_t left_out = 0;                ///< lines without any figure
  std::vector<std::string> noted_columns;  ///< columns that Row lacks; their values stand in `notes` as NAME=VALUE
};

/// Read a CSV file. Columns named as Row's are taken, others as `columns` says; the rest goes to `notes`. A row needs a model and
/// a figure (a time, a rate or a memory); `x` or "Out of Mem." in place of a figure is the status out_of_memory.
/// A file that a sources.csv beside it lists is one of the studies' tables: its columns and conditions come from there, its
/// networks' names from names.csv (docs/store.md). Throws Error{usage} for wrong options, Error{input} naming file and line.
ImportedFile read_import(const std::filesystem::path& file, const ImportOptions& options = {});

/// What became of a file.
struct ImportOutcome {
  ImportedFile file;
  std::size_t inserted = 0;  ///< of file.rows, those that the store did not have; 0: nothing new
};

/// read_import() and Store::import_rows(): all rows or none.
ImportOutcome import_file(Store& store, const std::filesystem::path& file, const ImportOptions& options = {});

}  // namespace inferometer::store
