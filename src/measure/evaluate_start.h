/// Evaluate labelled pictures inside the worker.
#pragma once

#include "measure/evaluation.h"
#include "measure/measure_start.h"

namespace inferometer::measure {

/// Open task.evaluation's data set and run all of its pictures through the model. Threads of ours decode and preprocess while requests
/// run: as many as the entry has streams, each with its own request; with fewer streams than threads more, so that the next pictures are
/// ready.
/// Batches are blocks of neighbours, so every picture's place is the same each time; places of damaged pictures repeat another.
/// Throws Error{usage} for options that do not fit the model and, when strict, naming the first damaged picture; Error{unsupported}
/// for a model that takes no picture; what the engine throws.
EvaluationRecord evaluate_start(const StartContext& context);

/// The session's one input, which must be a picture. Throws Error{unsupported} when it is not.
const engine::TensorInfo& picture_input(const engine::Session& session);

/// What the task asks for at this input.
zoo::Preprocessing preprocessing_of(const EvaluationTask& task, const dataset::InputGeometry& input);

}  // namespace inferometer::measure
