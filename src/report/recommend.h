/// Choose among rows under constraints: what satisfies them, what nothing beats, what each rules out, and what to measure to be surer.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/analysis.h"
#include "report/frame.h"

namespace inferometer::report {

/// What is asked. A limit that is nullopt is no constraint; limits are inclusive, in the unit of their name (top1 in percent).
struct RecommendSpec {
  std::string title;  ///< empty: made from the rest
  std::optional<double> min_images_per_s, max_latency_ms, max_p99_ms, max_memory_mb, max_power_w, min_top1;
  /// What the best of those that satisfy has most or least of: accuracy, speed (images per second), latency, memory, energy.
  std::string prefer = "accuracy";
  std::string accuracy = "top1";  ///< top1 (published) or measured_top1
};

/// A constraint as keys, options and tables name it.
struct ConstraintField {
  std::string_view key;       ///< "min_images_per_s"; the option is --min-images-per-s
  std::string_view quantity;  ///< of Candidate: "images_per_s"
  std::optional<double> RecommendSpec::*limit;
  bool is_least;  ///< the figure must not be below the limit; else not above
  std::string_view description;
  double most = 1e12;  ///< a larger limit is a mistake
};
const std::array<ConstraintField, 6>& constraint_fields();

/// The names that `prefer` knows.
const std::vector<std::string>& preferences();

/// Throws Error{usage} for an unknown preference or accuracy, and for a limit that is not positive.
void check_recommend(const RecommendSpec& spec);

/// Columns of a row that recommend() reads where they are there.
const std::vector<std::string>& recommend_columns();

/// The outcome, and whether there is a choice.
struct Recommendation {
  AnalysisResult result;
  bool found = false;
};

/// Choose among the frame's rows (columns of measure::Row; those that are missing are unknown). Rows that did not pass and invalid ones are
/// no candidates. A row satisfies a constraint only with a figure that does: an unknown one never passes, and is counted. Rows whose column
/// `origin` says `predicted` or `published` are marked so wherever they stand. A request's time is latency_median_ms, else latency_mean_ms,
/// else, in latency mode, per_image_ms x batch, which a note says. Throws as check_recommend(), and Error{input} where there is no row at
/// all. Pure; threads: safe.
Recommendation recommend(const RecommendSpec& spec, const Frame& frame);

}  // namespace inferometer::report
