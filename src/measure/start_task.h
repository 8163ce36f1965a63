/// Tell a worker what to measure, and read what it answers: the parent's side of one start.
#pragma once

#include "measure/engines_here.h"
#include "measure/expected_outputs.h"
#include "measure/launcher.h"
#include "measure/models.h"
#include "measure/start.h"
#include "measure/worker.h"

namespace inferometer::measure {

/// The task of one start, by the entry's mode. Makes the model's file when the engine needs one that is not there.
/// @param catalog  has the entry's engine
/// Throws Error{input}, Error{io} when the file cannot be made, Error{unsupported} when not in the entry's precision.
WorkerTask start_task(const Entry& entry, const EngineCatalog& catalog, const ModelFacts& facts, int index);

/// Have the worker compare outputs with known ones, which are computed now when they are not in the cache.
/// Throws Error{interrupted}.
void add_agreement(WorkerTask& task, ExpectedOutputsSource& expected);

/// The start that a worker answered with, or one that says how the worker ended.
StartRecord start_record(const WorkerOutcome& outcome, int index);

}  // namespace inferometer::measure
