#include "charts/shapes.h"

#include <cmath>

#include "charts/palette.h"

namespace inferometer::charts {
namespace {

void add_ink(Json& shape, const Ink& ink) {
  if (!ink.fill.empty()) shape["fill"] = ink.fill;
  if (ink.stroke.empty()) return;
  shape["stroke"] = ink.stroke;
  shape["width"] = ink.width;
  if (!ink.dash.empty()) shape["dash"] = ink.dash;
}

}  // namespace

double pixels(double value) { return std::round(value * 100) / 100 + 0.0; }

Json mark_shape(Marker marker, double radius, const Ink& ink, double dx, double dy) {
  Json shape = {{"mark", marker_name(marker)}, {"r", pixels(radius)}};
  if (dx != 0) shape["dx"] = pixels(dx);
  if (dy != 0) shape["dy"] = pixels(dy);
  add_ink(shape, ink);
  return shape;
}

Json line_shape(double x1, double y1, double x2, double y2, const Ink& ink) {
  Json shape = {{"line", {pixels(x1), pixels(y1), pixels(x2), pixels(y2)}}};
  add_ink(shape, ink);
  return shape;
}

Json rect_shape(double x, double y, double width, double height, const Ink& ink) {
  Json shape = {{"rect", {pixels(x), pixels(y), pixels(width), pixels(height)}}};
  add_ink(shape, ink);
  return shape;
}

Json text_shape(const std::string& text, double dx, double dy, const Lettering& lettering) {
  Json shape = {{"text", text}, {"dx", pixels(dx)}, {"dy", pixels(dy)}};
  if (lettering.align != Align::left) shape["align"] = lettering.align == Align::center ? "center" : "right";
  if (lettering.rotation != 0) shape["rotate"] = lettering.rotation;
  if (lettering.bold) shape["bold"] = true;
  if (lettering.halo) shape["halo"] = true;
  if (lettering.color != kTextColor) shape["color"] = lettering.color;
  return shape;
}

Json path_shape(const std::vector<std::pair<double, double>>& points, bool closed, const Ink& ink) {
  Json shape = {{"path", Json::array()}};
  for (const auto& point : points) shape["path"].push_back(Json::array({point.first, point.second}));
  if (closed) shape["closed"] = true;
  add_ink(shape, ink);
  return shape;
}

Json span_shape(double x1, double y1, double x2, double y2, const Ink& ink) {
  Json shape = {{"span", {x1, y1, x2, y2}}};
  add_ink(shape, ink);
  return shape;
}

Json bar_shape(double x1, double y1, double x2, double y2, double cap, const Ink& ink) {
  Json shape = {{"bar", {x1, y1, x2, y2}}, {"cap", cap}};
  add_ink(shape, ink);
  return shape;
}

std::vector<double> dash_of(Stroke stroke) {
  if (stroke == Stroke::dashed) return {6, 4};
  if (stroke == Stroke::dotted) return {1.5, 3};
  return {};
}

// Published figures are pale with a dotted edge, and their lines dash and dot: no measured one looks like that.
Ink mark_ink(ColorIndex color, bool bubble, bool hollow, bool published) {
  if (published) return {hollow ? "rgba(255,255,255,0.6)" : color_text(color, 0.15), color_text(color), 1.3, {1.5, 1.7}};
  if (hollow) return {"rgba(255,255,255,0.75)", color_text(color), 1.5, {}};
  if (bubble) return {color_text(color, 0.42), color_text(color), 1, {}};
  return {color_text(color), "#ffffff", 0.6, {}};
}

Ink line_ink(ColorIndex color, Stroke stroke, bool published) {
  if (stroke == Stroke::none) return {};
  if (published) return {"", color_text(color, 0.8), 1.4, {7, 2.5, 1.5, 2.5}};
  return {"", color_text(color), 1.7, dash_of(stroke)};
}

Ink area_ink(ColorIndex color, bool hollow, bool published) {
  if (published) return {color_text(color, 0.15), color_text(color), 1.2, {1.5, 1.7}};
  if (hollow) return {"#ffffff", color_text(color), 1.4, {}};
  return {color_text(color, 0.92), "", 0, {}};
}

}  // namespace inferometer::charts
