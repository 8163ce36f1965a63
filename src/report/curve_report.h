/// Show a fitted curve: as JSON, as tables, in sentences and in charts.
#pragma once

#include <string>
#include <vector>

#include "report/analysis.h"
#include "report/frame.h"
#include "stats/curve_fit.h"

namespace inferometer::report {

/// What is fitted: complete rows only.
struct CurveData {
  std::string source, x_name, y_name;
  std::vector<double> x, y;
  std::vector<std::string> labels;  ///< of each point, for tooltips; empty: none
  std::vector<bool> published;      ///< of each point; empty: none is
};

/// A model that could not be fitted, and why.
struct RefusedModel {
  stats::CurveModel model = stats::CurveModel::linear;
  std::string reason;
};

struct CurveRanking {
  std::vector<stats::CurveFit> fits;  ///< the best first; one only where the model was given
  std::vector<RefusedModel> refused;
  bool by_aicc = false;  ///< whether the models were compared
};

/// json, tables, sentences and charts of the best fit and of the ranking; the title is made from the names.
AnalysisResult describe_curve(const CurveData& data, const CurveRanking& ranking);

/// The points with curve and bands, and, unless the fit is perfect, what it leaves.
std::vector<Chart> curve_charts(const CurveData& data, const CurveRanking& ranking);

/// Whether a curve is best seen over a logarithmic x.
bool is_in_log_x(stats::CurveModel model);

/// The points as one series, and their panel with axes named; x is logarithmic where `log_x`. Published points are a series of their own in
/// the panel.
Series points_of(const CurveData& data);
Panel scatter_panel(const CurveData& data, bool log_x);

}  // namespace inferometer::report
