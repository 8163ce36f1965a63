/// Draw charts: to the interactive page's description, to SVG, PNG, PDF and an animated GIF.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "charts/chart.h"

namespace inferometer::charts {

/// The chart with everything that drawing needs settled: axis limits and ticks, colours, marks, places of labels. JSON, one line; the
/// script below turns it into an ECharts option, the same in the page and here.
/// Throws Error{internal} for a chart that contradicts itself (no panel, a value that is no finite number, curves of unequal lengths).
std::string chart_json(const Chart& chart);

/// ECharts' own script (Apache-2.0), and ours that turns chart_json() into an option: `inferometerOption(chart)`, with a second argument
/// `true` for tooltips and zoom; then `inferometerKeepTicks(instance, chart)` after setOption(). Both are ES5. Valid as long as the program
/// runs.
std::string_view echarts_script();
std::string_view chart_script();

/// ECharts in a JavaScript engine. One thread uses a Painter; several may exist. Making one loads the scripts (about 0.3 s), so keep it.
class Painter {
 public:
  Painter();
  ~Painter();
  Painter(Painter&&) noexcept;
  Painter& operator=(Painter&&) noexcept;

  /// The finished drawing, the same bytes for the same chart. Throws Error{internal} with the script's message.
  std::string svg(const Chart& chart);
  /// Bytes of a GIF of the chart's drawing: axes, marks one by one, lines, bands; the last frame stands.
  std::string gif(const Chart& chart);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Bytes of a PNG, `scale` device pixels for a CSS pixel (2: 144 dpi), on white. Throws Error{internal} when the SVG cannot be drawn.
std::string png_of_svg(std::string_view svg, double scale = 2);
/// Bytes of a PDF of one page as large as the drawing, fonts embedded, text as text.
std::string pdf_of_svg(std::string_view svg);

}  // namespace inferometer::charts
