#include "charts/palette.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

namespace inferometer::charts {
namespace {

struct Color {
  double red, green, blue;
};

constexpr std::array<Color, 8> kHues = {{
    {0, 114, 178},    // blue
    {213, 94, 0},     // vermilion
    {0, 158, 115},    // bluish green
    {230, 159, 0},    // orange
    {204, 121, 167},  // reddish purple
    {86, 180, 233},   // sky blue
    {60, 60, 60},     // nearly black
    {178, 160, 20},   // dark yellow
}};
constexpr Color kGrey = {110, 110, 110};
constexpr Color kBlack = {0, 0, 0};
constexpr Color kWhite = {255, 255, 255};

Color mixed(const Color& from, const Color& to, double share) {
  return {from.red + share * (to.red - from.red), from.green + share * (to.green - from.green), from.blue + share * (to.blue - from.blue)};
}

Color color_of(ColorIndex index) {
  if (index < 0) return kGrey;
  const auto place = static_cast<std::size_t>(index);
  const Color hue = kHues[place % kHues.size()];
  switch (place / kHues.size() % 5) {
    case 1: return mixed(hue, kBlack, 0.4);
    case 2: return mixed(hue, kWhite, 0.4);
    case 3: return mixed(hue, kBlack, 0.65);
    case 4: return mixed(hue, kWhite, 0.62);
    default: return hue;
  }
}

std::string text_of(const Color& color, double alpha) {
  const auto red = std::lround(color.red), green = std::lround(color.green), blue = std::lround(color.blue);
  if (alpha < 1) return fmt::format("rgba({},{},{},{:.3g})", red, green, blue, alpha);
  return fmt::format("#{:02x}{:02x}{:02x}", red, green, blue);
}

Color at(const std::vector<Color>& stops, double share) {
  const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(stops.size() - 1);
  const std::size_t first = std::min(static_cast<std::size_t>(place), stops.size() - 2);
  return mixed(stops[first], stops[first + 1], place - static_cast<double>(first));
}

Color scale_at(double share, bool diverging) {
  static const std::vector<Color> kOneHue = {{247, 251, 255}, {198, 219, 239}, {107, 174, 214}, {33, 113, 181}, {8, 48, 107}};
  static const std::vector<Color> kTwoHues = {{213, 94, 0}, {247, 247, 247}, {0, 114, 178}};
  return at(diverging ? kTwoHues : kOneHue, share);
}

}  // namespace

std::string color_text(ColorIndex index, double alpha) { return text_of(color_of(index), alpha); }

Marker marker_of(ColorIndex index) {
  constexpr std::array<Marker, 8> kMarkers = {Marker::circle, Marker::square, Marker::triangle, Marker::diamond, Marker::inverted_triangle,
                                              Marker::cross,  Marker::star,   Marker::plus};
  if (index < 0) return Marker::circle;
  const auto place = static_cast<std::size_t>(index);
  return kMarkers[(place + place / kHues.size()) % kMarkers.size()];
}

std::string marker_name(Marker marker) {
  constexpr std::array<const char*, 8> kNames = {"circle", "square", "triangle", "diamond", "inverted_triangle", "cross", "plus", "star"};
  return kNames[static_cast<std::size_t>(marker)];
}

std::string scale_color(double share, bool diverging) { return text_of(scale_at(share, diverging), 1); }

bool is_dark(double share, bool diverging) {
  const Color color = scale_at(share, diverging);
  return 0.299 * color.red + 0.587 * color.green + 0.114 * color.blue < 140;
}

}  // namespace inferometer::charts
