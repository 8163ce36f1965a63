#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "report/column_titles.h"
#include "report/figure_types.h"
#include "report/settings.h"

namespace inferometer::report {
namespace {

/// More layers than these have room for their bars alone, not for the marks of those without a time.
constexpr std::size_t kMostWithMarks = 90;
/// Operators with a colour of their own; the rest is grey.
constexpr std::size_t kMostColors = 7;
constexpr std::size_t kMostLabelBytes = 21;
constexpr double kPixelsALayer = 11, kWidest = 2400, kPixelsALabel = 13;

/// Whether two rows that agree in these columns differ in another.
bool tells_apart(const Frame& rows, const std::vector<std::string>& columns, const std::string& other) {
  std::map<std::vector<std::string>, std::string> seen;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::vector<std::string> key;
    for (const std::string& column : columns) key.push_back(rows.texts(column)[row]);
    const std::string& text = rows.texts(other)[row];
    if (seen.emplace(std::move(key), text).first->second != text) return true;
  }
  return false;
}

/// One panel a profile: the network, the engine, and the settings in which profiles of that engine on that network differ.
std::vector<std::string> panel_columns(const Frame& rows) {
  std::vector<std::string> columns{"model", "engine"};
  for (const std::string& column : setting_columns()) {
    const bool taken = std::find(columns.begin(), columns.end(), column) != columns.end();
    if (!taken && rows.has(column) && tells_apart(rows, columns, column)) columns.push_back(column);
  }
  return columns;
}

/// A layer's name for the axis: of a long one both ends, which say where it stands and what it is. Names are ASCII in practice; others
/// are cut between characters.
std::string short_name(const std::string& name) {
  if (name.size() <= kMostLabelBytes) return name;
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(name[at]) & 0xC0) == 0x80; };
  std::size_t head = kMostLabelBytes / 2, tail = name.size() - kMostLabelBytes / 2;
  while (head > 0 && continues(head)) --head;
  while (tail < name.size() && continues(tail)) ++tail;
  return fmt::format("{}…{}", name.substr(0, head), name.substr(tail));
}

std::string operator_of(const Frame& rows, std::size_t row) {
  const std::string& own = rows.texts("operator")[row];
  return own.empty() ? "the engine's own" : own;
}

