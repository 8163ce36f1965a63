/// Read the studies' published tables: what they hold stands in sources.csv, whom they mean in names.csv.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/csv.h"
#include "store/import.h"

namespace inferometer::store {

/// One line of sources.csv.
struct PublishedSource {
  std::string file, study, citation, figure, value_column, unit, input_px, data_set, timed, import_as;
};

/// The line of the sources.csv beside `file` that names it; nullopt when there is none. Throws Error{input} when sources.csv cannot
/// be read.
std::optional<PublishedSource> published_source(const std::filesystem::path& file);

/// The table's lines as rows. `folder` holds names.csv and the tables that sources.csv refers to. Throws Error{input}: the table
/// is no measurement, lacks a column, or holds a cell that is no figure.
ImportedFile read_published(const CsvTable& table, const PublishedSource& source, const std::filesystem::path& folder);

}  // namespace inferometer::store
