#include <algorithm>

#include <fmt/format.h>

#include "report/column_titles.h"
#include "report/figure_types.h"
#include "report/front.h"

namespace inferometer::report {
namespace {

class ParetoMaker {
 public:
  ParetoMaker(const FigureSpec& spec, const Frame& rows, const FigureData& data)
      : spec_(spec),
        data_(data),
        rows_(rows),
        x_(rows.numbers(spec.x)),
        y_(rows.numbers(spec.y.front())),
        for_x_(wish_of(spec.x)),
        for_y_(wish_of(spec.y.front())) {}

  Panel panel(const FigureGroup& group) {
    Panel panel;
    panel.title = group.title;
    panel.x = number_axis(rows_, spec_.x, group.shown, spec_.log_x);
    panel.y = {axis_title(spec_.y.front()), spec_.log_y ? Scale::log10 : Scale::linear};
    std::vector<Point> all;
    for (const std::size_t row : group.shown) all.push_back({.x = *x_[row], .y = *y_[row]});
    Series front = front_series(all, for_x_, for_y_);
    std::vector<std::string> names;
    for (const std::size_t row : group.shown) {
      const std::string name = data_.heading(spec_.series, row);
      const auto found = std::find(names.begin(), names.end(), name);
      const auto place = static_cast<std::size_t>(found - names.begin());
      if (found == names.end()) {
        names.push_back(name);
        const SeriesStyles::Style style = styles_.of(name);
        panel.series.push_back({.name = name, .points = {}, .color = style.color, .marker = style.marker, .published = group.published});
      }
      panel.series[place].points.push_back(point(row, front));
    }
    front.published = group.published;
    panel.series.push_back(std::move(front));
    return panel;
  }

 private:
  Point point(std::size_t row, const Series& front) const {
    Point made;
    made.x = *x_[row];
    made.y = *y_[row];
    const bool unbeaten =
        std::any_of(front.points.begin(), front.points.end(), [&](const Point& each) { return each.x == made.x && each.y == made.y; });
    // The names of those that are beaten would hide the others'.
    if (!spec_.label.empty() && unbeaten) made.label = rows_.texts(spec_.label)[row];
    std::vector<std::string> columns{spec_.label, spec_.x, spec_.y.front()};
    columns.insert(columns.end(), spec_.series.begin(), spec_.series.end());
    made.tooltip = data_.tooltip(row, columns);
    made.hollow = data_.is_hollow(row);
    return made;
  }

  const FigureSpec& spec_;
  const FigureData& data_;
  const Frame& rows_;
  const std::vector<std::optional<double>>& x_;
  const std::vector<std::optional<double>>& y_;
  stats::Wish for_x_, for_y_;
  SeriesStyles styles_;
};

const char* better(const std::string& column) { return wish_of(column) == stats::Wish::smallest ? "less" : "more"; }

}  // namespace

Chart make_pareto(const FigureSpec& spec, const Frame& rows, const FigureContext& context) {
  const std::string& y = spec.y.front();
  std::vector<std::string> positive;
  if (spec.log_x) positive.push_back(spec.x);
  if (spec.log_y) positive.push_back(y);
  FigureData data(spec, rows, context, {spec.x, y}, positive);
  data.note(fmt::format("Line: what nothing beats, where {} of “{}” and {} of “{}” are better.", better(spec.x), axis_title(spec.x),
                        better(y), axis_title(y)));
  Chart chart;
  ParetoMaker maker(spec, rows, data);
  for (const FigureGroup& group : data.groups()) chart.panels.push_back(maker.panel(group));
  finish(chart, spec, data);
  return chart;
}

}  // namespace inferometer::report