/// Colours of operators, by the time that they take in all panels together.
std::map<std::string, ColorIndex> colors_of(const Frame& rows, const std::vector<FigureGroup>& groups) {
  std::map<std::string, double> sums;
  for (const FigureGroup& group : groups) {
    for (const std::size_t row : group.shown) {
      if (const auto time = rows.numbers("time_us")[row]) sums[operator_of(rows, row)] += *time;
    }
  }
  std::vector<std::pair<std::string, double>> order(sums.begin(), sums.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::map<std::string, ColorIndex> colors;
  for (std::size_t i = 0; i < order.size(); ++i) colors[order[i].first] = i < kMostColors ? static_cast<ColorIndex>(i) : kNeutral;
  return colors;
}

/// Puts one profile into a panel.
class LayerPanel {
 public:
  LayerPanel(const FigureData& data, const FigureGroup& group, const std::map<std::string, ColorIndex>& colors)
      : data_(data), frame_(data.rows()), group_(group), colors_(colors) {}

  /// @param left_out  grows by the layers without a time that have no mark
  Panel make(std::size_t& left_out) {
    choose(left_out);
    Panel panel;
    panel.title = group_.title;
    panel.x = Axis{"Layers in the network's order", Scale::category, {}, {}, names()};
    panel.y = Axis{axis_title("time_us")};
    panel.y_right = Axis{"Share summed up, %", Scale::linear, 0, 100};
    panel.series.push_back(bars());
    add_legend(panel);
    if (Series marks = marks_of("fused", Marker::plus); !marks.points.empty()) panel.series.push_back(std::move(marks));
    if (Series marks = marks_of("", Marker::cross); !marks.points.empty()) panel.series.push_back(std::move(marks));
    panel.series.push_back(shares());
    return panel;
  }
  std::size_t lines() const { return lines_.size(); }

 private:
  std::optional<double> time(std::size_t row) const { return frame_.numbers("time_us")[row]; }

  void choose(std::size_t& left_out) {
    std::vector<std::size_t> rows = group_.shown;
    std::stable_sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
      return frame_.numbers("position")[a].value_or(0) < frame_.numbers("position")[b].value_or(0);
    });
    const bool all = rows.size() <= kMostWithMarks;
    for (const std::size_t row : rows) {
      if (all || time(row))
        lines_.push_back(row);
      else
        ++left_out;
    }
  }

  /// As many as can be read.
  std::vector<std::string> names() const {
    const auto count = static_cast<double>(lines_.size());
    const double width = std::min(std::max(720.0, kPixelsALayer * count), kWidest) - 120;
    const auto step = static_cast<std::size_t>(std::max(1.0, std::ceil(kPixelsALabel * count / width)));
    std::vector<std::string> names;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const std::size_t row = lines_[i];
      const std::string& layer = frame_.texts("layer")[row];
      names.push_back(i % step > 0 ? "" : !layer.empty() ? short_name(layer) : fmt::format("({})", frame_.texts("engine_operator")[row]));
    }
    return names;
  }

  Point point(std::size_t line, double y) const {
    Point point;
    point.x = static_cast<double>(line);
    point.y = y;
    point.tooltip = data_.tooltip(lines_[line], {"layer", "operator", "outcome", "fused_into", "mapping", "engine_layer", "kernel",
                                                 "time_us", "share_ratio", "gmacs_per_s"});
    return point;
  }

  Series bars() const {
    Series series;
    series.kind = SeriesKind::bars;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (!time(lines_[i])) continue;
      series.points.push_back(point(i, *time(lines_[i])));
      series.points.back().color = colors_.at(operator_of(frame_, lines_[i]));
    }
    return series;
  }

  /// Every operator's colour; those without one share an entry. Series without points show in the legend alone.
  void add_legend(Panel& panel) const {
    std::map<ColorIndex, std::string> names;
    for (const std::size_t row : lines_) {
      if (!time(row)) continue;
      const std::string name = operator_of(frame_, row);
      names[colors_.at(name)] = colors_.at(name) == kNeutral ? "others" : name;
    }
    for (const auto& [color, name] : names) {
      Series series;
      series.name = name;
      series.color = color;
      series.marker = Marker::square;
      panel.series.push_back(std::move(series));
    }
  }

  /// Layers without a time: those with this outcome, or with "" all others.
  Series marks_of(const std::string& outcome, Marker marker) const {
    Series series;
    series.name = outcome.empty() ? "no time told" : "fused into another";
    series.color = kNeutral;
    series.marker = marker;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (time(lines_[i])) continue;
      if ((frame_.texts("outcome")[lines_[i]] == "fused") == !outcome.empty()) series.points.push_back(point(i, 0));
    }
    return series;
  }

  Series shares() const {
    Series series;
    series.name = "summed up (right)";
    series.kind = SeriesKind::line;
    series.color = kNeutral;
    series.marker.reset();
    series.right_axis = true;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const auto share = frame_.numbers("cumulative_share_ratio")[lines_[i]];
      if (share) series.points.push_back(point(i, 100 * *share));
    }
    return series;
  }

  const FigureData& data_;
  const Frame& frame_;
  const FigureGroup& group_;
  const std::map<std::string, ColorIndex>& colors_;
  std::vector<std::size_t> lines_;  // rows in the order of position
};

/// "resnet18, openvino: layers make 97.1 % of the profiled request's 12.3 ms."
std::string accounted(const FigureData& data, const FigureGroup& group, const std::vector<std::string>& columns) {
  const Frame& rows = data.rows();
  const std::size_t row = group.shown.front();
  const auto layers = rows.numbers("layers_us")[row], total = rows.numbers("total_us")[row];
  if (!layers || !total || *total <= 0) return fmt::format("{}: the engine tells no times.", data.heading(columns, row));
  return fmt::format("{}: the layers make {:.1f} % of the profiled request's {} ms.", data.heading(columns, row), 100 * *layers / *total,
                     rounded_text(*total * 1e-3));
}

}  // namespace

Chart make_layers(const FigureSpec& spec, const Frame& rows, const FigureContext& context) {
  FigureSpec one_panel_each = spec;
  if (one_panel_each.group.empty()) one_panel_each.group = panel_columns(rows);
  FigureData data(one_panel_each, rows, context, {}, {});
  const std::map<std::string, ColorIndex> colors = colors_of(rows, data.groups());
  Chart chart;
  std::size_t left_out = 0, most = 0;
  for (const FigureGroup& group : data.groups()) {
    if (group.shown.empty()) continue;
    LayerPanel panel(data, group, colors);
    chart.panels.push_back(panel.make(left_out));
    most = std::max(most, panel.lines());
    data.note(accounted(data, group, one_panel_each.group));
  }
  if (left_out > 0) data.note(fmt::format("{} layers without a time of their own (fused, optimised out) are not shown.", left_out));
  finish(chart, one_panel_each, data);
  if (spec.columns == 0) chart.columns = 1;
  chart.width = std::clamp(kPixelsALayer * static_cast<double>(most), chart.width, kWidest);
  return chart;
}

}  // namespace inferometer::report
