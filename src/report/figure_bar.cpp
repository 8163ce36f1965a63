#include <algorithm>
#include <map>

#include "report/column_titles.h"
#include "report/figure_types.h"

namespace inferometer::report {
namespace {

/// Rows that share a bar.
struct Bar {
  std::string name;
  std::vector<std::size_t> rows;
  double value = 0;
};

std::vector<Bar> bars_of(const FigureSpec& spec, const FigureData& data, const FigureGroup& group, std::size_t& settled_count) {
  const Frame& frame = data.rows();
  // Bars of one name that differ in a setting are bars of their own, with the setting behind the name.
  std::vector<std::string> place = spec.group;
  place.push_back(spec.x);
  const std::vector<std::string> apart = telling_apart(frame, group.shown, place, {});
  std::vector<Bar> bars;
  std::map<std::string, std::size_t> places;
  for (const std::size_t row : group.shown) {
    const std::string more = data.heading(apart, row);
    const std::string name = frame.texts(spec.x)[row] + (more.empty() ? "" : " (" + more + ")");
    const auto [found, is_new] = places.try_emplace(name, bars.size());
    if (is_new) bars.push_back({name, {}, 0});
    bars[found->second].rows.push_back(row);
  }
  for (Bar& bar : bars) bar.value = settled(frame.numbers(spec.y.front()), bar.rows, settled_count);
  if (spec.sort == "value") std::stable_sort(bars.begin(), bars.end(), [](const Bar& a, const Bar& b) { return a.value > b.value; });
  if (spec.sort == "name") std::stable_sort(bars.begin(), bars.end(), [](const Bar& a, const Bar& b) { return a.name < b.name; });
  return bars;
}

Point bar_point(const FigureSpec& spec, const FigureData& data, const Bar& bar, std::size_t category) {
  const std::size_t row = bar.rows.front();
  Point point;
  point.x = spec.horizontal ? bar.value : static_cast<double>(category);
  point.y = spec.horizontal ? static_cast<double>(category) : bar.value;
  // The interval of one row is none of a median of several.
  if (!spec.low.empty() && bar.rows.size() == 1) {
    point.low = data.rows().numbers(spec.low)[row];
    point.high = data.rows().numbers(spec.high)[row];
  }
  point.hollow = std::any_of(bar.rows.begin(), bar.rows.end(), [&](std::size_t each) { return data.is_hollow(each); });
  point.tooltip = data.tooltip(row, {spec.x, spec.y.front(), spec.low, spec.high, spec.y_right});
  return point;
}

}  // namespace

Chart make_bar(const FigureSpec& spec, const Frame& rows, const FigureContext& context) {
  const std::string& y = spec.y.front();
  std::vector<std::string> numeric{y}, positive;
  if (!spec.y_right.empty()) numeric.push_back(spec.y_right);
  if (spec.log_y) positive = numeric;
  FigureData data(spec, rows, context, numeric, positive);

  Chart chart;
  chart.legend = spec.y_right.empty() ? LegendPlace::none : LegendPlace::top;
  std::size_t settled_count = 0, most_bars = 0;
  for (const FigureGroup& group : data.groups()) {
    std::vector<Bar> bars = bars_of(spec, data, group, settled_count);
    if (spec.limit > 0 && bars.size() > spec.limit) bars.resize(spec.limit);
    most_bars = std::max(most_bars, bars.size());
    Panel panel;
    panel.title = group.title;
    Axis names{axis_title(spec.x), Scale::category};
    Axis values{axis_title(y), spec.log_y ? Scale::log10 : Scale::linear};
    Series series;
    series.name = spec.y_right.empty() ? "" : axis_title(y);
    series.kind = spec.horizontal ? SeriesKind::horizontal_bars : SeriesKind::bars;
    series.published = group.published;
    series.value_format = spec.value_format;
    Series right = series;
    right.name = spec.y_right.empty() ? "" : axis_title(spec.y_right);
    right.color = 1;
    right.right_axis = true;
    for (std::size_t i = 0; i < bars.size(); ++i) {
      names.categories.push_back(bars[i].name);
      series.points.push_back(bar_point(spec, data, bars[i], i));
      if (spec.y_right.empty()) continue;
      Point point = series.points.back();
      point.low = point.high = std::nullopt;
      std::size_t ignored = 0;
      point.y = settled(rows.numbers(spec.y_right), bars[i].rows, ignored);
      right.points.push_back(std::move(point));
    }
    names.reversed = spec.horizontal;  // the first on top
    panel.x = spec.horizontal ? values : names;
    panel.y = spec.horizontal ? names : values;
    panel.series.push_back(std::move(series));
    if (!spec.y_right.empty()) {
      panel.y_right = Axis{axis_title(spec.y_right), spec.log_y ? Scale::log10 : Scale::linear};
      panel.series.push_back(std::move(right));
    }
    chart.panels.push_back(std::move(panel));
  }
  data.note(settled_sentence(settled_count));
  finish(chart, spec, data);
  // A horizontal bar needs the height of a line of text.
  if (spec.horizontal) chart.panel_height = std::max(240.0, 90.0 + 18.0 * static_cast<double>(most_bars));
  return chart;
}

}  // namespace inferometer::report
