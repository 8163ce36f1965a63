/// Make a study's report from its plan, the rows measured and the tables published.
#pragma once

#include <string>
#include <vector>

#include "measure/evaluation_row.h"
#include "measure/layer_row.h"
#include "measure/row.h"
#include "report/page.h"
#include "report/study_blocks.h"

namespace inferometer::report {

/// Every item of the plan in its order. What cannot be made (no rows yet, too few for the analysis) is a ReportMissing with the reason and
/// the command that helps; a mistake in the study (a column that is not there) is an error.
/// @param rows  measured ones that belong to the study; empty: only what was published is shown
/// @param layers  those of the study's entries that were profiled
/// @param pictures  evaluations picture by picture, of trained weights
/// @param trainings  epochs of trainings
/// Reads the [[published]] files. Throws Error{input} beginning "FILE:LINE: ". Threads: safe.
Report study_report(const StudyPlan& plan, const std::vector<measure::Row>& rows, const std::vector<measure::LayerRow>& layers = {},
                    const std::vector<measure::AnsweredPictures>& pictures = {}, const std::vector<train::TrainingRow>& trainings = {});

/// The study's grids of its measured rows alone, as `run` shows them when it has measured; lists, and tables of other sources, are left
/// out. `format` is one for people.
std::vector<Table> measured_tables(const StudyPlan& plan, const std::vector<measure::Row>& rows, Format format);

}  // namespace inferometer::report
