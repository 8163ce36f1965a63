#include <algorithm>
#include <map>

#include "report/column_titles.h"
#include "report/figure_types.h"

namespace inferometer::report {

Chart make_ecdf(const FigureSpec& spec, const Frame& rows, const FigureContext& context) {
  std::vector<std::string> positive;
  if (spec.log_x) positive.push_back(spec.x);
  FigureData data(spec, rows, context, {spec.x}, positive);

  Chart chart;
  SeriesStyles styles;
  for (const FigureGroup& group : data.groups()) {
    Panel panel;
    panel.title = group.title;
    panel.x = {axis_title(spec.x), spec.log_x ? Scale::log10 : Scale::linear};
    panel.y = {"Share of rows at or below"};
    panel.y.low = 0;
    panel.y.high = 1;
    std::vector<std::string> names;
    std::map<std::string, std::vector<double>> values;
    for (const std::size_t row : group.shown) {
      const std::string name = data.heading(spec.series, row);
      const auto [found, is_new] = values.try_emplace(name);
      if (is_new) names.push_back(name);
      found->second.push_back(*rows.numbers(spec.x)[row]);
    }
    for (const std::string& name : names) {
      std::vector<double>& sorted = values[name];
      std::sort(sorted.begin(), sorted.end());
      const SeriesStyles::Style style = styles.of(name);
      Series series{
          .name = name, .kind = SeriesKind::steps, .points = {}, .color = style.color, .marker = std::nullopt, .stroke = style.stroke};
      series.published = group.published;
      for (std::size_t i = 0; i < sorted.size(); ++i) {
        // Equal values are one step, as high as all of them.
        if (i + 1 < sorted.size() && sorted[i + 1] == sorted[i]) continue;
        Point point;
        point.x = sorted[i];
        point.y = static_cast<double>(i + 1) / static_cast<double>(sorted.size());
        series.points.push_back(point);
      }
      panel.series.push_back(std::move(series));
    }
    chart.panels.push_back(std::move(panel));
  }
  finish(chart, spec, data);
  if (spec.series.empty()) chart.legend = LegendPlace::none;
  return chart;
}

}  // namespace inferometer::report
