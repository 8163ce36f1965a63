#include "charts/animation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace inferometer::charts {
namespace {

constexpr std::size_t kMarkSteps = 42;
constexpr std::size_t kCurveSteps = 6;

struct Place {
  std::size_t series = 0, item = 0;
  double x = 0;
};

bool is(const Json& series, const char* role) { return series.value("role", "") == role; }

/// Empty series stay in the list, so that numbers of series keep their meaning.
Json without(const Json& drawing, const char* role) {
  Json rest = drawing;
  for (Json& series : rest["series"]) {
    if (is(series, role)) series["items"] = Json::array();
  }
  return rest;
}

/// Marks from left to right, as they stand in the drawing.
std::vector<Place> marks_of(const Json& drawing) {
  std::vector<Place> places;
  for (std::size_t s = 0; s < drawing["series"].size(); ++s) {
    const Json& series = drawing["series"][s];
    if (!is(series, "marks")) continue;
    for (std::size_t i = 0; i < series["items"].size(); ++i) places.push_back({s, i, series["items"][i]["x"].get<double>()});
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.x < b.x; });
  return places;
}

/// The first part of a curve. A band's outline runs forth along its upper curve and back along the lower one.
Json part_of_path(const Json& path, bool closed, double share) {
  const std::size_t length = closed ? path.size() / 2 : path.size();
  const std::size_t kept = std::clamp<std::size_t>(static_cast<std::size_t>(std::lround(share * static_cast<double>(length))), 2, length);
  Json part(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(kept));
  if (closed) part.insert(part.end(), path.end() - static_cast<std::ptrdiff_t>(kept), path.end());
  return part;
}

Json with_part(const Json& drawing, const char* role, double share) {
  Json part = drawing;
  for (Json& series : part["series"]) {
    if (!is(series, role)) continue;
    for (Json& item : series["items"]) {
      for (Json& shape : item["shapes"]) {
        if (shape.contains("path") && shape["path"].size() >= 4)
          shape["path"] = part_of_path(shape["path"], shape.value("closed", false), share);
      }
    }
  }
  return part;
}

bool has(const Json& drawing, const char* role) {
  return std::any_of(drawing["series"].begin(), drawing["series"].end(),
                     [&](const Json& series) { return is(series, role) && !series["items"].empty(); });
}

}  // namespace

std::vector<Json> drawing_steps(const Json& drawing) {
  const Json no_bands = without(drawing, "band"), no_lines = without(no_bands, "line"), bare = without(no_lines, "marks");
  std::vector<Json> steps = {bare};
  const std::vector<Place> marks = marks_of(drawing);
  const std::size_t at_once = std::max<std::size_t>(1, (marks.size() + kMarkSteps - 1) / kMarkSteps);
  for (std::size_t count = std::min(at_once, marks.size()); count > 0; count = std::min(count + at_once, marks.size())) {
    std::vector<Place> shown(marks.begin(), marks.begin() + static_cast<std::ptrdiff_t>(count));
    std::sort(shown.begin(), shown.end(),
              [](const Place& a, const Place& b) { return std::pair(a.series, a.item) < std::pair(b.series, b.item); });
    Json step = bare;
    for (const Place& place : shown) step["series"][place.series]["items"].push_back(drawing["series"][place.series]["items"][place.item]);
    steps.push_back(std::move(step));
    if (count == marks.size()) break;
  }
  for (const auto& [role, whole] : {std::pair<const char*, const Json&>{"line", no_bands}, {"band", drawing}}) {
    if (!has(drawing, role)) continue;
    for (std::size_t i = 1; i <= kCurveSteps; ++i) steps.push_back(with_part(whole, role, static_cast<double>(i) / kCurveSteps));
  }
  if (steps.back() != drawing) steps.push_back(drawing);
  return steps;
}

}  // namespace inferometer::charts
