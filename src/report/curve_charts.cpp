#include <utility>

#include <fmt/format.h>

#include "report/analysis_text.h"
#include "base/text.h"
#include "report/column_titles.h"
#include "report/complete_cases.h"
#include "report/curve_report.h"
#include "report/fit_layers.h"

namespace inferometer::report {
namespace {

using stats::CurveFit;
using stats::CurveModel;

std::vector<bool> flags_of(const CurveData& data) {
  return data.published.empty() ? std::vector<bool>(data.x.size(), false) : data.published;
}

Chart curve_chart(const CurveData& data, const CurveRanking& ranking) {
  const CurveFit& fit = ranking.fits.front();
  Chart chart;
  chart.title = fmt::format("{} against {}", data.y_name, data.x_name);
  chart.caption = fmt::format("{}, {} points of {}{}; dark: {} % confidence band of the curve, light: {} % prediction band of a new point.",
                              formula(fit.model), fit.n, data.source, ranking.by_aicc ? ", the lowest AICc" : "",
                              percent_text(fit.confidence), percent_text(fit.confidence));
  Panel panel = scatter_panel(data, is_in_log_x(fit.model));
  add_fitted_curve(panel, fit, true, data.x, data.y, "", kNeutral);
  chart.panels.push_back(std::move(panel));
  return chart;
}

Chart residual_chart(const CurveData& data, const CurveFit& fit) {
  Chart chart;
  chart.title = fmt::format("What the curve leaves of {}", data.y_name);
  chart.caption = fmt::format("Residuals of {} against the fitted values; dotted: one residual standard deviation, {}.", formula(fit.model),
                              rounded_text(fit.residual_stddev));
  chart.legend = LegendPlace::none;
  Panel panel;
  panel.x.title = fmt::format("Fitted: {}", axis_title(data.y_name));
  panel.y.title = "Residual";
  Series series{.points = {}};
  for (std::size_t i = 0; i < fit.fitted.size(); ++i) {
    Point point;
    point.x = fit.fitted[i];
    point.y = fit.residuals[i];
    if (!data.labels.empty()) point.tooltip = data.labels[i];
    series.points.push_back(std::move(point));
  }
  panel.series = by_origin(series, flags_of(data));
  panel.lines.push_back({true, 0, "", Stroke::solid});
  for (const double sign : {-1.0, 1.0}) panel.lines.push_back({true, sign * fit.residual_stddev, "", Stroke::dotted});
  chart.panels.push_back(std::move(panel));
  return chart;
}

}  // namespace

bool is_in_log_x(CurveModel model) {
  return model == CurveModel::logarithmic || model == CurveModel::power || model == CurveModel::logistic;
}

Series points_of(const CurveData& data) {
  Series series{.points = {}};
  for (std::size_t i = 0; i < data.x.size(); ++i) {
    Point point;
    point.x = data.x[i];
    point.y = data.y[i];
    if (!data.labels.empty()) {
      point.tooltip =
          fmt::format("{}\n{}: {}\n{}: {}", data.labels[i], data.x_name, rounded_text(point.x), data.y_name, rounded_text(point.y));
    }
    series.points.push_back(std::move(point));
  }
  return series;
}

Panel scatter_panel(const CurveData& data, bool log_x) {
  Panel panel;
  panel.x = {axis_title(data.x_name), log_x ? Scale::log10 : Scale::linear};
  panel.y.title = axis_title(data.y_name);
  panel.series = by_origin(points_of(data), flags_of(data));
  return panel;
}

std::vector<Chart> curve_charts(const CurveData& data, const CurveRanking& ranking) {
  std::vector<Chart> charts{curve_chart(data, ranking)};
  if (!ranking.fits.front().perfect) charts.push_back(residual_chart(data, ranking.fits.front()));
  return charts;
}

}  // namespace inferometer::report
