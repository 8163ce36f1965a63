#include "report/figure.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "report/figure_types.h"
#include "report/fit_layers.h"
#include "report/frame_where.h"
#include "report/settings.h"

namespace inferometer::report {
namespace {

/// Keys that every type takes are not listed: title, caption, x, where, group, columns.
const std::array<FigureType, 10>& types() {
  static const std::array<FigureType, 10> all{{
      {"bar", {"x", "y"}, {"y_right", "low", "log_y", "horizontal", "sort", "value_format", "limit", "reference_lines"}, make_bar},
      {"box", {"x", "y"}, {"log_y", "reference_lines"}, make_box},
      {"bubble", {"x", "y", "size"}, {"label", "log_x", "log_y", "fit", "animated", "size_legend", "reference_lines"}, make_bubble},
      {"ecdf", {"x"}, {"series", "log_x"}, make_ecdf},
      {"grouped_bar", {"x", "y", "series"}, {"log_y", "sort", "value_format", "missing", "best_of", "reference_lines"}, make_grouped_bar},
      {"heatmap", {"x", "y", "value"}, {"annotate", "log_y"}, make_heatmap},
      {"layers", {}, {}, make_layers},
      {"line", {"x", "y"}, {"series", "log_x", "log_y", "both_scales", "together", "reference_lines"}, make_line},
      {"pareto", {"x", "y"}, {"series", "label", "log_x", "log_y", "reference_lines"}, make_pareto},
      {"scatter_fit",
       {"x", "y"},
       {"series", "label", "log_x", "log_y", "fit", "animated", "split_far", "reference_lines"},
       make_scatter_fit},
  }};
  return all;
}

/// Keys of the specification that are given, but for those that every type takes.
std::vector<std::string_view> given_keys(const FigureSpec& spec) {
  const std::pair<std::string_view, bool> keys[] = {{"x", !spec.x.empty()},
                                                    {"y", !spec.y.empty()},
                                                    {"y_right", !spec.y_right.empty()},
                                                    {"size", !spec.size.empty()},
                                                    {"value", !spec.value.empty()},
                                                    {"series", !spec.series.empty()},
                                                    {"label", !spec.label.empty()},
                                                    {"low", !spec.low.empty()},
                                                    {"low", !spec.high.empty()},
                                                    {"best_of", !spec.best_of.empty()},
                                                    {"log_x", spec.log_x},
                                                    {"log_y", spec.log_y},
                                                    {"both_scales", spec.both_scales},
                                                    {"horizontal", spec.horizontal},
                                                    {"annotate", !spec.annotate},
                                                    {"animated", spec.animated},
                                                    {"split_far", spec.split_far},
                                                    {"fit", spec.fit.has_value()},
                                                    {"sort", !spec.sort.empty()},
                                                    {"value_format", !spec.value_format.empty()},
                                                    {"missing", !spec.missing.empty()},
                                                    {"reference_lines", !spec.reference_lines.empty()},
                                                    {"size_legend", !spec.size_legend.empty()},
                                                    {"limit", spec.limit > 0},
                                                    {"together", spec.together}};
  std::vector<std::string_view> given;
  for (const auto& [key, is_given] : keys) {
    if (is_given) given.push_back(key);
  }
  return given;
}

bool contains(const std::vector<std::string_view>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Throws Error{usage} without a place for what the type cannot use.
const FigureType& checked_type(const FigureSpec& spec) {
  const auto type = std::find_if(types().begin(), types().end(), [&](const FigureType& each) { return each.name == spec.type; });
  if (type == types().end()) {
    const std::vector<std::string> known(figure_types().begin(), figure_types().end());
    throw Error(ErrorCode::usage, fmt::format("unknown figure type '{}'", one_line(spec.type, 60)), "known types: " + join(known, ", "));
  }
  const std::vector<std::string_view> given = given_keys(spec);
  for (const std::string_view key : type->required) {
    if (!contains(given, key)) {
      throw Error(ErrorCode::usage, fmt::format("a figure of type {} needs the key '{}'", type->name, key),
                  fmt::format("docs/studies.md says what a {} takes", type->name));
    }
  }
  for (const std::string_view key : given) {
    if (contains(type->required, key) || contains(type->optional, key)) continue;
    throw Error(ErrorCode::usage, fmt::format("a figure of type {} has no use for the key '{}'", type->name, key),
                fmt::format("docs/studies.md says what a {} takes", type->name));
  }
  if (spec.y.size() > 1 && spec.type != "line") {
    throw Error(ErrorCode::usage, fmt::format("a figure of type {} takes one column y, not {}", spec.type, spec.y.size()),
                "line takes several");
  }
  if (spec.low.empty() != spec.high.empty()) throw Error(ErrorCode::usage, "of the keys low and high one is missing", "give both");
  static const std::vector<std::string> sorts{"", "value", "name"};
  if (std::find(sorts.begin(), sorts.end(), spec.sort) == sorts.end())
    throw Error(ErrorCode::usage, fmt::format("sort: unknown value '{}'", one_line(spec.sort, 60)), "known: value, name");
  if (spec.fit) check_fit_model(*spec.fit);
  checked_format(spec.value_format);
  return *type;
}

std::string with_place(const FigureContext& context, std::string_view message) {
  return context.place.empty() ? std::string(message) : fmt::format("{}: {}", context.place, message);
}

/// A file name stem of a title.
std::string stem_of(const std::string& title) {
  std::string stem;
  for (const char letter : lower(title)) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    if (plain)
      stem += letter;
    else if (!stem.empty() && stem.back() != '-')
      stem += '-';
    if (stem.size() >= 60) break;
  }
  while (!stem.empty() && stem.back() == '-') stem.pop_back();
  return stem.empty() ? "figure" : stem;
}

}  // namespace

std::span<const std::string_view> figure_types() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const FigureType& type : types()) all.push_back(type.name);
    return all;
  }();
  return names;
}

