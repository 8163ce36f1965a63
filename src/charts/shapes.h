/// Write shapes as chart.js reads them. Include in .cpp files only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "charts/chart.h"

namespace inferometer::charts {

using Json = nlohmann::ordered_json;

inline constexpr const char* kTextColor = "#222222";
inline constexpr const char* kQuietColor = "#6e6e6e";

/// Colours are CSS; an empty one is not drawn.
struct Ink {
  std::string fill, stroke;
  double width = 1;
  std::vector<double> dash;
};

/// Rounded to hundredths of a pixel: more is not seen and only fills the page.
double pixels(double value);

Json mark_shape(Marker marker, double radius, const Ink& ink, double dx = 0, double dy = 0);
Json line_shape(double x1, double y1, double x2, double y2, const Ink& ink);
Json rect_shape(double x, double y, double width, double height, const Ink& ink);

enum class Align { left, center, right };
struct Lettering {
  Align align = Align::left;
  double rotation = 0;  ///< degrees, counterclockwise
  bool bold = false;
  bool halo = false;  ///< a rim of white, to be read over lines and areas
  std::string color = kTextColor;
};
Json text_shape(const std::string& text, double dx, double dy, const Lettering& lettering = {});

/// In coordinates of the axes.
Json path_shape(const std::vector<std::pair<double, double>>& points, bool closed, const Ink& ink);
Json span_shape(double x1, double y1, double x2, double y2, const Ink& ink);
/// A line with a cap of `cap` pixels to both sides of both ends: an error bar.
Json bar_shape(double x1, double y1, double x2, double y2, double cap, const Ink& ink);

/// How marks, lines and areas are inked, measured and published ones, filled and hollow.
Ink mark_ink(ColorIndex color, bool bubble, bool hollow, bool published);
Ink line_ink(ColorIndex color, Stroke stroke, bool published);
Ink area_ink(ColorIndex color, bool hollow, bool published);
std::vector<double> dash_of(Stroke stroke);

}  // namespace inferometer::charts
