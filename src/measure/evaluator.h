/// Evaluate models on engines, one worker after the other.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dataset/data_set.h"
#include "measure/engines_here.h"
#include "measure/evaluation.h"
#include "measure/evaluation_row.h"
#include "measure/evaluation_summary.h"
#include "measure/plan.h"
#include "measure/platform.h"

namespace inferometer::measure {

/// What follows "label + 1" in the note of an offset, and then in that of one that nobody asked for: kept evaluations are told apart by
/// them.
inline constexpr const char* kOffsetNote = " is the network's output";
inline constexpr const char* kFoundOffsetNote = " (1001 outputs: the first is taken for a background; --class-offset changes that)";

struct EvaluatorOptions {
  EvaluationTask task;                       ///< own and own_input are filled in for each zoo network
  std::optional<std::int64_t> class_offset;  ///< none: as class_offset() finds it
  bool streams_are_asked = false;            ///< else an engine that refuses several streams gets one
};

/// One evaluated entry.
struct Evaluated {
  EvaluationRow row;
  std::vector<JudgedImage> images;  ///< empty unless the row passed
  std::string identity;
};

/// What is worth keeping of each picture: where probabilities were asked for, and the weights are trained ones, or a file's. Those of
/// synthetic weights mean nothing, and there are none then.
std::vector<PictureAnswer> picture_answers(const Evaluated& evaluated, const Entry& entry, const dataset::DataSet& data);

/// Whether a network's weights are synthetic ones.
bool has_synthetic_weights(const Entry& entry);

/// Told what happens, for a progress bar.
class EvaluationObserver {
 public:
  virtual ~EvaluationObserver() = default;
  virtual void progress(const Entry& entry, std::size_t images_done, std::size_t images_total, double images_per_s) = 0;
  virtual void row_ready(const EvaluationRow& row) = 0;
};

/// Evaluate one planned entry. An engine that fails or lacks something is a row with that status. Makes the model's file if need be.
/// Throws Error{usage} and Error{input} for options and data that do not go together, Error{interrupted}.
Evaluated evaluate_entry(const PlannedEntry& planned, const EngineCatalog& catalog, const dataset::DataSet& data,
                         const std::string& data_sha256, const Platform& platform, const EvaluatorOptions& options,
                         EvaluationObserver& observer);

/// At most `most` names, then how many more: "a.jpg, b.jpg and 5 more".
std::string some_names(const std::vector<std::string>& names, std::size_t most = 5);

}  // namespace inferometer::measure
