#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "report/analysis_text.h"
#include "report/column_titles.h"
#include "report/complete_cases.h"
#include "report/prediction_report.h"

namespace inferometer::report {
namespace {

/// More names would hide the points.
constexpr std::size_t kNamed = 6;

struct Range {
  double low = INFINITY, high = 0;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

Range range_of(const Predictions& data) {
  Range range;
  for (std::size_t i = 0; i < data.measured.size(); ++i) {
    range.add(data.measured[i]);
    if (data.by_net[i].value) range.add(*data.by_net[i].value);
    if (!data.by_family.empty() && data.by_family[i].value) range.add(*data.by_family[i].value);
  }
  return range;
}

/// The median interval, as ratios to its prediction.
std::optional<stats::Interval> interval_ratios(const std::vector<stats::HeldOut>& held) {
  std::vector<double> low, high;
  for (const stats::HeldOut& row : held) {
    if (!row.interval) continue;
    low.push_back(row.interval->low / *row.value);
    high.push_back(row.interval->high / *row.value);
  }
  return low.empty() ? std::nullopt : std::optional(stats::Interval{*stats::median(low), *stats::median(high)});
}

Panel panel_of(const Predictions& data, const std::vector<stats::HeldOut>& held, const std::string& title, const Range& range) {
  // Room for the marks at the ends.
  const double low = range.low / 1.15, high = range.high * 1.15;
  Panel panel;
  panel.title = title;
  panel.x = {"Measured: " + axis_title(data.response), Scale::log10, low, high};
  panel.y = {"Predicted: " + axis_title(data.response), Scale::log10, low, high};
  panel.series.push_back({.name = "predicted = measured",
                          .kind = SeriesKind::line,
                          .points = {{.x = low, .y = low}, {.x = high, .y = high}},
                          .color = kNeutral,
                          .marker = std::nullopt,
                          .stroke = Stroke::dashed});
  const std::vector<std::size_t> order = worst_first(data);
  Series series{.name = "held out", .points = {}};
  std::vector<bool> published;
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (!held[i].value) continue;
    Point point;
    point.x = data.measured[i];
    point.y = *held[i].value;
    const auto rank = static_cast<std::size_t>(std::find(order.begin(), order.end(), i) - order.begin());
    if (rank < kNamed) point.label = row_title(data, i);
    point.tooltip = fmt::format("{}\nmeasured: {}\npredicted: {}", row_title(data, i), rounded_text(point.x), rounded_text(point.y));
    series.points.push_back(std::move(point));
    published.push_back(data.published[i]);
  }
  for (Series& part : by_origin(series, published)) panel.series.push_back(std::move(part));
  if (const auto ratios = interval_ratios(held)) {
    // The interval round a prediction holds what was measured just where the prediction lies within these of it.
    panel.bands.push_back({.name = fmt::format("{} % interval", percent_text(data.confidence)),
                           .x = {low, high},
                           .low = {low / ratios->high, high / ratios->high},
                           .high = {low / ratios->low, high / ratios->low},
                           .color = kNeutral});
  }
  return panel;
}

}  // namespace

Chart prediction_chart(const Predictions& data) {
  Chart chart;
  chart.title = fmt::format("Predicted against measured: {}", axis_title(data.response));
  const Range range = range_of(data);
  const bool families = !data.by_family.empty();
  chart.panels.push_back(panel_of(data, data.by_net, families ? "(a) each net held out" : "", range));
  if (families) chart.panels.push_back(panel_of(data, data.by_family, "(b) each family held out", range));
  chart.columns = chart.panels.size();
  chart.panel_height = families ? 360 : 480;
  const bool intervals =
      std::any_of(data.by_net.begin(), data.by_net.end(), [](const stats::HeldOut& row) { return row.interval.has_value(); });
  chart.caption = fmt::format(
      "{}, {}; {} from {}, each point by a model that has seen no row of its {}.{}", data.source, counted(data.measured.size(), "row"),
      data.response, join(data.features, ", "), families ? "net or family" : "net",
      intervals
          ? fmt::format(" Shaded: where an interval of {} %, of median width, holds what was measured.", percent_text(data.confidence))
          : "");
  return chart;
}

}  // namespace inferometer::report
