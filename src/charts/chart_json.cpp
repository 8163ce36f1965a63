#include <algorithm>
#include <cmath>
#include <exception>

#include "base/text.h"
#include "charts/chart_drawing.h"
#include "charts/drawing.h"
#include "charts/layout.h"
#include "charts/palette.h"
#include "charts/panel_drawing.h"
#include "charts/shapes.h"
#include "charts/text_width.h"

namespace inferometer::charts {
namespace {

const char* scale_name(Scale scale) {
  if (scale == Scale::log10) return "log";
  return scale == Scale::category ? "category" : "linear";
}

Json axis_json(const Axis& axis, const AxisLayout& layout, const char* side) {
  Json json = {{"title", axis.title}, {"scale", scale_name(layout.scale)}, {"low", layout.low},     {"high", layout.high},
               {"side", side},        {"gap", pixels(layout.title_gap)},   {"ticks", Json::array()}};
  if (layout.reversed) json["inverse"] = true;
  if (layout.label_rotation != 0) json["rotate"] = layout.label_rotation;
  if (layout.scale != Scale::category) json["grid"] = std::string_view(side) != "right";
  for (const Tick& tick : layout.ticks) json["ticks"].push_back(Json::array({tick.at, tick.label}));
  return json;
}

Json panel_json(const Panel& panel, const PanelLayout& layout) {
  const Box& plot = layout.plot;
  Json json = {{"left", pixels(plot.left)}, {"top", pixels(plot.top)}, {"width", pixels(plot.width)}, {"height", pixels(plot.height)}};
  if (panel.shaded) json["background"] = "#f3f6fa";
  json["x"] = axis_json(panel.x, layout.x, "bottom");
  json["y"] = Json::array({axis_json(panel.y, layout.y, "left")});
  if (panel.y_right) json["y"].push_back(axis_json(*panel.y_right, *layout.y_right, "right"));
  return json;
}

Json entry_json(const LegendEntry& entry) {
  Json json = {{"name", entry.name}};
  if (entry.marker) json["mark"] = marker_name(*entry.marker);
  if (entry.line && *entry.line != Stroke::none) {
    json["line"] = entry.published                 ? "published"
                   : *entry.line == Stroke::solid  ? "solid"
                   : *entry.line == Stroke::dashed ? "dashed"
                                                   : "dotted";
  }
  if (entry.area) json["area"] = true;
  json["fill"] = color_text(entry.color, entry.published ? 0.15 : 1);
  if (entry.published) {
    json["stroke"] = color_text(entry.color);
    json["dash"] = "dotted";
  }
  if (entry.area && !entry.published) json["fill"] = color_text(entry.color, entry.opacity);
  return json;
}

Json legend_json(const LegendLayout& legend) {
  Json json = {{"left", pixels(legend.box.left)},
               {"top", pixels(legend.box.top)},
               {"width", pixels(legend.box.width + 60)},
               {"orient", legend.vertical ? "vertical" : "horizontal"},
               {"gap", 13},
               {"pitch", kLineHeight + 13},
               {"entries", Json::array()}};
  for (const auto& line : legend.lines) {
    if (!json["entries"].empty() && !legend.vertical) json["entries"].push_back(nullptr);
    for (const LegendEntry& entry : line) json["entries"].push_back(entry_json(entry));
  }
  return json;
}

/// Circles of known sizes in a row above the panels.
void draw_size_legend(const SizeLegend& legend, const ChartLayout& layout, Json& fixed) {
  constexpr double kGap = 16, kSpace = 5;
  double width = text_width(legend.title, kTextPixels, true);
  for (const auto& [size, text] : legend.entries) width += kGap + 2 * layout.radius_of(size) + kSpace + text_width(text);
  const Box& box = layout.size_legend;
  const double middle = box.top + box.height / 2;
  double x = std::max(4.0, box.left + (box.width - width) / 2);
  fixed.push_back(text_shape(legend.title, x, middle, {.bold = true}));
  x += text_width(legend.title, kTextPixels, true);
  for (const auto& [size, text] : legend.entries) {
    const double radius = layout.radius_of(size);
    fixed.push_back(mark_shape(Marker::circle, radius, mark_ink(kNeutral, true, false, false), x + kGap + radius, middle));
    x += kGap + 2 * radius + kSpace;
    fixed.push_back(text_shape(text, x, middle));
    x += text_width(text);
  }
}

}  // namespace

Json drawing_of(const Chart& chart) {
  require_sound(chart);
  const ChartLayout layout = lay_out(chart);
  Json drawing = {{"id", chart.id},          {"title", chart.title},    {"width", layout.width}, {"height", layout.height},
                  {"panels", Json::array()}, {"series", Json::array()}, {"fixed", Json::array()}};
  std::size_t y_axes = 0;
  for (std::size_t i = 0; i < chart.panels.size(); ++i) {
    drawing["panels"].push_back(panel_json(chart.panels[i], layout.panels[i]));
    PanelDrawing(chart.panels[i], layout.panels[i], layout, i, y_axes, drawing).draw();
    y_axes += chart.panels[i].y_right ? 2 : 1;
  }
  if (chart.size_legend) draw_size_legend(*chart.size_legend, layout, drawing["fixed"]);
  if (layout.legend) drawing["legend"] = legend_json(*layout.legend);
  return drawing;
}

std::string text_of(const Json& drawing) { return drawing.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string chart_json(const Chart& chart) { return text_of(drawing_of(chart)); }

}  // namespace inferometer::charts
