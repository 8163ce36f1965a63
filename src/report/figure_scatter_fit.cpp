#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "report/column_titles.h"
#include "report/figure_types.h"
#include "report/fit_layers.h"
#include "stats/sample.h"

namespace inferometer::report {
namespace {

/// The end of the near points when far ones squeeze them into less than a third of the axis: beyond the third quartile by three
/// interquartile ranges (Tukey's far out values). nullopt when there are none such.
std::optional<double> near_end(const std::vector<double>& values) {
  if (values.size() < 8) return std::nullopt;
  const double q1 = *stats::quantile_type7(values, 0.25), q3 = *stats::quantile_type7(values, 0.75);
  const double fence = q3 + 3 * (q3 - q1);
  double near = -INFINITY;
  for (const double value : values) {
    if (value <= fence) near = std::max(near, value);
  }
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const bool squeezed = *most > fence && near - *least < (*most - *least) / 3;
  return squeezed ? std::optional(near) : std::nullopt;
}

struct Cloud {
  std::string name;
  std::vector<std::size_t> rows;
};

/// Rows of a group by series, in order of first use.
std::vector<Cloud> clouds_of(const FigureSpec& spec, const FigureData& data, const FigureGroup& group) {
  std::vector<Cloud> clouds;
  std::map<std::string, std::size_t> places;
  for (const std::size_t row : group.shown) {
    const std::string name = data.heading(spec.series, row);
    const auto [place, is_new] = places.try_emplace(name, clouds.size());
    if (is_new) clouds.push_back({name, {}});
    clouds[place->second].rows.push_back(row);
  }
  return clouds;
}

class ScatterMaker {
 public:
  ScatterMaker(const FigureSpec& spec, const Frame& rows, FigureData& data)
      : spec_(spec), data_(data), x_(rows.numbers(spec.x)), y_(rows.numbers(spec.y.front())), rows_(rows) {}

  /// @param far  rows that are drawn in another panel alone
  Panel panel(const FigureGroup& group, const std::vector<std::size_t>& far) {
    Panel panel;
    panel.title = group.title;
    panel.x = number_axis(rows_, spec_.x, group.shown, spec_.log_x);
    panel.y = {axis_title(spec_.y.front()), spec_.log_y ? Scale::log10 : Scale::linear};
    std::vector<double> all_x, all_y;
    for (const Cloud& cloud : clouds_of(spec_, data_, group)) {
      const SeriesStyles::Style style = styles_.of(cloud.name);
      Series series{.name = cloud.name, .points = {}, .color = style.color, .marker = style.marker};
      series.published = group.published;
      std::vector<double> x, y;
      for (const std::size_t row : cloud.rows) {
        if (std::find(far.begin(), far.end(), row) != far.end()) continue;
        series.points.push_back(point(row));
        x.push_back(series.points.back().x);
        y.push_back(series.points.back().y);
      }
      all_x.insert(all_x.end(), x.begin(), x.end());
      all_y.insert(all_y.end(), y.begin(), y.end());
      panel.series.push_back(std::move(series));
      if (spec_.fit && spec_.fit->each_series) data_.note(add_fit(panel, *spec_.fit, x, y, cloud.name, style.color).sentence);
    }
    if (spec_.fit && !spec_.fit->each_series) data_.note(titled(panel, add_fit(panel, *spec_.fit, all_x, all_y, "", kNeutral).sentence));
    return panel;
  }

  /// Rows whose x lies beyond the near points, when these would be squeezed.
  std::vector<std::size_t> far_rows(const FigureGroup& group) const {
    std::vector<double> values;
    for (const std::size_t row : group.shown) values.push_back(*x_[row]);
    const std::optional<double> end = near_end(values);
    std::vector<std::size_t> far;
    for (const std::size_t row : group.shown) {
      if (end && *x_[row] > *end) far.push_back(row);
    }
    return far;
  }

 private:
  Point point(std::size_t row) const {
    Point made;
    made.x = *x_[row];
    made.y = *y_[row];
    if (!spec_.label.empty()) made.label = rows_.texts(spec_.label)[row];
    std::vector<std::string> columns{spec_.label, spec_.x, spec_.y.front()};
    columns.insert(columns.end(), spec_.series.begin(), spec_.series.end());
    made.tooltip = data_.tooltip(row, columns);
    made.hollow = data_.is_hollow(row);
    return made;
  }

  static std::string titled(const Panel& panel, std::string sentence) {
    // "(a) torch: y = ..." tells the fits of several panels apart.
    return panel.title.empty() || sentence.empty() ? std::move(sentence) : fmt::format("{}: {}", panel.title, sentence);
  }

  const FigureSpec& spec_;
  FigureData& data_;
  const std::vector<std::optional<double>>& x_;
  const std::vector<std::optional<double>>& y_;
  const Frame& rows_;
  SeriesStyles styles_;
};

}  // namespace

Chart make_scatter_fit(const FigureSpec& spec, const Frame& rows, const FigureContext& context) {
  const std::string& y = spec.y.front();
  std::vector<std::string> positive;
  if (spec.log_x) positive.push_back(spec.x);
  if (spec.log_y) positive.push_back(y);
  FigureData data(spec, rows, context, {spec.x, y}, positive);

  Chart chart;
  chart.animated = spec.animated;
  ScatterMaker maker(spec, rows, data);
  for (const FigureGroup& group : data.groups()) {
    chart.panels.push_back(maker.panel(group, {}));
    const std::vector<std::size_t> far = spec.split_far ? maker.far_rows(group) : std::vector<std::size_t>();
    if (far.empty()) continue;
    FigureGroup near = group;
    near.title = (group.title.empty() ? "" : group.title + ", ") +
                 fmt::format("without {} far {}", far.size(), far.size() == 1 ? "point" : "points");
    if (chart.panels.back().title.empty()) chart.panels.back().title = "all points";
    chart.panels.push_back(maker.panel(near, far));
  }
  if (spec.series.empty()) chart.legend = spec.fit ? LegendPlace::top : LegendPlace::none;
  finish(chart, spec, data);
  return chart;
}

}  // namespace inferometer::report
