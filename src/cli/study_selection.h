/// Choose the rows of a store that a study's runs ask for.
#pragma once

#include <vector>

#include "cli/evaluation.h"
#include "measure/evaluation_row.h"
#include "measure/plan.h"
#include "measure/row.h"

namespace inferometer::cli {

/// Whether a run with this specification would give such a row: network, input, engine with its settings, device, precision asked, threads,
/// batch, mode, protocol and, in throughput mode, streams and requests are among those named; where a list is empty, what a run would
/// choose by itself, on whichever machine. How long and how often was measured does not count, so that a report shows what there is.
/// Imported rows belong to no run. Pure.
bool belongs_to(const measure::Row& row, const measure::RunSpec& spec);

/// Those that belong to at least one run, in the order in which the study names them: run, network (those of a pattern as the zoo lists
/// them), engine, batch; then as they stood. A store has them in the shuffled order of measuring.
std::vector<measure::Row> rows_of(const std::vector<measure::RunSpec>& specs, std::vector<measure::Row> rows);

/// Whether evaluating so would give such a row: network, input, engine with its settings, device, precision asked, threads where they are
/// named, batch, preprocessing and, where the request names pictures, their data set's name are alike. Pure.
bool belongs_to(const measure::EvaluationRow& row, const EvaluationRequest& request);

/// Those that belong to at least one request, as they stood; of a request that names no pictures, those on the data set that was evaluated
/// last (they stand in the order in which they were evaluated), so that a table never mixes pictures. All where there is no request.
std::vector<measure::AnsweredPictures> pictures_of(const std::vector<EvaluationRequest>& requests,
                                                   std::vector<measure::AnsweredPictures> evaluations);

/// Measured rows by network as the zoo lists them, engine and batch; before them what was imported, as it stood.
std::vector<measure::Row> in_reading_order(std::vector<measure::Row> rows);

}  // namespace inferometer::cli
