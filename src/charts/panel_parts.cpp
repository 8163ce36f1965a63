#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "charts/palette.h"
#include "base/text.h"
#include "charts/panel_drawing.h"
#include "charts/text_width.h"

namespace inferometer::charts {
namespace {

constexpr int kBandLayer = 2;
constexpr int kReferenceLayer = 2;
constexpr int kBoxLayer = 3;
constexpr double kBoxHalfWidth = 0.3;  // of a category

}  // namespace

void PanelDrawing::draw_bands() {
  for (const Band& band : panel_.bands) {
    if (band.x.empty()) continue;
    std::vector<std::pair<double, double>> upper, lower;
    bool leaves = false;
    for (std::size_t i = 0; i < band.x.size(); ++i) {
      upper.emplace_back(x_of(band.x[i]), y_of(band.high[i]));
      lower.emplace_back(x_of(band.x[i]), y_of(band.low[i]));
      leaves = leaves || !shown(band.x[i], band.low[i], false) || !shown(band.x[i], band.high[i], false);
    }
    Json& drawn = begin_series(band.name, band.color, kBandLayer);
    drawn["role"] = "band";
    drawn["silent"] = true;
    if (leaves) drawn["clip"] = true;
    Json& shapes = add_item(drawn, upper.front().first, upper.front().second);
    std::vector<std::pair<double, double>> outline = upper;
    outline.insert(outline.end(), lower.rbegin(), lower.rend());
    shapes.push_back(path_shape(outline, true, {color_text(band.color, band.opacity), "", 0, {}}));
    if (band.edge == Stroke::none) continue;
    const Ink edge{"", color_text(band.color, 0.8), 1, dash_of(band.edge)};
    shapes.push_back(path_shape(upper, false, edge));
    shapes.push_back(path_shape(lower, false, edge));
  }
}

/// A label stands at either end of its line, on either side of it, where it covers the least.
void PanelDrawing::draw_reference_lines() {
  for (const ReferenceLine& line : panel_.lines) {
    const AxisLayout& across = line.horizontal ? layout_.y : layout_.x;
    const double at = line.horizontal ? y_of(line.at) : x_of(line.at);
    if (at < across.low || at > across.high) continue;
    Json& drawn = begin_series("", kNeutral, kReferenceLayer);
    drawn["silent"] = true;
    const AxisLayout& along = line.horizontal ? layout_.x : layout_.y;
    const auto point = [&](double place) { return line.horizontal ? std::pair(place, at) : std::pair(at, place); };
    const std::pair<double, double> anchor = point(along.high);
    Json& shapes = add_item(drawn, anchor.first, anchor.second);
    shapes.push_back(path_shape({point(along.low), point(along.high)}, false, {"", kQuietColor, 1.2, dash_of(line.stroke)}));
    if (line.label.empty()) continue;
    const Box& plot = layout_.plot;
    const double width = text_width(line.label), x = layout_.pixel_x(anchor.first), y = layout_.pixel_y(anchor.second);
    std::vector<Box> places;
    for (const double end : {1.0, 0.0, 0.5}) {
      for (const double side : {-1.0, 1.0}) {
        if (line.horizontal) {
          places.push_back({plot.left + 5 + end * (plot.width - 10 - width), side < 0 ? y - kLineHeight - 1 : y + 1, width, kLineHeight});
        } else {
          places.push_back(
              {side < 0 ? x + 5 : x - 5 - width, plot.top + 3 + (1 - end) * (plot.height - 6 - kLineHeight), width, kLineHeight});
        }
      }
    }
    const Box place = least_covering(places);
    labels_.surroundings.boxes.push_back(place);
    shapes.push_back(text_shape(line.label, place.left - x, place.top + kLineHeight / 2 - y, {.halo = true, .color = "#444444"}));
  }
}

void PanelDrawing::draw_missing_bars() {
  for (const MissingBar& bar : panel_.missing_bars) {
    const Series& series = panel_.series[bar.series];
    const bool lying = series.kind == SeriesKind::horizontal_bars;
    std::size_t slot = 0;
    for (std::size_t i = 0; i < bar.series; ++i) {
      slot += panel_.series[i].kind == SeriesKind::bars || panel_.series[i].kind == SeriesKind::horizontal_bars ? 1 : 0;
    }
    const auto [from, to] = layout_.bar_span(bar.category, slot);
    const AxisLayout& axis = lying ? layout_.x : series.right_axis ? *layout_.y_right : layout_.y;
    const double middle = (from + to) / 2, foot = axis.foot();
    Json& drawn = begin_series(series.name, series.color, kBoxLayer, series.right_axis);
    const std::string tip = fmt::format("{}\n{}", series.name, bar.text);
    Json& shapes = lying ? add_item(drawn, foot, middle, tip) : add_item(drawn, middle, foot, tip);
    const double length = text_width(bar.text) + 10;
    const Ink ink{"#ffffff", color_text(series.color), 1, {3, 2}};
    if (lying) {
      const double side = std::abs(layout_.pixel_y(to) - layout_.pixel_y(from));
      shapes.push_back(rect_shape(0, -side / 2, length, side, ink));
      shapes.push_back(text_shape(bar.text, 5, 0));
      labels_.surroundings.boxes.push_back({layout_.pixel_x(foot), layout_.pixel_y(middle) - side / 2, length, side});
    } else {
      const double side = std::abs(layout_.pixel_x(to) - layout_.pixel_x(from));
      shapes.push_back(rect_shape(-side / 2, -length, side, length, ink));
      shapes.push_back(text_shape(bar.text, 0, -5, {.rotation = 90}));
      labels_.surroundings.boxes.push_back({layout_.pixel_x(middle) - side / 2, layout_.pixel_y(foot) - length, side, length});
    }
  }
}

void PanelDrawing::draw_boxes() {
  for (const BoxGroup& box : panel_.boxes) {
    Json& drawn = begin_series("", box.color, kBoxLayer);
    const double from = box.category - kBoxHalfWidth, to = box.category + kBoxHalfWidth;
    const double low = y_of(box.low), q1 = y_of(box.q1), median = y_of(box.median), q3 = y_of(box.q3), high = y_of(box.high);
    const std::string name =
        panel_.x.scale == Scale::category ? layout_.x.ticks[static_cast<std::size_t>(std::lround(box.category))].label : "";
    Json& shapes = add_item(drawn, box.category, median,
                            fmt::format("{}\nwhiskers {} to {}\nquartiles {} and {}\nmedian {}", name, rounded_text(box.low),
                                        rounded_text(box.high), rounded_text(box.q1), rounded_text(box.q3), rounded_text(box.median)));
    const Ink line{"", color_text(box.color), 1.3, {}};
    shapes.push_back(bar_shape(box.category, low, box.category, q1, 0, line));
    shapes.push_back(bar_shape(box.category, q3, box.category, high, 0, line));
    for (const double end : {low, high}) shapes.push_back(bar_shape(from + 0.15, end, to - 0.15, end, 0, line));
    shapes.push_back(span_shape(from, q1, to, q3, {color_text(box.color, 0.35), color_text(box.color), 1.3, {}}));
    shapes.push_back(bar_shape(from, median, to, median, 0, {"", kTextColor, 2, {}}));
    const double left = layout_.pixel_x(from), right = layout_.pixel_x(to), upper = layout_.pixel_y(high), lower = layout_.pixel_y(low);
    labels_.surroundings.boxes.push_back({std::min(left, right), std::min(upper, lower), std::abs(right - left), std::abs(lower - upper)});
    for (const double outlier : box.outliers) {
      labels_.surroundings.marks.push_back(disc(box.category, outlier, kMarkRadius));
      add_item(drawn, box.category, y_of(outlier), fmt::format("{}\n{}", name, rounded_text(outlier)))
          .push_back(mark_shape(Marker::circle, 2.6, mark_ink(box.color, false, true, false)));
    }
  }
}

void PanelDrawing::draw_heat() {
  const HeatCells& heat = *panel_.heat;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const HeatCells::Cell& cell : heat.cells) {
    if (!cell.value) continue;
    const double at = heat.log ? std::log10(*cell.value) : *cell.value;
    low = std::min(low, at);
    high = std::max(high, at);
  }
  if (heat.diverging) {
    high = std::max({std::abs(low), std::abs(high), 0.0});
    // Correlations always show the whole scale, so that two charts of them can be compared.
    high = std::isfinite(high) ? std::max(high, 1.0) : 1.0;
    low = -high;
  }
  const bool empty = !(low <= high);
  if (!empty && low == high) {
    low -= heat.log ? 0.5 : 0.5 * std::max(std::abs(low), 1e-9);
    high += heat.log ? 0.5 : 0.5 * std::max(std::abs(high), 1e-9);
  }
  Json& drawn = begin_series("", 0, kBoxLayer);
  const double slot = layout_.plot.width / static_cast<double>(panel_.x.categories.size());
  const double height = layout_.plot.height / static_cast<double>(panel_.y.categories.size());
  for (const HeatCells::Cell& cell : heat.cells) {
    const auto x = static_cast<double>(cell.column), y = static_cast<double>(cell.row);
    const std::string place = panel_.x.categories[cell.column] + ", " + panel_.y.categories[cell.row];
    Json& shapes = add_item(drawn, x, y,
                            place + "\n" +
                                (cell.value          ? rounded_text(*cell.value)
                                 : cell.text.empty() ? "no value"
                                                     : cell.text));
    const double share = cell.value ? ((heat.log ? std::log10(*cell.value) : *cell.value) - low) / (high - low) : 0;
    const Ink ink = cell.value ? Ink{scale_color(share, heat.diverging), "#ffffff", 1, {}} : Ink{"#ffffff", "#bbbbbb", 0.8, {2, 2}};
    shapes.push_back(span_shape(x - 0.5, y - 0.5, x + 0.5, y + 0.5, ink));
    // Text wider than its cell would run into the next; it is in the tooltip still.
    if (cell.text.empty() || text_width(cell.text) > slot - 2 || kLineHeight - 2 > height) continue;
    const bool white = cell.value && is_dark(share, heat.diverging);
    shapes.push_back(text_shape(cell.text, 0, 0, {.align = Align::center, .color = white ? "#ffffff" : kTextColor}));
  }
  if (!empty) draw_heat_scale(low, high);
}

