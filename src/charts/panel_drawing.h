/// Turn one panel into the series that chart.js draws. Include in .cpp files only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "charts/layout.h"
#include "charts/shapes.h"

namespace inferometer::charts {

/// What stands round the labels of a panel, collected while it is drawn, and the labels that are still to be placed.
struct PanelLabels {
  struct Wanted {
    std::string text;
    std::size_t series = 0, item = 0;  ///< where in the drawing's list of series the label's shapes go
    double item_y = 0;                 ///< the pixel at which that item stands; its x is the mark's
  };
  std::vector<LabelRequest> requests;
  std::vector<Wanted> wanted;  ///< one a request
  Surroundings surroundings;
};

/// Draws one panel: fills the lists `series` and `fixed` of the drawing. Use once.
class PanelDrawing {
 public:
  PanelDrawing(const Panel& panel, const PanelLayout& layout, const ChartLayout& chart, std::size_t index, std::size_t first_y_axis,
               Json& drawing);
  void draw();

 private:
  // panel_series.cpp
  void draw_series(const Series& series, std::size_t bar_slot);
  void draw_points(const Series& series);
  void draw_line(const Series& series);
  void draw_bars(const Series& series, std::size_t slot);
  Json bar_value(const Series& series, const Point& point, bool lying, const Box& box);
  // panel_parts.cpp
  void draw_bands();
  void draw_reference_lines();
  void draw_missing_bars();
  void draw_boxes();
  void draw_heat();
  void draw_heat_scale(double low, double high);
  // panel_drawing.cpp
  void draw_title();
  void draw_call_outs();
  void draw_notes();
  void place();
  Box least_covering(const std::vector<Box>& places) const;
  Json& begin_series(const std::string& name, ColorIndex color, int z, bool right_axis = false);
  Json& add_item(Json& series, double x, double y, const std::string& tip = {});
  void want_label(const std::string& text, const Disc& mark, bool apart, std::optional<double> item_y = {});
  Disc above_text(const Disc& mark) const;
  Json point_marks(const Series& series, const Point& point, double radius);
  bool shown(double x, double y, bool right_axis) const;
  /// An axis coordinate with as many digits as can be seen.
  double x_of(double value) const;
  double y_of(double value, bool right_axis = false) const;
  Disc disc(double x, double y, double radius, bool right_axis = false) const;

  const Panel& panel_;
  const PanelLayout& layout_;
  const ChartLayout& chart_;
  std::size_t index_, first_y_axis_;
  Json& drawing_;
  PanelLabels labels_;
  std::size_t outside_ = 0;  ///< marks beyond the axes' limits
};

}  // namespace inferometer::charts
