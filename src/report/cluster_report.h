/// What the parts of the analysis of clusters share.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/analysis.h"
#include "report/frame.h"

namespace inferometer::report {

/// The complete rows of the columns that are clustered.
struct ClusterData {
  std::string source;
  std::vector<std::string> columns;
  std::vector<std::string> labels;  ///< of each row: the network, else its number; all different
  std::vector<double> values;       ///< row-major, in the columns' own units
  std::vector<double> scores;       ///< what is clustered: z-scores, or the values
  std::vector<bool> published;      ///< of each row
  bool standardized = true;

  std::size_t rows() const { return labels.size(); }
  double value(std::size_t row, std::size_t column) const { return values[row * columns.size() + column]; }
};

/// One function a method. Throws Error{input} as stats/cluster.h does.
AnalysisResult cluster_by_k_means(const AnalysisSpec& spec, const ClusterData& data);
AnalysisResult cluster_by_ward(const AnalysisSpec& spec, const ClusterData& data);
/// The main cluster of spec.columns[0] at each value of spec.group, and an exponential decay through the centroids.
AnalysisResult cluster_groups(const AnalysisSpec& spec, const Frame& complete);

}  // namespace inferometer::report
