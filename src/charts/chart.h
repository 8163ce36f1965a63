/// Describe a chart: panels with axes, series, bands, lines and call-outs. It says what is shown, not how it is drawn.
///
/// One description gives the interactive chart of the page and the static files. Plain values, no library's types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace inferometer::charts {

enum class Scale : std::uint8_t { linear, log10, category };

struct Axis {
  std::string title;  ///< quantity and unit: "Time per image, ms"
  Scale scale = Scale::linear;
  std::optional<double> low, high;      ///< nullopt: from the data, with room for marks and labels
  std::vector<std::string> categories;  ///< of a category axis; a value of i stands for the i-th
  bool reversed = false;                ///< the first category on top
  std::vector<double> ticks;            ///< where labels stand if there is room, increasing; empty: at round numbers
  bool whole = false;                   ///< linear: what is shown are whole numbers, and labels stand at such only
};

enum class Marker : std::uint8_t { circle, square, triangle, diamond, inverted_triangle, cross, plus, star };
enum class Stroke : std::uint8_t { none, solid, dashed, dotted };

/// A colour that the drawing chooses: 0, 1, 2, ... of a palette that colour-blind readers can tell apart; kNeutral is grey.
using ColorIndex = int;
inline constexpr ColorIndex kNeutral = -1;

struct Point {
  double x = 0, y = 0;
  std::optional<double> low, high;  ///< error bar, along y (along x for horizontal bars)
  std::optional<double> size;       ///< bubbles: the quantity that the area shows
  std::string label;                ///< drawn beside the mark, placed so that none overlaps; empty: none
  std::string tooltip;              ///< plain text, lines separated by \n; empty: from the figures
  bool hollow = false;              ///< unstable or unchecked: drawn without filling
  std::optional<ColorIndex> color;  ///< another than the series'
};

enum class SeriesKind : std::uint8_t {
  points,           ///< markers; bubbles where points have a size
  line,             ///< a line through the points in the order given, with markers unless marker is nullopt
  bars,             ///< vertical bars on a category axis x; series of one panel stand side by side
  horizontal_bars,  ///< bars on a category axis y
  steps,            ///< a right-continuous step line: an empirical distribution
};

struct Series {
  std::string name;  ///< in the legend; empty: none there
  SeriesKind kind = SeriesKind::points;
  std::vector<Point> points;
  ColorIndex color = 0;
  std::optional<Marker> marker = Marker::circle;
  Stroke stroke = Stroke::solid;  ///< of lines
  bool right_axis = false;        ///< on y_right
  bool published = false;         ///< drawn in the way kept for published figures: never the mark of a measured one
  std::string value_format;       ///< bars: what is written on each, as {fmt} takes it ("{:.3g}"); empty: nothing
  bool vertical_values = false;   ///< ... upright along the bar
};

/// An area between two curves: confidence and prediction bands, envelopes.
struct Band {
  std::string name;
  std::vector<double> x, low, high;  ///< equal lengths, x increasing
  ColorIndex color = 0;
  double opacity = 0.15;
  Stroke edge = Stroke::none;
};

/// A straight line across the panel with its label: 25 fps.
struct ReferenceLine {
  bool horizontal = true;
  double at = 0;
  std::string label;
  Stroke stroke = Stroke::dotted;
};

/// Text at a place of the panel, with a leader line to it.
struct CallOut {
  double x = 0, y = 0;
  std::string text;
};

/// A bar-shaped label in place of a bar: "Out of Mem.".
struct MissingBar {
  std::size_t series = 0;
  double category = 0;
  std::string text;
};

struct BoxGroup {
  double category = 0;
  double low = 0, q1 = 0, median = 0, q3 = 0, high = 0;  ///< whiskers: the most extreme values within 1.5 interquartile ranges
  std::vector<double> outliers;
  ColorIndex color = 0;
};

/// Values on two category axes, as colours, with a colour scale.
struct HeatCells {
  struct Cell {
    std::size_t column = 0, row = 0;
    std::optional<double> value;  ///< nullopt: drawn as an empty cell
    std::string text;             ///< written in the cell
  };
  std::vector<Cell> cells;
  std::string title;  ///< of the scale
  bool log = false;
  bool diverging = false;  ///< round zero, -1 to 1: correlations
};

struct SizeLegend {
  std::string title;                                    ///< "Parameters"
  std::vector<std::pair<double, std::string>> entries;  ///< 50e6 -> "50 M"
};

struct Panel {
  std::string title;  ///< "(a) onnxruntime, this machine"
  Axis x, y;
  std::optional<Axis> y_right;
  std::vector<Series> series;
  std::vector<Band> bands;  ///< behind the series
  std::vector<ReferenceLine> lines;
  std::vector<CallOut> call_outs;
  std::vector<MissingBar> missing_bars;
  std::vector<BoxGroup> boxes;
  std::optional<HeatCells> heat;
  std::vector<std::string> notes;  ///< short lines in a free corner: "R² = 0.93"
  bool shaded = false;             ///< a soft background
};

enum class LegendPlace : std::uint8_t { none, top, bottom, right };

struct Chart {
  std::string id;     ///< file name stem and anchor: letters, digits, - and _
  std::string title;  ///< of the figure
  std::string caption;
  std::vector<Panel> panels;  ///< at least one; laid out in `columns` columns, row by row
  std::size_t columns = 1;
  double width = 720;         ///< CSS pixels of the whole drawing; text is set at 12 px so that it is readable at a paper column's width
  double panel_height = 480;  ///< of one panel with its axes
  std::optional<SizeLegend> size_legend;
  LegendPlace legend = LegendPlace::top;
  bool animated = false;  ///< also a GIF of its drawing: axes, marks one by one, lines, bands
};

}  // namespace inferometer::charts