/// A strip of colours beside the cells, with ticks.
void PanelDrawing::draw_heat_scale(double low, double high) {
  const HeatCells& heat = *panel_.heat;
  const Box& plot = layout_.plot;
  const double left = plot.right() + 10, width = 12, height = std::min(plot.height, 260.0), top = plot.top + (plot.height - height) / 2;
  Json& fixed = drawing_["fixed"];
  Json strip = rect_shape(left, top, width, height, {"#ffffff", "#999999", 0.8, {}});
  Json stops = Json::array();
  for (int i = 0; i <= 8; ++i) stops.push_back({{"offset", i / 8.0}, {"color", scale_color(1 - i / 8.0, heat.diverging)}});
  strip["fill"] = {{"type", "linear"}, {"x", 0}, {"y", 0}, {"x2", 0}, {"y2", 1}, {"colorStops", stops}};
  fixed.push_back(std::move(strip));
  for (const Tick& tick : ticks(heat.log ? Scale::log10 : Scale::linear, low, high, height / 40)) {
    const double at = top + height * (high - tick.at) / (high - low);
    fixed.push_back(line_shape(left + width, at, left + width + 3, at, {"", kTextColor, 1, {}}));
    fixed.push_back(text_shape(tick.label, left + width + 5, at));
  }
  if (!heat.title.empty()) {
    fixed.push_back(text_shape(heat.title, plot.right() + kHeatScaleWidth - 8, top + height / 2, {.align = Align::center, .rotation = 90}));
  }
}

}  // namespace inferometer::charts
