#include <algorithm>
#include <cmath>
#include <exception>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "charts/palette.h"
#include "charts/panel_drawing.h"
#include "charts/text_width.h"

namespace inferometer::charts {
namespace {

constexpr int kLineLayer = 3;
constexpr int kPointLayer = 4;
constexpr double kCap = 3.5;  // of error bars, to each side

std::string with_unit(const std::string& title, double value) {
  return fmt::format("{}: {}", title.empty() ? "value" : title, rounded_text(value));
}

std::string axis_text(const Axis& axis, double value) {
  if (axis.scale != Scale::category) return with_unit(axis.title, value);
  const auto place = static_cast<std::size_t>(std::clamp(std::round(value), 0.0, static_cast<double>(axis.categories.size() - 1)));
  return axis.categories[place];
}

/// What a point says of itself where its maker said nothing.
std::string tip_of(const Panel& panel, const Series& series, const Point& point) {
  if (!point.tooltip.empty()) return point.tooltip;
  std::vector<std::string> lines;
  const std::string name = one_line(point.label.empty() ? series.name : point.label, 120);
  if (!name.empty()) lines.push_back(name);
  lines.push_back(axis_text(panel.x, point.x));
  lines.push_back(axis_text(series.right_axis ? *panel.y_right : panel.y, point.y));
  if (point.low && point.high) lines.push_back(fmt::format("{} to {}", rounded_text(*point.low), rounded_text(*point.high)));
  if (series.published) lines.emplace_back("published");
  return join(lines, "\n");
}

std::string value_text(const std::string& format, double value) {
  try {
    return fmt::vformat(format, fmt::make_format_args(value));
  } catch (const std::exception& error) {
    throw Error(ErrorCode::internal,
                fmt::format("the format '{}' of values on bars does not serve: {}", one_line(format, 40), error.what()));
  }
}

}  // namespace

void PanelDrawing::draw_series(const Series& series, std::size_t bar_slot) {
  switch (series.kind) {
    case SeriesKind::points: draw_points(series); break;
    case SeriesKind::line:
    case SeriesKind::steps: draw_line(series); break;
    case SeriesKind::bars:
    case SeriesKind::horizontal_bars: draw_bars(series, bar_slot); break;
  }
}

Json PanelDrawing::point_marks(const Series& series, const Point& point, double radius) {
  Json shapes = Json::array();
  const ColorIndex color = point.color.value_or(series.color);
  if (point.low || point.high) {
    const double x = x_of(point.x);
    shapes.push_back(bar_shape(x, y_of(point.low.value_or(point.y), series.right_axis), x,
                               y_of(point.high.value_or(point.y), series.right_axis), kCap, {"", color_text(color), 1.2, {}}));
  }
  const Marker marker = point.size ? Marker::circle : series.marker.value_or(Marker::circle);
  shapes.push_back(mark_shape(marker, radius, mark_ink(color, point.size.has_value(), point.hollow, series.published)));
  return shapes;
}

void PanelDrawing::draw_points(const Series& series) {
  // Large bubbles first, so that they hide no small ones.
  std::vector<std::size_t> order(series.points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return series.points[a].size.value_or(0) > series.points[b].size.value_or(0); });
  Json& drawn = begin_series(series.name, series.color, kPointLayer, series.right_axis);
  drawn["role"] = "marks";
  for (const std::size_t i : order) {
    const Point& point = series.points[i];
    if (!shown(point.x, point.y, series.right_axis)) {
      ++outside_;
      continue;
    }
    const double radius = point.size ? chart_.radius_of(*point.size) : kMarkRadius;
    add_item(drawn, x_of(point.x), y_of(point.y, series.right_axis), tip_of(panel_, series, point)) = point_marks(series, point, radius);
    const Disc mark = disc(point.x, point.y, radius, series.right_axis);
    labels_.surroundings.marks.push_back(mark);
    if (!point.label.empty()) want_label(point.label, mark, false);
  }
}

