#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/column_titles.h"
#include "report/figure_types.h"
#include "stats/sample.h"

namespace inferometer::report {
namespace {

/// Quartiles of type 7; whiskers to the most extreme values within 1.5 interquartile ranges of the box (Tukey 1977). On a logarithmic
/// axis the range is that of the logarithms, so that the picture is that of their box.
BoxGroup box_of(std::vector<double> values, double category, bool log) {
  std::sort(values.begin(), values.end());
  BoxGroup box;
  box.category = category;
  box.q1 = *stats::quantile_type7_sorted(values, 0.25);
  box.median = *stats::quantile_type7_sorted(values, 0.5);
  box.q3 = *stats::quantile_type7_sorted(values, 0.75);
  const double reach = log ? std::pow(box.q3 / box.q1, 1.5) : 1.5 * (box.q3 - box.q1);
  const double least = log ? box.q1 / reach : box.q1 - reach, most = log ? box.q3 * reach : box.q3 + reach;
  box.low = box.q1;
  box.high = box.q3;
  for (const double value : values) {
    if (value < least || value > most) {
      box.outliers.push_back(value);
      continue;
    }
    box.low = std::min(box.low, value);
    box.high = std::max(box.high, value);
  }
  return box;
}

}  // namespace

Chart make_box(const FigureSpec& spec, const Frame& rows, const FigureContext& context) {
  const std::string& y = spec.y.front();
  std::vector<std::string> positive;
  if (spec.log_y) positive.push_back(y);
  FigureData data(spec, rows, context, {y}, positive, {spec.x});

  Chart chart;
  chart.legend = LegendPlace::none;
  for (const FigureGroup& group : data.groups()) {
    Panel panel;
    panel.title = group.title;
    panel.x = {axis_title(spec.x), Scale::category};
    panel.y = {axis_title(y), spec.log_y ? Scale::log10 : Scale::linear};
    panel.x.categories = category_order(rows, spec.x, group.shown);
    std::size_t fewest = group.shown.size(), most = 0;
    for (std::size_t category = 0; category < panel.x.categories.size(); ++category) {
      std::vector<double> values;
      for (const std::size_t row : group.shown) {
        if (rows.texts(spec.x)[row] == panel.x.categories[category]) values.push_back(*rows.numbers(y)[row]);
      }
      fewest = std::min(fewest, values.size());
      most = std::max(most, values.size());
      panel.boxes.push_back(box_of(std::move(values), static_cast<double>(category), spec.log_y));
    }
    panel.notes.push_back(fewest == most ? fmt::format("n = {} in each box", most) : fmt::format("n = {} to {} in a box", fewest, most));
    chart.panels.push_back(std::move(panel));
  }
  data.note(fmt::format(
      "Boxes: quartiles and median; whiskers: the most extreme values within 1.5 interquartile ranges{}; points: the values beyond.",
      spec.log_y ? " of the logarithms" : ""));
  finish(chart, spec, data);
  return chart;
}

}  // namespace inferometer::report