void check_figure(const FigureSpec& spec) { checked_type(spec); }

std::vector<std::pair<std::string, std::string>> required_columns(const FigureSpec& spec) {
  std::vector<std::pair<std::string, std::string>> columns;
  const auto add = [&](const char* key, const std::string& column) {
    if (!column.empty()) columns.emplace_back(key, column);
  };
  add("x", spec.x);
  for (const std::string& column : spec.y) add("y", column);
  add("y_right", spec.y_right);
  add("size", spec.size);
  add("value", spec.value);
  for (const std::string& column : spec.series) add("series", column);
  for (const std::string& column : spec.group) add("group", column);
  add("label", spec.label);
  add("low", spec.low);
  add("high", spec.high);
  add("best_of", spec.best_of);
  for (const std::string& column : where_columns(spec.where)) add("where", column);
  return columns;
}

std::vector<std::string> columns_of(const FigureSpec& spec) {
  std::set<std::string> columns{"model",    "platform", "status",   "verdict",    "reasons",       "origin",
                                "citation", "timed",    "data_set", "started_at", "engine_version"};
  for (const auto& [key, column] : required_columns(spec)) columns.insert(column);
  columns.insert(setting_columns().begin(), setting_columns().end());
  return {columns.begin(), columns.end()};
}

Chart make_figure(const FigureSpec& spec, const Frame& rows, const FigureContext& context) {
  const FigureType* type = nullptr;
  try {
    type = &checked_type(spec);
    for (const auto& [key, column] : required_columns(spec)) {
      if (rows.has(column)) continue;
      std::string hint = did_you_mean(column, rows.columns());
      if (hint.empty()) hint = "its columns: " + join(rows.columns(), ", ");
      throw Error(ErrorCode::input, fmt::format("{}: {} has no column '{}'", key, rows.name, one_line(column, 60)), hint);
    }
  } catch (const Error& error) {
    throw Error(error.code(), with_place(context, error.what()), error.hint());
  }
  Chart chart = type->make(spec, rows, context);
  chart.id = context.id.empty() ? stem_of(spec.title) : context.id;
  return chart;
}

void finish(Chart& chart, const FigureSpec& spec, const FigureData& data) {
  chart.title = spec.title;
  chart.caption = data.caption();
  const std::size_t panels = chart.panels.size();
  chart.columns = spec.columns > 0 ? std::min(spec.columns, panels) : panels == 1 ? 1 : 2;
  if (panels > 1) chart.panel_height = chart.columns > 1 ? 340 : 380;
  for (Panel& panel : chart.panels) {
    for (const auto& [at, label] : spec.reference_lines) panel.lines.push_back({true, at, label, Stroke::dotted});
  }
}

std::string short_number(double value) {
  static constexpr std::pair<double, const char*> kLetters[] = {{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}};
  for (const auto& [unit, letter] : kLetters) {
    if (std::abs(value) >= unit * (unit == 1e3 ? 10 : 1)) return fmt::format("{:.3g}{}", value / unit, letter);
  }
  return std::abs(value) >= 1e-3 || value == 0 ? fmt::format("{:.4g}", value) : fmt::format("{:.2e}", value);
}

std::string checked_format(const std::string& text) {
  if (text.empty()) return text;
  try {
    (void)fmt::format(fmt::runtime(text), 1.5);
  } catch (const fmt::format_error&) {
    throw Error(ErrorCode::usage, fmt::format("value_format: '{}' is no format of a number", one_line(text, 60)),
                "such as {:.3g} or {:.1f}");
  }
  return text;
}

SeriesStyles::Style SeriesStyles::of(const std::string& name) {
  auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) found = names_.insert(names_.end(), name);
  const auto index = static_cast<std::size_t>(found - names_.begin());
  static constexpr Marker kMarkers[] = {Marker::circle, Marker::square, Marker::triangle, Marker::diamond, Marker::inverted_triangle,
                                        Marker::cross,  Marker::plus,   Marker::star};
  static constexpr Stroke kStrokes[] = {Stroke::solid, Stroke::dashed, Stroke::dotted};
  return {static_cast<ColorIndex>(index), kMarkers[index % std::size(kMarkers)],
          kStrokes[index / std::size(kMarkers) % std::size(kStrokes)]};
}

std::vector<std::string> category_order(const Frame& rows, const std::string& column, const std::vector<std::size_t>& shown) {
  const std::vector<std::string>& texts = rows.texts(column);
  std::vector<std::string> categories;
  std::set<std::string> seen;
  for (const std::size_t row : shown) {
    if (!texts[row].empty() && seen.insert(texts[row]).second) categories.push_back(texts[row]);
  }
  const auto is_number = [](const std::string& text) { return parse_number(text).has_value(); };
  if (std::all_of(categories.begin(), categories.end(), is_number)) {
    std::stable_sort(categories.begin(), categories.end(),
                     [](const std::string& a, const std::string& b) { return *parse_number(a) < *parse_number(b); });
  }
  return categories;
}

}  // namespace inferometer::report
