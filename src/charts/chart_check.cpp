#include <algorithm>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "charts/layout.h"

namespace inferometer::charts {
namespace {

/// Looks through one panel; every complaint names the chart and what is wrong with it.
class Check {
 public:
  Check(const Chart& chart, const Panel& panel) : chart_(chart), panel_(panel) {}

  void run() const {
    for (const Axis* axis : {&panel_.x, &panel_.y, panel_.y_right ? &*panel_.y_right : nullptr}) {
      if (axis) limits(*axis);
    }
    for (const Series& one : panel_.series) series(one);
    for (const Band& one : panel_.bands) band(one);
    for (const ReferenceLine& line : panel_.lines) value(line.horizontal ? panel_.y : panel_.x, line.at, line.label);
    for (const CallOut& call_out : panel_.call_outs) {
      value(panel_.x, call_out.x, call_out.text);
      value(panel_.y, call_out.y, call_out.text);
    }
    for (const MissingBar& bar : panel_.missing_bars) missing_bar(bar);
    for (const BoxGroup& box : panel_.boxes) {
      value(panel_.x, box.category, "a box");
      for (const double figure : {box.low, box.q1, box.median, box.q3, box.high}) value(panel_.y, figure, "a box");
      for (const double figure : box.outliers) value(panel_.y, figure, "an outlier");
    }
    if (panel_.heat) heat(*panel_.heat);
  }

 private:
  [[noreturn]] void complain(const std::string& what) const {
    throw Error(ErrorCode::internal, fmt::format("chart '{}': {}", one_line(chart_.id, 60), one_line(what, 200)));
  }

  void value(const Axis& axis, double figure, const std::string& where) const {
    if (!std::isfinite(figure)) complain(fmt::format("'{}' has a value that is no finite number", where));
    if (axis.scale == Scale::log10 && figure <= 0) {
      complain(fmt::format("'{}' has the value {} on the log axis '{}'", where, figure, axis.title));
    }
    if (axis.scale == Scale::category && (figure < -0.5 || figure > static_cast<double>(axis.categories.size()) - 0.5)) {
      complain(fmt::format("'{}' stands at category {} of {}", where, figure, axis.categories.size()));
    }
  }

  void limits(const Axis& axis) const {
    if (axis.scale == Scale::category) {
      if (axis.categories.empty()) complain(fmt::format("the axis '{}' has no categories", axis.title));
      return;
    }
    for (const auto& limit : {axis.low, axis.high}) {
      if (limit) value(axis, *limit, axis.title);
    }
    if (axis.low && axis.high && *axis.low >= *axis.high) complain(fmt::format("the limits of the axis '{}' are not in order", axis.title));
  }

  void series(const Series& one) const {
    if (one.right_axis && !panel_.y_right) complain(fmt::format("'{}' belongs to a right axis that is not there", one.name));
    const bool lying = one.kind == SeriesKind::horizontal_bars;
    const Axis& y = one.right_axis ? *panel_.y_right : panel_.y;
    if (one.kind == SeriesKind::bars && panel_.x.scale != Scale::category) complain("bars need categories on the x axis");
    if (lying && panel_.y.scale != Scale::category) complain("horizontal bars need categories on the y axis");
    for (const Point& point : one.points) {
      value(panel_.x, point.x, one.name);
      value(y, point.y, one.name);
      for (const auto& end : {point.low, point.high}) {
        if (end) value(lying ? panel_.x : y, *end, one.name);
      }
      if (point.size && !(std::isfinite(*point.size) && *point.size >= 0))
        complain(fmt::format("'{}' has a size that is no size", one.name));
    }
  }

  void band(const Band& one) const {
    if (one.x.size() != one.low.size() || one.x.size() != one.high.size()) {
      complain(fmt::format("the curves of the band '{}' have unequal lengths", one.name));
    }
    for (std::size_t i = 0; i < one.x.size(); ++i) {
      value(panel_.x, one.x[i], one.name);
      value(panel_.y, one.low[i], one.name);
      value(panel_.y, one.high[i], one.name);
    }
  }

  void missing_bar(const MissingBar& bar) const {
    if (bar.series >= panel_.series.size()) complain(fmt::format("'{}' stands for a series that is not there", bar.text));
    const SeriesKind kind = panel_.series[bar.series].kind;
    if (kind != SeriesKind::bars && kind != SeriesKind::horizontal_bars)
      complain(fmt::format("'{}' stands for a series without bars", bar.text));
    value(kind == SeriesKind::bars ? panel_.x : panel_.y, bar.category, bar.text);
  }

  void heat(const HeatCells& cells) const {
    if (panel_.x.scale != Scale::category || panel_.y.scale != Scale::category) complain("cells of colour need categories on both axes");
    for (const HeatCells::Cell& cell : cells.cells) {
      if (cell.column >= panel_.x.categories.size() || cell.row >= panel_.y.categories.size()) complain("a cell lies outside of the grid");
      if (!cell.value) continue;
      if (!std::isfinite(*cell.value)) complain("a cell has a value that is no finite number");
      if (cells.log && *cell.value <= 0) complain(fmt::format("a cell has the value {} on a log scale", *cell.value));
    }
  }

  const Chart& chart_;
  const Panel& panel_;
};

}  // namespace

void require_sound(const Chart& chart) {
  const auto complain = [&](const std::string& what) {
    throw Error(ErrorCode::internal, fmt::format("chart '{}': {}", one_line(chart.id, 60), what));
  };
  if (chart.panels.empty()) complain("there is no panel");
  if (chart.columns == 0) complain("there are no columns");
  for (const double side : {chart.width, chart.panel_height}) {
    if (!(side >= 100 && side <= 10'000)) complain(fmt::format("a side of {} pixels is outside of 100 to 10000", side));
  }
  if (chart.size_legend) {
    for (const auto& entry : chart.size_legend->entries) {
      if (!(std::isfinite(entry.first) && entry.first > 0)) complain("the legend of sizes has an entry that is no size");
    }
  }
  for (const Panel& panel : chart.panels) Check(chart, panel).run();
}

}  // namespace inferometer::charts
