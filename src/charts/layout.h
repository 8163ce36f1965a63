/// Settle where everything of a chart stands: limits, ticks, plot areas, legends, the scale of bubbles.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "charts/chart.h"
#include "charts/labels.h"
#include "charts/ticks.h"

namespace inferometer::charts {

/// An axis with its limits. Coordinates: the decimal logarithm on log axes, the value on linear ones, the index on those of categories.
struct AxisLayout {
  Scale scale = Scale::linear;
  double low = 0, high = 1;
  bool reversed = false;
  std::vector<Tick> ticks;
  double label_rotation = 0;  ///< degrees, counterclockwise
  double title_gap = 0;       ///< pixels from the axis to the middle of its title
  double extent = 0;          ///< pixels that ticks, labels and title take beside the plot

  double coordinate(double value) const;
  /// Where bars begin: at zero, or at the end of the axis where zero is not on it.
  double foot() const;
};

struct PanelLayout {
  Box outer, plot;
  AxisLayout x, y;
  std::optional<AxisLayout> y_right;
  std::size_t bar_series = 0;  ///< how many series stand side by side

  double pixel_x(double coordinate) const;
  double pixel_y(double coordinate, bool right_axis = false) const;
  /// From and to, in coordinates of the category axis, of the bar of one series at a category; `slot` counts series of bars.
  std::pair<double, double> bar_span(double category, std::size_t slot) const;
};

struct LegendEntry {
  std::string name;
  ColorIndex color = 0;
  std::optional<Marker> marker;
  std::optional<Stroke> line;  ///< drawn through the mark
  bool area = false;
  double opacity = 1;  ///< of an area
  bool published = false;
};

struct LegendLayout {
  std::vector<std::vector<LegendEntry>> lines;  ///< as broken
  Box box;
  bool vertical = false;
};

struct ChartLayout {
  double width = 0, height = 0;
  std::vector<PanelLayout> panels;
  std::optional<LegendLayout> legend;
  Box size_legend;                              ///< empty height: none
  double largest_size = 0, largest_radius = 0;  ///< of bubbles: the radius belongs to the size

  double radius_of(double size) const;  ///< area proportional to size
};

inline constexpr double kMarkRadius = 4.2;
inline constexpr double kPanelTitleHeight = 22;
inline constexpr double kHeatScaleWidth = 74;

/// The chart must be sound (require_sound()). Throws nothing else.
ChartLayout lay_out(const Chart& chart);

/// Throws Error{internal} for a chart that contradicts itself, naming it: no panel, numbers that are not finite, values on a log axis
/// that have no logarithm, curves of unequal lengths, categories that do not exist.
void require_sound(const Chart& chart);

}  // namespace inferometer::charts
