#include <algorithm>
#include <map>

#include "report/column_titles.h"
#include "report/figure_types.h"

namespace inferometer::report {

Chart make_heatmap(const FigureSpec& spec, const Frame& rows, const FigureContext& context) {
  std::vector<std::string> positive;
  if (spec.log_y) positive.push_back(spec.value);
  const std::string& y = spec.y.front();
  FigureData data(spec, rows, context, {spec.value}, positive, {spec.x, y});

  Chart chart;
  chart.legend = LegendPlace::none;
  std::size_t settled_count = 0, most_lines = 0;
  for (const FigureGroup& group : data.groups()) {
    Panel panel;
    panel.title = group.title;
    panel.x = {axis_title(spec.x), Scale::category};
    panel.y = {axis_title(y), Scale::category};
    panel.y.reversed = true;
    panel.x.categories = category_order(rows, spec.x, group.shown);

    std::vector<std::string> place = spec.group;
    place.insert(place.end(), {spec.x, y});
    const std::vector<std::string> apart = telling_apart(rows, group.shown, place, {});
    std::map<std::pair<std::size_t, std::size_t>, std::vector<std::size_t>> cells;
    std::map<std::string, std::size_t> lines;
    for (const std::string& name : category_order(rows, y, group.shown)) {
      for (const std::size_t row : group.shown) {
        if (rows.texts(y)[row] != name) continue;
        const std::string more = data.heading(apart, row);
        const std::string line = name + (more.empty() ? "" : " (" + more + ")");
        const auto [found, is_new] = lines.try_emplace(line, lines.size());
        if (is_new) panel.y.categories.push_back(line);
        const auto column = std::find(panel.x.categories.begin(), panel.x.categories.end(), rows.texts(spec.x)[row]);
        cells[{static_cast<std::size_t>(column - panel.x.categories.begin()), found->second}].push_back(row);
      }
    }
    most_lines = std::max(most_lines, lines.size());
    panel.heat = HeatCells{};
    panel.heat->title = axis_title(spec.value);
    panel.heat->log = spec.log_y;
    for (std::size_t line = 0; line < lines.size(); ++line) {
      for (std::size_t column = 0; column < panel.x.categories.size(); ++column) {
        HeatCells::Cell cell{column, line, std::nullopt, ""};
        if (const auto found = cells.find({column, line}); found != cells.end()) {
          cell.value = settled(rows.numbers(spec.value), found->second, settled_count);
          if (spec.annotate) cell.text = short_number(*cell.value);
          // A cell has no hollow form: a mark behind its figure says the same.
          if (std::any_of(found->second.begin(), found->second.end(), [&](std::size_t row) { return data.is_hollow(row); }))
            cell.text += "~";
        }
        panel.heat->cells.push_back(std::move(cell));
      }
    }
    chart.panels.push_back(std::move(panel));
  }
  data.note(settled_sentence(settled_count));
  finish(chart, spec, data);
  if (spec.columns == 0) chart.columns = 1;
  chart.panel_height = std::max(200.0, 110.0 + 20.0 * static_cast<double>(most_lines));
  return chart;
}

}  // namespace inferometer::report
