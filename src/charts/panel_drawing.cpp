#include "charts/panel_drawing.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "charts/palette.h"
#include "charts/text_width.h"

namespace inferometer::charts {
namespace {

constexpr int kCallOutLayer = 5;

double rounded_coordinate(const AxisLayout& axis, double coordinate) {
  const double unit = std::pow(10.0, std::floor(std::log10(axis.high - axis.low)) - 5);
  // Dividing by a power of ten gives the shortest decimal, multiplying by its inverse does not.
  return unit < 1 ? std::round(coordinate * std::round(1 / unit)) / std::round(1 / unit) + 0.0 : std::round(coordinate / unit) * unit + 0.0;
}

bool within(const AxisLayout& axis, double coordinate) {
  const double room = 1e-6 * (axis.high - axis.low);
  return coordinate >= axis.low - room && coordinate <= axis.high + room;
}

}  // namespace

PanelDrawing::PanelDrawing(const Panel& panel, const PanelLayout& layout, const ChartLayout& chart, std::size_t index,
                           std::size_t first_y_axis, Json& drawing)
    : panel_(panel), layout_(layout), chart_(chart), index_(index), first_y_axis_(first_y_axis), drawing_(drawing) {
  const Box& plot = layout.plot;
  labels_.surroundings.frame = {plot.left + 3, plot.top + 3, plot.width - 6, plot.height - 6};
}

void PanelDrawing::draw() {
  draw_title();
  draw_bands();
  if (panel_.heat) draw_heat();
  std::size_t slot = 0;
  for (const Series& series : panel_.series) {
    draw_series(series, slot);
    slot += series.kind == SeriesKind::bars || series.kind == SeriesKind::horizontal_bars ? 1 : 0;
  }
  draw_missing_bars();
  draw_boxes();
  draw_reference_lines();
  draw_notes();
  draw_call_outs();
  place();
}

void PanelDrawing::draw_title() {
  if (panel_.title.empty()) return;
  drawing_["fixed"].push_back(text_shape(panel_.title, layout_.plot.left, layout_.outer.top + kPanelTitleHeight / 2, {.bold = true}));
}

void PanelDrawing::draw_call_outs() {
  if (panel_.call_outs.empty()) return;
  Json& series = begin_series("", kNeutral, kCallOutLayer);
  for (const CallOut& call_out : panel_.call_outs) {
    if (!shown(call_out.x, call_out.y, false)) continue;
    add_item(series, x_of(call_out.x), y_of(call_out.y));
    const Disc mark = disc(call_out.x, call_out.y, 3);
    want_label(call_out.text, above_text(mark), true, mark.y);
  }
}

/// The same mark above the figure that is written on its bar, so that no line of a call-out crosses it.
Disc PanelDrawing::above_text(const Disc& mark) const {
  constexpr double kNear = 8;  // pixels between a bar's end and its text, at most
  for (const Box& box : labels_.surroundings.boxes) {
    const bool over = box.left <= mark.x && mark.x <= box.right() && box.bottom() <= mark.y && box.bottom() > mark.y - kNear;
    if (over) return {mark.x, box.top, mark.radius};
  }
  return mark;
}

/// In the corner where they cover the least.
void PanelDrawing::draw_notes() {
  if (panel_.notes.empty()) return;
  double width = 0;
  for (const std::string& note : panel_.notes) width = std::max(width, text_width(note));
  const double height = kLineHeight * static_cast<double>(panel_.notes.size());
  const Box& frame = labels_.surroundings.frame;
  const double left = frame.left + 5, right = frame.right() - 5 - width, top = frame.top + 3, bottom = frame.bottom() - 3 - height;
  const std::vector<Box> corners = {
      {left, top, width, height}, {right, top, width, height}, {right, bottom, width, height}, {left, bottom, width, height}};
  const Box best = least_covering(corners);
  labels_.surroundings.boxes.push_back(best);
  for (std::size_t i = 0; i < panel_.notes.size(); ++i) {
    drawing_["fixed"].push_back(text_shape(panel_.notes[i], best.left, best.top + kLineHeight * (static_cast<double>(i) + 0.5)));
  }
}

/// The first of those places that cover the fewest marks, boxes and lines; a place that leaves the frame counts as covering much.
Box PanelDrawing::least_covering(const std::vector<Box>& places) const {
  const auto covered = [&](const Box& box) {
    const Box& frame = labels_.surroundings.frame;
    double count =
        box.left < frame.left - 1 || box.right() > frame.right() + 1 || box.top < frame.top - 1 || box.bottom() > frame.bottom() + 1 ? 100
                                                                                                                                     : 0;
    for (const Disc& mark : labels_.surroundings.marks) {
      count += overlap(box, Box{mark.x - mark.radius, mark.y - mark.radius, 2 * mark.radius, 2 * mark.radius}, 2) ? 1 : 0;
    }
    for (const Box& other : labels_.surroundings.boxes) count += overlap(box, other, 2) ? 3 : 0;
    for (const Segment& line : labels_.surroundings.lines) count += overlap(box, line) ? 0.5 : 0;
    return count;
  };
  const Box* best = &places.front();
  double least = covered(*best);
  for (const Box& place : places) {
    if (const double count = covered(place); count < least) {
      best = &place;
      least = count;
    }
  }
  return *best;
}

/// All labels of the panel know of each other, so they are placed last and together.
void PanelDrawing::place() {
  const auto placed = place_labels(labels_.requests, labels_.surroundings);
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (!placed[i]) {
      ++left_out;
      continue;
    }
    const PanelLabels::Wanted& wanted = labels_.wanted[i];
    const Disc mark{labels_.requests[i].mark.x, wanted.item_y, 0};  // shapes are placed from their item
    Json& shapes = drawing_["series"][wanted.series]["items"][wanted.item]["shapes"];
    if (const auto& leader = placed[i]->leader) {
      shapes.push_back(
          line_shape(leader->x1 - mark.x, leader->y1 - mark.y, leader->x2 - mark.x, leader->y2 - mark.y, {"", kQuietColor, 0.8, {}}));
    }
    const std::vector<std::string> lines = split(wanted.text, '\n');
    const Box& box = placed[i]->box;
    for (std::size_t line = 0; line < lines.size(); ++line) {
      shapes.push_back(text_shape(lines[line], box.left + box.width / 2 - mark.x,
                                  box.top + kLineHeight * (static_cast<double>(line) + 0.5) - mark.y,
                                  {.align = Align::center, .halo = true}));
    }
  }
  std::string remark;
  if (left_out > 0) remark = fmt::format("{} {} no room", left_out, left_out == 1 ? "label has" : "labels have");
  if (outside_ > 0) {
    remark += fmt::format("{}{} {} outside the axes", remark.empty() ? "" : "; ", outside_, outside_ == 1 ? "point lies" : "points lie");
  }
  if (remark.empty()) return;
  // Beside the title where there is room, else in the lower corner of the plot.
  constexpr double kApart = 12;
  const double used = panel_.title.empty() ? 0 : text_width(panel_.title, kTextPixels, true) + kApart;
  const bool above = !panel_.title.empty() && used + text_width(remark) + 4 <= layout_.plot.width;
  const double line = above ? layout_.outer.top + kPanelTitleHeight / 2 : layout_.plot.bottom() - kLineHeight / 2 - 2;
  drawing_["fixed"].push_back(
      text_shape(remark, layout_.plot.right() - 4, line, {.align = Align::right, .halo = !above, .color = kQuietColor}));
}

