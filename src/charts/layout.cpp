#include "charts/layout.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "charts/extents.h"
#include "charts/text_width.h"

namespace inferometer::charts {
namespace {

constexpr double kTickRoom = 7;       // between an axis and its labels
constexpr double kTitleRoom = 12;     // half a line of the title and what stands free before it
constexpr double kLegendIcon = 25;    // an icon and the space behind it
constexpr double kLegendGap = 13;     // between entries, across and down: ECharts knows one gap
constexpr double kGroupShare = 0.82;  // of a category's width that its bars take

double widest_label(const AxisLayout& axis) {
  double widest = 0;
  for (const Tick& tick : axis.ticks) widest = std::max(widest, text_width(tick.label));
  return widest;
}

void measure_vertical(AxisLayout& layout, const Axis& axis) {
  layout.title_gap = kTickRoom + widest_label(layout) + kTitleRoom;
  layout.extent = axis.title.empty() ? kTickRoom + widest_label(layout) + 2 : layout.title_gap + kTitleRoom - 3;
}

/// Labels of a horizontal axis lie, lean or stand, as there is room.
void measure_horizontal(AxisLayout& layout, const Axis& axis, double length) {
  double height = kLineHeight;
  if (layout.scale == Scale::category) {
    const double slot = length / static_cast<double>(std::max<std::size_t>(layout.ticks.size(), 1));
    const double widest = widest_label(layout);
    layout.label_rotation = widest + 4 <= slot ? 0 : slot >= 19 ? 45 : 90;
    const double angle = layout.label_rotation * std::acos(-1.0) / 180;
    if (layout.label_rotation > 0) height = widest * std::sin(angle) + kLineHeight * std::cos(angle);
  }
  layout.title_gap = kTickRoom + height + kTitleRoom - 2;
  layout.extent = axis.title.empty() ? kTickRoom + height + 2 : layout.title_gap + kTitleRoom - 3;
}

void lay_out_panel(const Panel& panel, PanelLayout& layout, const ChartLayout& chart) {
  for (const Series& series : panel.series) {
    layout.bar_series += series.kind == SeriesKind::bars || series.kind == SeriesKind::horizontal_bars ? 1 : 0;
  }
  const double top = panel.title.empty() ? 8 : kPanelTitleHeight;
  double left = 60, right = 12, bottom = 46;
  // Labels need room, room decides on lengths, lengths on labels: the second round is settled.
  for (int round = 0; round < 2; ++round) {
    const double height = std::max(layout.outer.height - top - bottom, 20.0);
    layout.y = axis_layout(panel.y, extent_of(panel, Side::y, chart, height), height, true);
    measure_vertical(layout.y, panel.y);
    left = layout.y.extent;
    right = panel.heat ? kHeatScaleWidth : 12;
    if (panel.y_right) {
      layout.y_right = axis_layout(*panel.y_right, extent_of(panel, Side::y_right, chart, height), height, true);
      measure_vertical(*layout.y_right, *panel.y_right);
      right = layout.y_right->extent;
    }
    const double width = std::max(layout.outer.width - left - right, 20.0);
    layout.x = axis_layout(panel.x, extent_of(panel, Side::x, chart, width), width, false);
    measure_horizontal(layout.x, panel.x, width);
    bottom = layout.x.extent;
    if (layout.x.label_rotation == 45 && !layout.x.ticks.empty()) {
      // The first leaning label reaches to the left of its place.
      const double reach = text_width(layout.x.ticks.front().label) * 0.71 - width / static_cast<double>(layout.x.ticks.size()) / 2;
      left = std::max(left, reach + 2);
    }
    if (layout.x.label_rotation == 0 && !layout.x.ticks.empty()) {
      const Tick& last = layout.x.ticks.back();
      const double beyond = text_width(last.label) / 2 - (layout.x.high - last.at) / (layout.x.high - layout.x.low) * width;
      if (layout.x.scale != Scale::category) right = std::max(right, beyond + 3);
    }
    layout.plot = {layout.outer.left + left, layout.outer.top + top, std::max(layout.outer.width - left - right, 20.0),
                   std::max(layout.outer.height - top - bottom, 20.0)};
  }
}

LegendEntry legend_entry(const Series& series) {
  LegendEntry entry{series.name, series.color, series.marker, std::nullopt, false, 0.92, series.published};
  if (series.kind == SeriesKind::bars || series.kind == SeriesKind::horizontal_bars) {
    entry.area = true;
    entry.marker = std::nullopt;
  }
  if (series.kind == SeriesKind::line || series.kind == SeriesKind::steps) {
    entry.line = series.stroke;
    if (series.kind == SeriesKind::steps) entry.marker = std::nullopt;
  }
  if (series.kind == SeriesKind::points && !entry.marker) entry.marker = Marker::circle;
  return entry;
}

std::vector<LegendEntry> legend_entries(const Chart& chart) {
  std::vector<LegendEntry> entries;
  std::set<std::string> seen;
  for (const Panel& panel : chart.panels) {
    for (const Series& series : panel.series) {
      if (!series.name.empty() && seen.insert(series.name).second) entries.push_back(legend_entry(series));
    }
    for (const Band& band : panel.bands) {
      if (!band.name.empty() && seen.insert(band.name).second) {
        // A little stronger than the band itself: the icon is small.
        entries.push_back({band.name, band.color, std::nullopt, std::nullopt, true, std::min(0.8, 1.6 * band.opacity), false});
      }
    }
  }
  return entries;
}

double entry_width(const LegendEntry& entry) { return kLegendIcon + text_width(entry.name); }

std::optional<LegendLayout> legend_of(const Chart& chart) {
  const std::vector<LegendEntry> entries = legend_entries(chart);
  if (chart.legend == LegendPlace::none || entries.empty()) return std::nullopt;
  LegendLayout legend;
  legend.vertical = chart.legend == LegendPlace::right;
  double used = 0;
  for (const LegendEntry& entry : entries) {
    const double width = entry_width(entry);
    const bool fits = !legend.lines.empty() && !legend.vertical && used + kLegendGap + width <= chart.width - 24;
    if (!fits) {
      legend.lines.emplace_back();
      used = -kLegendGap;
    }
    legend.lines.back().push_back(entry);
    used += kLegendGap + width;
    legend.box.width = std::max(legend.box.width, used);
  }
  legend.box.height = static_cast<double>(legend.lines.size()) * (kLineHeight + kLegendGap) - kLegendGap + 5;
  return legend;
}

void scale_bubbles(const Chart& chart, ChartLayout& layout) {
  const auto grow = [&](double size) { layout.largest_size = std::max(layout.largest_size, size); };
  for (const Panel& panel : chart.panels) {
    for (const Series& series : panel.series) {
      for (const Point& point : series.points) grow(point.size.value_or(0));
    }
  }
  if (chart.size_legend) {
    for (const auto& entry : chart.size_legend->entries) grow(entry.first);
  }
  const double side = std::min(chart.width / static_cast<double>(chart.columns), chart.panel_height);
  layout.largest_radius = std::clamp(0.058 * side, 8.0, 34.0);
}

}  // namespace

double AxisLayout::coordinate(double value) const { return scale == Scale::log10 ? std::log10(value) : value; }

double AxisLayout::foot() const { return scale == Scale::log10 ? low : std::clamp(0.0, low, high); }

double PanelLayout::pixel_x(double coordinate) const {
  const double share = (coordinate - x.low) / (x.high - x.low);
  return plot.left + plot.width * (x.reversed ? 1 - share : share);
}

double PanelLayout::pixel_y(double coordinate, bool right_axis) const {
  const AxisLayout& axis = right_axis ? *y_right : y;
  const double share = (coordinate - axis.low) / (axis.high - axis.low);
  return plot.top + plot.height * (axis.reversed ? share : 1 - share);
}

std::pair<double, double> PanelLayout::bar_span(double category, std::size_t slot) const {
  const double width = kGroupShare / static_cast<double>(std::max<std::size_t>(bar_series, 1));
  const double from = category - kGroupShare / 2 + width * static_cast<double>(slot);
  return {from + 0.03 * width, from + 0.97 * width};
}

double ChartLayout::radius_of(double size) const {
  return largest_size > 0 ? std::max(1.5, largest_radius * std::sqrt(size / largest_size)) : kMarkRadius;
}

ChartLayout lay_out(const Chart& chart) {
  ChartLayout layout;
  layout.width = chart.width;
  scale_bubbles(chart, layout);
  layout.legend = legend_of(chart);
  double top = 4, right = 0;
  if (layout.legend) {
    LegendLayout& legend = *layout.legend;
    legend.box.left = legend.vertical ? chart.width - legend.box.width - 8 : std::max(8.0, (chart.width - legend.box.width) / 2);
    legend.box.top = legend.vertical ? 10 : top + 2;
    if (chart.legend == LegendPlace::top) top += legend.box.height + 4;
    if (legend.vertical) right = legend.box.width + 14;
  }
  if (chart.size_legend) {
    const double height = std::max(2 * layout.largest_radius, kLineHeight) + 4;
    layout.size_legend = {0, top, chart.width - right, height};
    top += height;
  }
  const std::size_t rows = (chart.panels.size() + chart.columns - 1) / chart.columns;
  const double panel_width = (chart.width - right - 8) / static_cast<double>(chart.columns);
  for (std::size_t i = 0; i < chart.panels.size(); ++i) {
    PanelLayout panel;
    panel.outer = {4 + static_cast<double>(i % chart.columns) * panel_width,
                   top + static_cast<double>(i / chart.columns) * chart.panel_height, panel_width - (chart.columns > 1 ? 6 : 0),
                   chart.panel_height};
    lay_out_panel(chart.panels[i], panel, layout);
    layout.panels.push_back(std::move(panel));
  }
  layout.height = top + static_cast<double>(rows) * chart.panel_height + 4;
  if (layout.legend && chart.legend == LegendPlace::bottom) {
    layout.legend->box.top = layout.height;
    layout.height += layout.legend->box.height + 4;
  }
  if (layout.legend && layout.legend->vertical) layout.height = std::max(layout.height, layout.legend->box.height + 20);
  layout.height = std::ceil(layout.height);
  return layout;
}

}  // namespace inferometer::charts
