/// Tell whether an evaluation that is kept answers what is asked now.
///
/// An evaluation's identity holds what only the run shows (the input, the preprocessing carried out, streams obtained), so one that is kept
/// is found by its row. Pure; threads: safe.
#pragma once

#include <string>

#include "measure/evaluator.h"
#include "zoo/zoo.h"

namespace inferometer::measure {

/// The task for a network of the zoo, with the preprocessing that it brings; for a file (nullptr), without any.
EvaluationTask task_for(EvaluationTask task, const zoo::Network* network);

/// Whether the row's pictures became inputs as `task` (of task_for()) asks at the row's input. False for a row that did not run.
bool carried_out(const EvaluationRow& kept, const EvaluationTask& task);

/// Whether evaluating `entry` on the data set with this hash would count the same again: same model and weights, engine and its version,
/// device, precision asked, threads, batch, pictures, preprocessing and class offset. Whoever asks sees to it that the row is of
/// this machine and of today's meaning: identity() of the row is kept too then. Streams count where they were asked for. Of rows without
/// figures only `unsupported` ones answer: others may come out otherwise.
bool is_answered_by(const Entry& entry, const EvaluationRow& kept, const std::string& data_sha256, const EvaluatorOptions& options);

}  // namespace inferometer::measure
