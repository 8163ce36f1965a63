#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/column_titles.h"
#include "report/figure_types.h"
#include "report/fit_layers.h"

namespace inferometer::report {
namespace {

/// Four round numbers up to the largest: 1, 2, 2.5 or 5 times a power of ten, evenly spaced.
std::vector<std::pair<double, std::string>> round_sizes(double largest) {
  const double power = std::pow(10, std::floor(std::log10(largest)));
  double step = power / 4;
  for (const double candidate : {0.25, 0.5, 1.0, 2.0, 2.5}) {
    if (candidate * power * 4 <= largest * 1.05) step = candidate * power;
  }
  std::vector<std::pair<double, std::string>> sizes;
  for (int i = 1; i <= 4; ++i) sizes.emplace_back(step * i, short_number(step * i));
  return sizes;
}

}  // namespace

Chart make_bubble(const FigureSpec& spec, const Frame& rows, const FigureContext& context) {
  const std::string& y = spec.y.front();
  std::vector<std::string> positive{spec.size};
  if (spec.log_x) positive.push_back(spec.x);
  if (spec.log_y) positive.push_back(y);
  FigureData data(spec, rows, context, {spec.x, y, spec.size}, positive);

  Chart chart;
  chart.legend = LegendPlace::none;  // every bubble carries its name
  chart.animated = spec.animated;
  double largest = 0;
  SeriesStyles styles;
  for (const FigureGroup& group : data.groups()) {
    Panel panel;
    panel.title = group.title;
    panel.shaded = true;
    panel.x = {axis_title(spec.x), spec.log_x ? Scale::log10 : Scale::linear};
    panel.y = {axis_title(y), spec.log_y ? Scale::log10 : Scale::linear};
    Series series;
    series.published = group.published;
    std::vector<double> fit_x, fit_y;
    for (const std::size_t row : group.shown) {
      Point point;
      point.x = *rows.numbers(spec.x)[row];
      point.y = *rows.numbers(y)[row];
      point.size = *rows.numbers(spec.size)[row];
      largest = std::max(largest, *point.size);
      if (!spec.label.empty()) point.label = rows.texts(spec.label)[row];
      point.tooltip = data.tooltip(row, {spec.label, spec.x, y, spec.size});
      point.hollow = data.is_hollow(row);
      point.color = styles.of(spec.label.empty() ? fmt::format("{}", row) : point.label).color;
      fit_x.push_back(point.x);
      fit_y.push_back(point.y);
      series.points.push_back(std::move(point));
    }
    panel.series.push_back(std::move(series));
    if (spec.fit) data.note(add_fit(panel, *spec.fit, fit_x, fit_y, "", kNeutral).sentence);
    chart.panels.push_back(std::move(panel));
  }
  chart.size_legend = SizeLegend{axis_title(spec.size), spec.size_legend.empty() ? round_sizes(largest) : spec.size_legend};
  finish(chart, spec, data);
  chart.panel_height = chart.panels.size() == 1 ? 520 : 400;
  return chart;
}

}  // namespace inferometer::report
