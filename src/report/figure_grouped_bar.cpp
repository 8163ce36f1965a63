#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "report/column_titles.h"
#include "report/figure_types.h"

namespace inferometer::report {
namespace {

/// So many bars stand beside each other with a value written on each, at the width of a figure.
constexpr std::size_t kMostBars = 32;

/// A bar: the rows of one category and series, those that passed or those that did not.
struct Slot {
  std::vector<std::size_t> shown, without;
};

/// One group's bars before they are spread over panels.
class GroupedBars {
 public:
  GroupedBars(const FigureSpec& spec, FigureData& data, const FigureGroup& group) : spec_(spec), data_(data), group_(group) {
    const Frame& frame = data.rows();
    std::vector<std::size_t> all = group.shown;
    const std::vector<std::optional<double>>& values = frame.numbers(spec.y.front());
    // A row that passed without this figure has a place too: "no power reading".
    for (const std::size_t row : group.shown) (values[row] ? valued_ : valueless_).push_back(row);
    all.insert(all.end(), group.failed.begin(), group.failed.end());
    std::sort(all.begin(), all.end());
    std::vector<std::string> place = spec.group;
    place.push_back(spec.x);
    series_columns_ = telling_apart(frame, all, place, spec.series);
    name_columns_ = telling_columns(all);
    for (const std::size_t row : all) add_name(name(row));
    for (const std::size_t row : valued_) slot(row).shown.push_back(row);
    for (const std::size_t row : valueless_) slot(row).without.push_back(row);
    for (const std::size_t row : group.failed) slot(row).without.push_back(row);
    categories_ = category_order(frame, spec.x, all);
    if (spec.sort == "name") std::sort(categories_.begin(), categories_.end());
    if (spec.sort == "value") sort_by_best();
  }

  std::size_t series_count() const { return names_.size(); }
  const std::vector<std::string>& categories() const { return categories_; }

  /// The panel of `count` categories from `first` on.
  Panel panel(std::size_t first, std::size_t count, SeriesStyles& styles, std::size_t& settled_count) const {
    Panel panel;
    panel.x = {axis_title(spec_.x), Scale::category};
    panel.y = {axis_title(spec_.y.front()), spec_.log_y ? Scale::log10 : Scale::linear};
    panel.x.categories.assign(categories_.begin() + static_cast<std::ptrdiff_t>(first),
                              categories_.begin() + static_cast<std::ptrdiff_t>(first + count));
    for (std::size_t i = 0; i < names_.size(); ++i) {
      Series series{.name = names_[i], .kind = SeriesKind::bars, .points = {}, .color = styles.of(names_[i]).color};
      series.published = group_.published;
      series.value_format = spec_.value_format;
      series.vertical_values = true;
      for (std::size_t category = 0; category < count; ++category) {
        const auto found = slots_.find({categories_[first + category], names_[i]});
        if (found == slots_.end()) continue;
        const Slot& slot = found->second;
        if (!slot.shown.empty())
          series.points.push_back(point(slot, static_cast<double>(category), settled_count));
        else
          panel.missing_bars.push_back({i, static_cast<double>(category), reason(slot.without.front())});
      }
      panel.series.push_back(std::move(series));
    }
    return panel;
  }

  /// A call-out at the best bar of each value of best_of: which category and series, and what to write.
  struct Best {
    std::string category, series, text;
    double value = 0;
  };
  std::vector<Best> best() const {
    std::map<std::string, Best> found;
    if (spec_.best_of.empty()) return {};
    const Frame& frame = data_.rows();
    const auto& values = frame.numbers(spec_.y.front());
    for (const std::size_t row : valued_) {
      const std::string& kind = frame.texts(spec_.best_of)[row];
      if (kind.empty()) continue;
      const auto [place, is_new] = found.try_emplace(kind);
      if (!is_new && place->second.value >= *values[row]) continue;
      place->second = {frame.texts(spec_.x)[row], name(row), fmt::format("best {}: {}", kind, written(*values[row])), *values[row]};
    }
    std::vector<Best> all;
    for (auto& [kind, each] : found) all.push_back(std::move(each));
    return all;
  }

