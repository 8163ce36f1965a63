/// Make a chart of a long table: a few general types of figure, chosen by name.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/chart_names.h"
#include "report/frame.h"

namespace inferometer::report {

/// A curve through the points of each panel (scatter_fit: of each panel; where `each_series`, of each series).
struct FitSpec {
  /// A name of stats/curve_fit.h; `auto` (the lowest AICc); `envelope` (a lower and an upper line by quantile regression, the area between
  /// shaded); `two_lines` (each point belongs to the nearer of two lines).
  std::string model = "auto";
  bool bands = true;  ///< 95 % confidence band of the curve and 95 % prediction band of a new point
  /// Through the centroid of the largest cluster of y at each x (stats::main_clusters), in place of the points; for curves.
  bool centroids = false;
  bool each_series = false;  ///< one curve for each series
  std::string otherwise;     ///< the curve to draw where the points do not determine `model`, which the caption says; empty: none
};

/// One [[figure]]. Names of columns are those of the frame; docs/studies.md says which type uses what.
struct FigureSpec {
  std::string type;            ///< of figure_types()
  std::string title, caption;  ///< caption: what is said before the computed one
  std::string x;
  std::vector<std::string> y;       ///< most types take one; line several, each its own series
  std::string y_right;              ///< bar: a second quantity on an axis of its own
  std::string size;                 ///< bubble: the quantity that areas show
  std::string value;                ///< heatmap: the quantity that colours show
  std::vector<std::string> series;  ///< columns whose values tell series apart
  std::vector<std::string> group;   ///< columns whose values tell panels apart
  std::string label;                ///< a column written beside each point
  std::string low, high;            ///< bar: columns with the ends of error bars
  std::string best_of;              ///< grouped_bar: a call-out at the best bar of each value of this column
  bool log_x = false, log_y = false;
  bool both_scales = false;  ///< line: each panel twice, with a linear and with a logarithmic y
  bool horizontal = false;   ///< bar
  bool annotate = true;      ///< heatmap: values in the cells
  bool animated = false;     ///< also a GIF of its drawing
  bool split_far = false;    ///< scatter_fit: a second panel without the far points when these squeeze the rest
  bool together = false;     ///< published and measured figures in one panel, where network and input are the same
  std::optional<FitSpec> fit;
  std::string where;         ///< conditions, as for --where
  std::string sort;          ///< bar, grouped_bar: `value` (descending), `name`, or empty: as they come
  std::string value_format;  ///< bars: what is written on each, as {fmt} takes a double: "{:.3g}"
  std::string missing;       ///< grouped_bar: what stands in place of a bar of a row without a value; empty: "no value"
  std::vector<std::pair<double, std::string>> reference_lines;  ///< across, at a value of y, with a label
  std::vector<std::pair<double, std::string>> size_legend;      ///< bubble: 50e6 -> "50 M"; empty: made from the data
  std::size_t columns = 0;                                      ///< panels beside each other; 0: chosen
  std::size_t limit = 0;                                        ///< bar: only so many, after sorting; 0: all
};

/// What a figure cannot know from its rows.
struct FigureContext {
  std::string place;       ///< for messages: "studies/x.toml:12"; may be empty
  std::string id;          ///< of the chart; empty: made from the title
  bool published = false;  ///< all rows are published figures, though they have no column origin
  /// Where the rows come from when they carry no columns that say so: "jolibrain/dd_performances, flops and params table".
  std::string about;
};

/// The types by name, sorted.
std::span<const std::string_view> figure_types();

/// Every column that a figure reads, those of its condition and of its caption included, whether the frame has them or not.
std::vector<std::string> columns_of(const FigureSpec& spec);

/// The columns that a figure must find, each with the key that names it ("x", "gmacs"). Throws Error{usage} for a condition that is none.
std::vector<std::pair<std::string, std::string>> required_columns(const FigureSpec& spec);

/// Throws Error{usage} for an unknown type, a key that the type needs or cannot use, an unknown model of a fit, and a value that cannot be.
void check_figure(const FigureSpec& spec);

/// The chart of the rows.
///
/// Where the frame has the columns status and verdict of a Row, rows that did not pass and rows whose verdict is invalid are left out,
/// unstable and unchecked ones are hollow, and the caption counts them; so it does for rows that lack a number that the figure needs, or
/// hold one that a logarithmic axis cannot show. Rows whose column `origin` says "published" never share a panel with others unless
/// spec.together.
/// A figure of no rows at all is Error{input}: there is nothing to draw.
/// Throws Error{input} beginning with the place and naming key and nearest column for one that the frame has not; Error{usage} for a
/// specification that its type cannot use. Pure; threads: safe.
Chart make_figure(const FigureSpec& spec, const Frame& rows, const FigureContext& context = {});

}  // namespace inferometer::report
