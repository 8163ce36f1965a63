/// Run one statistical analysis on a frame: the same for `analyze` and for a study's [[analysis]].
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "report/chart_names.h"
#include "report/frame.h"
#include "report/table.h"

namespace inferometer::report {

/// What is asked. Every member that a type does not use must be left as it is; each type says which it uses.
struct AnalysisSpec {
  std::string type;   ///< anova, fit, cluster, correlate, predict
  std::string title;  ///< empty: made from the rest
  // anova, predict
  std::string response;
  // anova
  bool log = false;                  ///< natural logarithm of the response
  std::vector<std::string> factors;  ///< one or two columns
  bool interaction = false;          ///< two-way with replicates
  // fit
  std::string x, y;
  std::string model = "auto";  ///< a name of stats/curve_fit.h, or auto: ranked by AICc
  // cluster, correlate
  std::vector<std::string> columns;
  std::optional<std::int64_t> clusters;  ///< nullopt: chosen by silhouette
  std::string method;                    ///< cluster: kmeans (default), ward; correlate: pearson (default), spearman, kendall
  bool standardize = true;               ///< z-scores before clustering
  std::string group;                     ///< cluster: centroids for each value of this column
  std::uint64_t seed = 1;
  // predict
  std::vector<std::string> features;  ///< columns that the response is predicted from
  std::string form;                   ///< a name of stats/feature_regression.h; empty: log_log
  std::string net = "model";          ///< the column of what is held out: all rows of one value together ...
  std::string family = "family";      ///< ... and of what they are kin by; where the frame has no such column, families are not held out
  double confidence = 0.95;
};

struct AnalysisResult {
  std::string title;
  /// Every figure at full precision. What is not defined is null, never NaN. Owned as text so that this header stays light.
  std::string json;
  std::vector<Table> tables;           ///< for people, in reading order
  std::vector<std::string> sentences;  ///< what it says, computed; a warning begins with "Note: "
  std::vector<Chart> charts;           ///< may be empty
};

/// Throws Error{input} naming column and reason when the data do not allow it (one group only, constant values, too few rows), and
/// Error{usage} for a wrong specification. Rows with a missing value in a column that is used are left out and counted in a sentence;
/// so is text in a column of numbers ("x"). Pure; threads: safe.
AnalysisResult analyze(const AnalysisSpec& spec, const Frame& frame);

/// One function for each type, in a file of its own; analyze() chooses.
AnalysisResult analyze_anova(const AnalysisSpec& spec, const Frame& frame);
AnalysisResult analyze_fit(const AnalysisSpec& spec, const Frame& frame);
AnalysisResult analyze_cluster(const AnalysisSpec& spec, const Frame& frame);
AnalysisResult analyze_correlate(const AnalysisSpec& spec, const Frame& frame);
AnalysisResult analyze_predict(const AnalysisSpec& spec, const Frame& frame);

}  // namespace inferometer::report
