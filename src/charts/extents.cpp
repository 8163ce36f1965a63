#include "charts/extents.h"

#include <algorithm>
#include <cmath>

#include "charts/text_width.h"

namespace inferometer::charts {
namespace {

constexpr double kBandRoom = 0.35;  // how far beyond the data, as a share of their span, a band may widen an axis

double coordinate(const Axis& axis, double value) { return axis.scale == Scale::log10 ? std::log10(value) : value; }

const Axis& axis_of(const Panel& panel, Side side) {
  if (side == Side::x) return panel.x;
  return side == Side::y_right ? *panel.y_right : panel.y;
}

bool is_bars(const Series& series) { return series.kind == SeriesKind::bars || series.kind == SeriesKind::horizontal_bars; }

/// Whether a series' bars grow along this axis.
bool grows_along(const Series& series, Side side) {
  return (series.kind == SeriesKind::bars && side != Side::x) || (series.kind == SeriesKind::horizontal_bars && side == Side::x);
}

/// Pixels that the text on the longest bar needs beyond it.
double value_room(const Series& series, Side side) {
  if (series.value_format.empty()) return 0;
  const bool along = side == Side::x || series.vertical_values;
  return along ? text_width("88888") + 14 : kLineHeight + 6;
}

void add_series(Extent& extent, const Series& series, const Axis& axis, Side side, const ChartLayout& chart) {
  const bool error_here = series.kind == SeriesKind::horizontal_bars ? side == Side::x : side != Side::x;
  for (const Point& point : series.points) {
    const double value = side == Side::x ? point.x : point.y;
    extent.add(coordinate(axis, value));
    extent.negative = extent.negative || value < 0;
    if (error_here) {
      for (const auto& end : {point.low, point.high}) {
        if (!end) continue;
        extent.add(coordinate(axis, *end));
        extent.negative = extent.negative || *end < 0;
      }
    }
    const double radius = point.size ? chart.radius_of(*point.size) : kMarkRadius;
    if (!is_bars(series)) extent.pad_low = std::max(extent.pad_low, radius + 3);
    if (!is_bars(series)) extent.pad_high = std::max(extent.pad_high, radius + 3);
  }
  if (!grows_along(series, side)) return;
  extent.from_zero = true;
  extent.pad_high = std::max(extent.pad_high, value_room(series, side));
  if (axis.scale == Scale::linear) extent.add(0);
}

void add_band(Extent& extent, const Extent& data, const Band& band, const Axis& axis, Side side) {
  if (side == Side::x) {
    for (const double at : band.x) extent.add(coordinate(axis, at));
    return;
  }
  const double room = data.empty() || data.high == data.low ? std::numeric_limits<double>::infinity() : kBandRoom * (data.high - data.low);
  for (const auto* curve : {&band.low, &band.high}) {
    for (const double value : *curve) {
      const double at = coordinate(axis, value);
      extent.add(data.empty() ? at : std::clamp(at, data.low - room, data.high + room));
      extent.negative = extent.negative || value < 0;
    }
  }
}

AxisLayout category_layout(const Axis& axis) {
  AxisLayout layout;
  layout.scale = Scale::category;
  layout.low = -0.5;
  layout.high = static_cast<double>(axis.categories.size()) - 0.5;
  layout.reversed = axis.reversed;
  for (std::size_t i = 0; i < axis.categories.size(); ++i) layout.ticks.push_back({static_cast<double>(i), axis.categories[i]});
  return layout;
}

/// Limits that leave the pads beside the data.
void set_limits(AxisLayout& layout, const Extent& extent, double length) {
  double low = extent.low, high = extent.high;
  if (extent.empty()) {
    low = 0;
    high = 1;
  }
  if (low == high) {
    const double room = layout.scale == Scale::log10 ? 0.3 : low == 0 ? 1 : std::abs(low) * 0.1;
    if (!(extent.from_zero && layout.scale == Scale::linear)) low -= room;
    high += room;
  }
  const bool log_foot = extent.from_zero && layout.scale == Scale::log10;
  if (log_foot) low = std::floor(low - 0.15);
  const bool foot = extent.from_zero && (log_foot || low == 0);
  const double pad_low = foot ? 0 : std::max(extent.pad_low, 0.035 * length);
  const double pad_high = std::max(extent.pad_high, 0.035 * length);
  const double free = std::max(length - pad_low - pad_high, 0.3 * length);
  layout.low = low - (high - low) * pad_low / free;
  layout.high = high + (high - low) * pad_high / free;
}

}  // namespace

void Extent::add(double at) {
  low = std::min(low, at);
  high = std::max(high, at);
}

Extent extent_of(const Panel& panel, Side side, const ChartLayout& chart, double length) {
  const Axis& axis = axis_of(panel, side);
  Extent extent;
  for (const Series& series : panel.series) {
    if (side != Side::x && series.right_axis != (side == Side::y_right)) continue;
    add_series(extent, series, axis, side, chart);
  }
  if (side == Side::y_right) return extent;
  if (side == Side::y) {
    for (const BoxGroup& box : panel.boxes) {
      for (const double value : {box.low, box.high}) extent.add(coordinate(axis, value));
      for (const double value : box.outliers) extent.add(coordinate(axis, value));
      extent.negative = extent.negative || box.low < 0;
    }
  }
  const Extent data = extent;
  for (const Band& band : panel.bands) add_band(extent, data, band, axis, side);
  for (const ReferenceLine& line : panel.lines) {
    if (line.horizontal == (side == Side::y)) extent.add(coordinate(axis, line.at));
    extent.negative = extent.negative || (line.horizontal == (side == Side::y) && line.at < 0);
  }
  for (const CallOut& call_out : panel.call_outs) extent.add(coordinate(axis, side == Side::x ? call_out.x : call_out.y));
  if (side == Side::y && !panel.call_outs.empty()) extent.pad_high = std::max(extent.pad_high, std::min(54.0, 0.14 * length));
  return extent;
}

namespace {

/// The ticks that the axis asks for, as many as stand clear of each other.
std::vector<Tick> chosen_ticks(const Axis& axis, const AxisLayout& layout, double length) {
  constexpr double kLeastGap = 24;  // pixels: three digits and a space
  std::vector<Tick> chosen;
  for (const double value : axis.ticks) {
    const double at = coordinate(axis, value);
    if (at < layout.low || at > layout.high) continue;
    if (!chosen.empty() && (at - chosen.back().at) / (layout.high - layout.low) * length < kLeastGap) continue;
    chosen.push_back({at, tick_label(value, value)});
  }
  return chosen;
}

}  // namespace

AxisLayout axis_layout(const Axis& axis, const Extent& extent, double length, bool vertical) {
  if (axis.scale == Scale::category) return category_layout(axis);
  AxisLayout layout;
  layout.scale = axis.scale;
  layout.reversed = axis.reversed;
  set_limits(layout, extent, length);
  if (axis.low) layout.low = coordinate(axis, *axis.low);
  if (axis.high) layout.high = coordinate(axis, *axis.high);
  if (layout.low >= layout.high) (axis.high ? layout.low : layout.high) = axis.high ? layout.high - 1 : layout.low + 1;
  const double room = length / (vertical ? 42 : 66);
  layout.ticks = axis.ticks.empty() ? ticks(axis.scale, layout.low, layout.high, room, axis.whole) : chosen_ticks(axis, layout, length);
  // The room beside marks near zero reaches below it; a label there would speak of values that cannot be.
  if (axis.scale == Scale::linear && !extent.negative && !axis.low) {
    std::erase_if(layout.ticks, [](const Tick& tick) { return tick.at < 0; });
  }
  return layout;
}

}  // namespace inferometer::charts
