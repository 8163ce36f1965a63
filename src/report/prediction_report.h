/// Show predictions of nets that a regression has not seen: as JSON, as tables, in sentences and in a chart.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/analysis.h"
#include "stats/feature_regression.h"

namespace inferometer::report {

/// Held-out predictions beside what was measured. Vectors are one a row.
struct Predictions {
  std::string source, response, net_column, family_column;
  std::vector<std::string> features;
  stats::FeatureModel model;  ///< fitted to all rows
  double confidence = 0.95;
  std::vector<std::string> nets, families;  ///< families: empty where none is known of any net
  /// Columns in which rows of one net differ, with their texts.
  std::vector<std::pair<std::string, std::vector<std::string>>> settings;
  std::vector<bool> published;
  std::vector<double> measured, fitted;
  std::vector<stats::HeldOut> by_net, by_family;  ///< by_family: empty where fewer than two families are known
};

/// json, tables, sentences and the chart; the title is made from the names.
AnalysisResult describe_predictions(const Predictions& data);

/// Held-out predictions against what was measured, on equal logarithmic axes, with the line of equality: nets held out, and families where
/// there are some.
Chart prediction_chart(const Predictions& data);

/// Rows by the size of their error with the net held out, the largest first; rows without a prediction are left out.
std::vector<std::size_t> worst_first(const Predictions& data);

/// "resnet18, batch 8".
std::string row_title(const Predictions& data, std::size_t row);

}  // namespace inferometer::report
