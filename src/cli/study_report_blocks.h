/// Read the blocks of a study that say what is made of the rows.
#pragma once

#include "cli/study_file.h"
#include "report/study_blocks.h"

namespace inferometer::cli {

/// One [[published]]. Throws Error{input}, the place first, as all here do.
report::PublishedSpec read_published(const StudyFile& file, const toml::table& block);

/// One [[column]].
report::ColumnSpec read_column(const StudyFile& file, const toml::table& block);

/// All blocks of the report, in the order of the file.
/// @param plan  has the published tables and the columns already, which blocks may name
void read_report_blocks(const StudyFile& file, const toml::table& root, report::StudyPlan& plan);

}  // namespace inferometer::cli
