#include <algorithm>
#include <map>

#include "report/column_titles.h"
#include "report/figure_types.h"

namespace inferometer::report {
namespace {

/// Rows of one series by place on the x axis.
struct Line {
  std::string name;
  bool published = false;
  std::map<double, std::vector<std::size_t>> places;  ///< x -> rows
};

class LineMaker {
 public:
  LineMaker(const FigureSpec& spec, FigureData& data) : spec_(spec), data_(data), frame_(data.rows()) {}

  /// Give series told apart by one column of numbers their colours in the order of these numbers, whatever panel has them first.
  void order_series(const std::vector<FigureGroup>& groups) {
    if (spec_.series.size() != 1 || spec_.y.size() > 1) return;
    std::vector<std::size_t> all;
    for (const FigureGroup& group : groups) all.insert(all.end(), group.shown.begin(), group.shown.end());
    for (const std::string& value : category_order(frame_, spec_.series.front(), all)) styles_.of(value_title(spec_.series.front(), value));
  }

  Panel panel(const FigureGroup& group, bool log_y) {
    Panel panel;
    panel.title = group.title;
    panel.y = {common_title(spec_.y), log_y ? Scale::log10 : Scale::linear};
    const std::vector<std::string> categories = category_order(frame_, spec_.x, group.shown);
    const auto& numbers = frame_.numbers(spec_.x);
    const bool numeric = std::all_of(group.shown.begin(), group.shown.end(), [&](std::size_t row) { return numbers[row].has_value(); });
    panel.x = numeric ? number_axis(frame_, spec_.x, group.shown, spec_.log_x) : Axis{axis_title(spec_.x), Scale::category};
    if (!numeric) panel.x.categories = categories;

    std::vector<std::string> place = spec_.group;
    place.push_back(spec_.x);
    const std::vector<std::string> apart = telling_apart(frame_, group.shown, place, spec_.series);
    for (const std::string& y : spec_.y) {
      for (const Line& line : lines(group, apart, numeric, categories)) panel.series.push_back(series(line, y));
    }
    return panel;
  }

  std::size_t settled_count() const { return settled_count_; }

 private:
  std::vector<Line> lines(const FigureGroup& group, const std::vector<std::string>& apart, bool numeric,
                          const std::vector<std::string>& categories) {
    std::vector<Line> found;
    std::map<std::pair<std::string, bool>, std::size_t> places;
    for (const std::size_t row : group.shown) {
      const std::string name = data_.heading(apart, row);
      const bool published = data_.is_published(row);
      const auto [place, is_new] = places.try_emplace({name, published}, found.size());
      if (is_new) found.push_back({name, published, {}});
      const double x =
          numeric ? *frame_.numbers(spec_.x)[row]
                  : static_cast<double>(std::find(categories.begin(), categories.end(), frame_.texts(spec_.x)[row]) - categories.begin());
      found[place->second].places[x].push_back(row);
    }
    std::stable_sort(found.begin(), found.end(),
                     [&](const Line& a, const Line& b) { return styles_.of(a.name).color < styles_.of(b.name).color; });
    return found;
  }

  Series series(const Line& line, const std::string& y) {
    const std::string quantity = spec_.y.size() > 1 ? axis_title(y) : "";
    const std::string name = line.name.empty() ? quantity : quantity.empty() ? line.name : line.name + ": " + quantity;
    const SeriesStyles::Style style = styles_.of(name);
    Series made{.name = name, .kind = SeriesKind::line, .points = {}, .color = style.color, .marker = style.marker, .stroke = style.stroke};
    made.published = line.published;
    for (const auto& [x, rows] : line.places) {
      Point point;
      point.x = x;
      point.y = settled(frame_.numbers(y), rows, settled_count_);
      point.hollow = std::any_of(rows.begin(), rows.end(), [&](std::size_t row) { return data_.is_hollow(row); });
      std::vector<std::string> columns{spec_.x, y};
      columns.insert(columns.end(), spec_.series.begin(), spec_.series.end());
      point.tooltip = data_.tooltip(rows.front(), columns);
      made.points.push_back(std::move(point));
    }
    return made;
  }

  const FigureSpec& spec_;
  FigureData& data_;
  const Frame& frame_;
  SeriesStyles styles_;
  std::size_t settled_count_ = 0;
};

}  // namespace

Chart make_line(const FigureSpec& spec, const Frame& rows, const FigureContext& context) {
  std::vector<std::string> positive;
  if (spec.log_x) positive.push_back(spec.x);
  if (spec.log_y || spec.both_scales) positive.insert(positive.end(), spec.y.begin(), spec.y.end());
  FigureData data(spec, rows, context, spec.y, positive, {spec.x});

  Chart chart;
  LineMaker maker(spec, data);
  maker.order_series(data.groups());
  for (const FigureGroup& group : data.groups()) {
    chart.panels.push_back(maker.panel(group, spec.log_y && !spec.both_scales));
    if (spec.both_scales) chart.panels.push_back(maker.panel(group, true));
  }
  data.note(settled_sentence(maker.settled_count()));
  finish(chart, spec, data);
  return chart;
}

}  // namespace inferometer::report
