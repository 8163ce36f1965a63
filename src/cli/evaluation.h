/// Evaluate models on labelled pictures, as `evaluate` and the [[evaluate]] blocks of study files ask.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.h"
#include "cli/preprocessing_options.h"
#include "dataset/data_set.h"
#include "measure/engines_here.h"
#include "measure/evaluator.h"
#include "measure/plan.h"
#include "measure/platform.h"
#include "store/store.h"

namespace inferometer::cli {

/// What to evaluate, on which pictures, and how. Paths are as the user gave them, or absolute.
struct EvaluationRequest {
  measure::RunSpec spec;                       ///< its fields of evaluation_run_options(); batches, streams and threads name one value each
  bool streams_are_asked = false;              ///< else as many as threads, and one where the engine refuses several
  std::map<std::string, std::string> weights;  ///< network -> file; other networks have the weights of `spec`
  std::string images, labels;
  std::int64_t limit = 0;          ///< only the first so many pictures; 0: all
  std::int64_t class_offset = -1;  ///< -1: found
  bool confidences = false;        ///< keep the probability of each picture's right class
  bool strict = false;             ///< damaged pictures, and labels or pictures without the other, are errors
  PreprocessingOptions preprocessing;
};

/// Options of `run` that an evaluation takes too; a study's keys are those of run_fields().
std::span<const std::string_view> evaluation_run_options();

/// Open the pictures, each with a label. Labels and pictures without the other are told, or an error.
/// Throws Error{usage} for pictures without labels, and what open_data_set() throws.
dataset::DataSet open_labelled(const EvaluationRequest& request, const Context& context);

/// Entries to evaluate, by network. Throws Error{usage} for several batches, streams or numbers of threads and for weights of a network
/// that is not among the models (with the nearest), and what measure::expand() throws.
std::vector<measure::PlannedEntry> plan_evaluation(const EvaluationRequest& request, const measure::EngineCatalog& catalog,
                                                   measure::MissingEngine missing);

/// What is done with evaluations that the store has already.
enum class KeptEvaluations : std::uint8_t {
  again,  ///< each entry is evaluated
  taken,  ///< those of the same model, settings and pictures are taken, without what each picture was given
};

/// The machine and the store that evaluations are kept in.
struct EvaluationPlace {
  const measure::EngineCatalog& catalog;
  const measure::Platform& platform;
  std::int64_t platform_id = 0;
  store::Store& store;
};

struct Evaluations {
  std::vector<measure::Evaluated> evaluated;  ///< by entry of the plan
  std::size_t taken = 0;                      ///< how many were in the store
};

/// Evaluate the entries of a plan in turn, with a progress bar; each is kept at once. Entries that are settled give a row, which is not
/// kept: nothing was evaluated.
/// Throws as measure::evaluate_entry() and the store do.
Evaluations evaluate_plan(const EvaluationRequest& request, const std::vector<measure::PlannedEntry>& plan, const dataset::DataSet& data,
                          KeptEvaluations kept, const EvaluationPlace& place, const Context& context);

/// Whether an evaluation should have passed and did not.
bool is_bad(const measure::Evaluated& evaluated);

}  // namespace inferometer::cli