Json& PanelDrawing::begin_series(const std::string& name, ColorIndex color, int z, bool right_axis) {
  Json& all = drawing_["series"];
  all.push_back({{"name", name},
                 {"panel", index_},
                 {"y_axis", first_y_axis_ + (right_axis ? 1 : 0)},
                 {"z", z},
                 {"color", color_text(color)},
                 {"items", Json::array()}});
  return all.back();
}

Json& PanelDrawing::add_item(Json& series, double x, double y, const std::string& tip) {
  Json item = {{"x", x}, {"y", y}};
  if (!tip.empty()) item["tip"] = tip;
  item["shapes"] = Json::array();
  series["items"].push_back(std::move(item));
  return series["items"].back()["shapes"];
}

/// For the item that was added last.
void PanelDrawing::want_label(const std::string& text, const Disc& mark, bool apart, std::optional<double> item_y) {
  double width = 0;
  std::size_t count = 0;
  for (const std::string& line : split(text, '\n')) {
    width = std::max(width, text_width(line));
    ++count;
  }
  const std::size_t series = drawing_["series"].size() - 1;
  labels_.requests.push_back({mark, width + 2, kLineHeight * static_cast<double>(count), apart});
  labels_.wanted.push_back({text, series, drawing_["series"][series]["items"].size() - 1, item_y.value_or(mark.y)});
}

bool PanelDrawing::shown(double x, double y, bool right_axis) const {
  const AxisLayout& vertical = right_axis ? *layout_.y_right : layout_.y;
  return within(layout_.x, layout_.x.coordinate(x)) && within(vertical, vertical.coordinate(y));
}

double PanelDrawing::x_of(double value) const { return rounded_coordinate(layout_.x, layout_.x.coordinate(value)); }

double PanelDrawing::y_of(double value, bool right_axis) const {
  const AxisLayout& axis = right_axis ? *layout_.y_right : layout_.y;
  return rounded_coordinate(axis, axis.coordinate(value));
}

Disc PanelDrawing::disc(double x, double y, double radius, bool right_axis) const {
  return {layout_.pixel_x(x_of(x)), layout_.pixel_y(y_of(y, right_axis), right_axis), radius};
}

}  // namespace inferometer::charts
