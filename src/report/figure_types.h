/// Declare one function for each type of figure; make_figure() chooses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/chart_names.h"
#include "report/figure.h"
#include "report/figure_data.h"
#include "report/telling_apart.h"

namespace inferometer::report {

/// A type: what it needs and how it is made.
struct FigureType {
  std::string_view name;
  /// Keys of FigureSpec that must not be empty, and others that the type uses. Any other that is given is a mistake.
  std::vector<std::string_view> required, optional;
  Chart (*make)(const FigureSpec& spec, const Frame& rows, const FigureContext& context);
};

Chart make_bubble(const FigureSpec& spec, const Frame& rows, const FigureContext& context);
Chart make_scatter_fit(const FigureSpec& spec, const Frame& rows, const FigureContext& context);
Chart make_bar(const FigureSpec& spec, const Frame& rows, const FigureContext& context);
Chart make_grouped_bar(const FigureSpec& spec, const Frame& rows, const FigureContext& context);
Chart make_line(const FigureSpec& spec, const Frame& rows, const FigureContext& context);
Chart make_heatmap(const FigureSpec& spec, const Frame& rows, const FigureContext& context);
Chart make_box(const FigureSpec& spec, const Frame& rows, const FigureContext& context);
Chart make_layers(const FigureSpec& spec, const Frame& rows, const FigureContext& context);
Chart make_pareto(const FigureSpec& spec, const Frame& rows, const FigureContext& context);
Chart make_ecdf(const FigureSpec& spec, const Frame& rows, const FigureContext& context);

// ---- what several types share ----

/// Title, and the caption once all is known; panels beside each other as asked or chosen.
void finish(Chart& chart, const FigureSpec& spec, const FigureData& data);

/// "1.23e+03" is no label: four digits at most, SI letters above 10^4 ("25.6 M").
std::string short_number(double value);

/// Throws Error{usage} when `text` is no format of one double.
std::string checked_format(const std::string& text);

/// The same series keeps its colour and marker in every panel of a figure: by order of first use.
class SeriesStyles {
 public:
  struct Style {
    ColorIndex color = 0;
    Marker marker = Marker::circle;
    Stroke stroke = Stroke::solid;
  };
  Style of(const std::string& name);

 private:
  std::vector<std::string> names_;
};

/// Categories of an axis in order of first use, or as numbers where all are.
std::vector<std::string> category_order(const Frame& rows, const std::string& column, const std::vector<std::size_t>& shown);

}  // namespace inferometer::report
