/// Do what a study's [[evaluate]] blocks ask, after its runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/evaluation.h"
#include "cli/run_options.h"
#include "cli/study.h"

namespace CLI {
class App;
}

namespace inferometer::cli {

/// What the command line gives the evaluations of a study. Must stay where it is until parsing has ended.
struct StudyEvaluationOptions {
  std::string images, labels;
  std::vector<std::string> weights;  ///< NETWORK=FILE
};

/// Add --evaluate-images --evaluate-labels --evaluate-weights. Those of a [[run]] (--images, --labels, --weights) stay what they are.
void add_study_evaluation_options(CLI::App& app, StudyEvaluationOptions& options);

/// Throws Error{usage} naming the first of these options that was given.
void refuse_study_evaluation_options(const StudyEvaluationOptions& options, const std::string& why);

/// One [[evaluate]] block as it will be done.
struct PlannedEvaluation {
  EvaluationRequest request;
  std::vector<measure::PlannedEntry> entries;  ///< where probabilities are wanted, networks with synthetic weights are settled: skipped
  std::optional<dataset::DataSet> data;        ///< none: nobody names pictures, and nothing is done
};

/// Entries and pictures of all blocks chosen by `only`, so that what is wrong is told before anything is measured.
/// @param changes  options of the runs; those that say on what and with which network an evaluation runs change it too (of --threads one
/// value)
/// Throws Error{usage} for weights of a network that no block evaluates and options for a study without such blocks; and as
/// plan_evaluation(), open_labelled() and preprocessing_changes() do.
std::vector<PlannedEvaluation> plan_study_evaluations(const Study& study, const std::vector<std::string>& only, const RunOptions& changes,
                                                      const StudyEvaluationOptions& options, const measure::EngineCatalog& catalog,
                                                      const Context& context);

/// Why the entries of a block without pictures are not evaluated.
extern const char* const kNoPictures;

/// Evaluate what the store does not hold (all of it with KeptEvaluations::again); says in one line what was done, and in one which block
/// has no pictures. Throws as evaluate_plan() does.
std::vector<measure::Evaluated> do_study_evaluations(const std::vector<PlannedEvaluation>& evaluations, KeptEvaluations kept,
                                                     const EvaluationPlace& place, const Context& context);

}  // namespace inferometer::cli