void PanelDrawing::draw_line(const Series& series) {
  if (series.points.empty()) return;
  const bool right = series.right_axis;
  std::vector<std::pair<double, double>> path;
  bool leaves = false;
  for (const Point& point : series.points) {
    const double x = x_of(point.x), y = y_of(point.y, right);
    if (series.kind == SeriesKind::steps && !path.empty()) path.emplace_back(x, path.back().second);
    path.emplace_back(x, y);
    leaves = leaves || !shown(point.x, point.y, right);
  }
  Json& drawn = begin_series(series.name, series.color, kLineLayer, right);
  drawn["role"] = "line";
  if (leaves) drawn["clip"] = true;
  if (series.stroke != Stroke::none) {
    add_item(drawn, path.front().first, path.front().second, series.name)
        .push_back(path_shape(path, false, line_ink(series.color, series.stroke, series.published)));
    for (std::size_t i = 1; i < path.size(); ++i) {
      labels_.surroundings.lines.push_back({layout_.pixel_x(path[i - 1].first), layout_.pixel_y(path[i - 1].second, right),
                                            layout_.pixel_x(path[i].first), layout_.pixel_y(path[i].second, right)});
    }
  }
  if (series.kind == SeriesKind::steps || !series.marker) return;
  for (const Point& point : series.points) {
    if (!shown(point.x, point.y, right)) {
      ++outside_;
      continue;
    }
    add_item(drawn, x_of(point.x), y_of(point.y, right), tip_of(panel_, series, point)) = point_marks(series, point, kMarkRadius - 0.4);
    const Disc mark = disc(point.x, point.y, kMarkRadius, right);
    labels_.surroundings.marks.push_back(mark);
    if (!point.label.empty()) want_label(point.label, mark, false);
  }
}

/// The figure on a bar, and the place that it takes.
Json PanelDrawing::bar_value(const Series& series, const Point& point, bool lying, const Box& box) {
  const std::string text = value_text(series.value_format, lying ? point.x : point.y);
  const double width = text_width(text);
  const double reach = lying ? box.right() + 5 : box.top - 4;
  if (lying) {
    labels_.surroundings.boxes.push_back({reach, box.top + box.height / 2 - kLineHeight / 2, width, kLineHeight});
    return text_shape(text, reach, box.top + box.height / 2, {});
  }
  const double middle = box.left + box.width / 2;
  if (series.vertical_values) {
    labels_.surroundings.boxes.push_back({middle - kLineHeight / 2, reach - width, kLineHeight, width});
    return text_shape(text, middle, reach, {.rotation = 90});
  }
  labels_.surroundings.boxes.push_back({middle - width / 2, reach - kLineHeight, width, kLineHeight});
  return text_shape(text, middle, reach - kLineHeight / 2 + 1, {.align = Align::center});
}

void PanelDrawing::draw_bars(const Series& series, std::size_t slot) {
  const bool lying = series.kind == SeriesKind::horizontal_bars, right = series.right_axis;
  Json& drawn = begin_series(series.name, series.color, kLineLayer, right);
  for (const Point& point : series.points) {
    const ColorIndex color = point.color.value_or(series.color);
    const AxisLayout& axis = lying ? layout_.x : right ? *layout_.y_right : layout_.y;
    const double foot = axis.foot();
    const double value = lying ? x_of(point.x) : y_of(point.y, right);
    const double end = std::clamp(value, axis.low, axis.high);
    outside_ += end != value ? 1 : 0;
    const auto [from, to] = layout_.bar_span(lying ? point.y : point.x, slot);
    const double middle = (from + to) / 2;
    Json& shapes =
        lying ? add_item(drawn, end, middle, tip_of(panel_, series, point)) : add_item(drawn, middle, end, tip_of(panel_, series, point));
    const Ink ink = area_ink(color, point.hollow, series.published);
    shapes.push_back(lying ? span_shape(foot, from, end, to, ink) : span_shape(from, foot, to, end, ink));
    const auto pixel = [&](double x, double y) { return std::pair(layout_.pixel_x(x), layout_.pixel_y(y, right)); };
    const auto a = lying ? pixel(foot, from) : pixel(from, foot), b = lying ? pixel(end, to) : pixel(to, end);
    Box box{std::min(a.first, b.first), std::min(a.second, b.second), std::abs(a.first - b.first), std::abs(a.second - b.second)};
    labels_.surroundings.boxes.push_back(box);
    if (point.low || point.high) {
      const double plain = lying ? point.x : point.y;
      const auto at = [&](double figure) { return lying ? x_of(figure) : y_of(figure, right); };
      const double low = std::max(at(point.low.value_or(plain)), axis.low), high = std::min(at(point.high.value_or(plain)), axis.high);
      const Ink line{"", kTextColor, 1.1, {}};
      shapes.push_back(lying ? bar_shape(low, middle, high, middle, kCap, line) : bar_shape(middle, low, middle, high, kCap, line));
      if (lying) box.width = std::max(box.width, layout_.pixel_x(high) - box.left);
      if (!lying && layout_.pixel_y(high, right) < box.top) {
        box.height += box.top - layout_.pixel_y(high, right);
        box.top = layout_.pixel_y(high, right);
      }
    }
    if (series.value_format.empty()) continue;
    const Disc anchor{layout_.pixel_x(lying ? end : middle), layout_.pixel_y(lying ? middle : end, right), 0};
    Json text = bar_value(series, point, lying, box);
    text["dx"] = pixels(text["dx"].get<double>() - anchor.x);
    text["dy"] = pixels(text["dy"].get<double>() - anchor.y);
    shapes.push_back(std::move(text));
  }
}

}  // namespace inferometer::charts