  std::size_t series_index(const std::string& series) const {
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), series) - names_.begin());
  }

 private:
  /// As it stands on the bar.
  std::string written(double value) const {
    return spec_.value_format.empty() ? short_number(value) : fmt::vformat(spec_.value_format, fmt::make_format_args(value));
  }

  std::string name(std::size_t row) const { return data_.heading(name_columns_, row); }

  /// The columns of series without those that all rows share: the one machine of all bars is in the caption, not in every name.
  std::vector<std::string> telling_columns(const std::vector<std::size_t>& rows) const {
    std::vector<std::string> telling;
    for (const std::string& column : series_columns_) {
      const std::vector<std::string>& texts = data_.rows().texts(column);
      if (std::any_of(rows.begin(), rows.end(), [&](std::size_t row) { return texts[row] != texts[rows.front()]; }))
        telling.push_back(column);
    }
    return telling.empty() ? series_columns_ : telling;
  }

  void add_name(const std::string& series) {
    if (std::find(names_.begin(), names_.end(), series) == names_.end()) names_.push_back(series);
  }

  Slot& slot(std::size_t row) { return slots_[{data_.rows().texts(spec_.x)[row], name(row)}]; }

  void sort_by_best() {
    std::map<std::string, double> best;
    const auto& values = data_.rows().numbers(spec_.y.front());
    for (const std::size_t row : valued_) {
      const auto [place, is_new] = best.try_emplace(data_.rows().texts(spec_.x)[row], *values[row]);
      if (!is_new) place->second = std::max(place->second, *values[row]);
    }
    const auto value = [&](const std::string& category) { return best.contains(category) ? best[category] : -INFINITY; };
    std::stable_sort(categories_.begin(), categories_.end(),
                     [&](const std::string& a, const std::string& b) { return value(a) > value(b); });
  }

  Point point(const Slot& slot, double category, std::size_t& settled_count) const {
    const std::size_t row = slot.shown.front();
    Point made;
    made.x = category;
    made.y = settled(data_.rows().numbers(spec_.y.front()), slot.shown, settled_count);
    made.hollow = std::any_of(slot.shown.begin(), slot.shown.end(), [&](std::size_t each) { return data_.is_hollow(each); });
    std::vector<std::string> columns{spec_.x, spec_.y.front()};
    columns.insert(columns.end(), series_columns_.begin(), series_columns_.end());
    made.tooltip = data_.tooltip(row, columns);
    return made;
  }

  std::string reason(std::size_t row) const {
    if (std::find(group_.failed.begin(), group_.failed.end(), row) != group_.failed.end()) return data_.failure(row);
    return spec_.missing.empty() ? "no value" : spec_.missing;
  }

  const FigureSpec& spec_;
  FigureData& data_;
  const FigureGroup& group_;
  std::vector<std::size_t> valued_, valueless_;
  std::vector<std::string> series_columns_, name_columns_, categories_, names_;
  std::map<std::pair<std::string, std::string>, Slot> slots_;
};

/// One range for all panels, so that their bars compare; room above for what is written on the bars.
void share_range(std::vector<Panel>& panels, std::size_t from, bool log) {
  double least = INFINITY, most = -INFINITY;
  for (std::size_t i = from; i < panels.size(); ++i) {
    for (const Series& series : panels[i].series) {
      for (const Point& point : series.points) {
        least = std::min(least, point.y);
        most = std::max(most, point.y);
      }
    }
  }
  if (least > most || (!log && least < 0)) return;
  for (std::size_t i = from; i < panels.size(); ++i) {
    if (!log) {
      panels[i].y.low = 0;
      panels[i].y.high = most * 1.25;
      continue;
    }
    const double decade = std::floor(std::log10(least)), low = std::log10(least) - decade < 0.1 ? decade - 1 : decade;
    panels[i].y.low = std::pow(10, low);
    panels[i].y.high = std::pow(10, std::log10(most) + 0.35 * (std::log10(most) - low));
  }
}

}  // namespace

Chart make_grouped_bar(const FigureSpec& spec, const Frame& rows, const FigureContext& context) {
  std::vector<std::string> positive;
  if (spec.log_y) positive.push_back(spec.y.front());
  FigureData data(spec, rows, context, {}, positive, {spec.x});

  Chart chart;
  SeriesStyles styles;
  std::size_t settled_count = 0;
  for (const FigureGroup& group : data.groups()) {
    const GroupedBars bars(spec, data, group);
    const std::size_t first_panel = chart.panels.size(), total = bars.categories().size();
    const std::size_t in_a_panel = std::max<std::size_t>(1, kMostBars / std::max<std::size_t>(1, bars.series_count()));
    const std::size_t panels = (total + in_a_panel - 1) / in_a_panel, even = (total + panels - 1) / panels;
    for (std::size_t first = 0; first < total; first += even) {
      chart.panels.push_back(bars.panel(first, std::min(even, total - first), styles, settled_count));
      if (first == 0) chart.panels.back().title = group.title;
    }
    for (std::size_t i = first_panel; i + 1 < chart.panels.size(); ++i) chart.panels[i].x.title.clear();  // the last panel's serves all
    share_range(chart.panels, first_panel, spec.log_y);
    const double width = 0.8 / static_cast<double>(bars.series_count());
    for (const GroupedBars::Best& best : bars.best()) {
      const auto& order = bars.categories();
      const auto at = static_cast<std::size_t>(std::find(order.begin(), order.end(), best.category) - order.begin());
      const double offset =
          (static_cast<double>(bars.series_index(best.series)) - (static_cast<double>(bars.series_count()) - 1) / 2) * width;
      chart.panels[first_panel + at / even].call_outs.push_back({static_cast<double>(at % even) + offset, best.value, best.text});
    }
  }
  data.note(settled_sentence(settled_count));
  finish(chart, spec, data);
  if (spec.columns == 0) chart.columns = 1;
  if (chart.panels.size() > 1) chart.panel_height = 300;
  return chart;
}

}  // namespace inferometer::report
