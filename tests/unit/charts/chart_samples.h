/// Charts of every kind, made of figures that are nobody's: for tests, for the speed of drawing, and to be looked at.
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "charts/chart.h"

namespace inferometer::charts::samples {

/// Uniform in [0, 1), the same everywhere: std::uniform_real_distribution differs between libraries.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  double operator()() { return engine_() / 4294967296.0; }

 private:
  std::mt19937 engine_;
};

inline Band band_round(const std::string& name, double from, double to, double (*curve)(double), double half, double opacity) {
  Band band{name, {}, {}, {}, kNeutral, opacity, Stroke::none};
  for (int i = 0; i <= 60; ++i) {
    const double x = from * std::pow(to / from, i / 60.0);
    band.x.push_back(x);
    band.low.push_back(curve(x) - half);
    band.high.push_back(curve(x) + half);
  }
  return band;
}

inline double rising(double x) { return 66 + 5 * std::log(x); }

/// Bubbles with names, a fit and both bands.
inline Chart bubbles(std::size_t count, unsigned seed, bool log = false) {
  static const std::vector<std::string> kNames = {"resnet",          "densenet",       "vgg", "mobilenet_v2_x",
                                                  "shufflenet_v2_x", "efficientnet_b", "dpn", "squeezenet1_"};
  Dice dice(seed);
  Chart chart;
  chart.id = fmt::format("bubbles-{}-{}", count, seed);
  chart.title = "Accuracy against operations";
  Panel panel;
  panel.x = {.title = "Multiply-accumulates, G", .scale = log ? Scale::log10 : Scale::linear};
  panel.y = {.title = "Top-1 accuracy, %"};
  panel.shaded = true;
  panel.notes = {"top-1 = 66 + 5 ln(GMACs)", "R² = 0.81, 40 networks"};
  panel.bands.push_back(band_round("95 % prediction band", 0.3, 21, rising, 7, 0.10));
  panel.bands.push_back(band_round("95 % confidence band", 0.3, 21, rising, 2, 0.22));
  Series fit{.name = "logarithmic fit", .kind = SeriesKind::line, .color = kNeutral, .marker = std::nullopt};
  for (const double x : panel.bands[0].x) fit.points.push_back({x, rising(x)});
  panel.series.push_back(fit);
  Series nets;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = 0.3 * std::pow(70, dice());
    Point point{x, rising(x) + 8 * (dice() - 0.5)};
    point.size = 1e6 * std::pow(140, dice());
    point.label = fmt::format("{}{}", kNames[i % kNames.size()], 10 + i);
    point.color = static_cast<int>(i);
    nets.points.push_back(point);
  }
  panel.series.push_back(nets);
  chart.panels.push_back(panel);
  chart.size_legend = SizeLegend{"Parameters", {{25e6, "25 M"}, {50e6, "50 M"}, {100e6, "100 M"}, {150e6, "150 M"}}};
  return chart;
}

/// Lines with marks against batch sizes, log and linear, with reference lines; one published.
inline Chart lines() {
  Chart chart{.id = "lines", .title = "Time against batch"};
  chart.columns = 2;
  chart.panel_height = 320;
  Dice dice(3);
  for (const Scale scale : {Scale::log10, Scale::linear}) {
    Panel panel;
    panel.title = scale == Scale::log10 ? "(a) log" : "(b) linear";
    panel.x = {.title = "Batch size", .scale = Scale::category, .categories = {"1", "2", "4", "8", "16", "32", "64", "128"}};
    panel.y = {.title = "Time per image, ms", .scale = scale};
    panel.lines = {{true, 100, "10 fps", Stroke::dotted}, {true, 40, "25 fps", Stroke::dotted}};
    for (int net = 0; net < 6; ++net) {
      Series series{.name = fmt::format("network_{}", net + 1), .kind = SeriesKind::line, .color = net};
      series.marker = static_cast<Marker>(net);
      series.published = net == 5;
      for (int batch = 0; batch < 8; ++batch) {
        Point point{static_cast<double>(batch), 6 * std::pow(1.9, net) * (0.7 + 0.6 * std::exp(-batch)) * (0.95 + 0.1 * dice())};
        point.hollow = net == 2 && batch == 3;
        series.points.push_back(point);
      }
      panel.series.push_back(series);
    }
    chart.panels.push_back(panel);
  }
  return chart;
}

/// Scatter with labels on a log axis, a logistic fit, measured and published marks.
inline Chart scatter() {
  Chart chart{.id = "scatter", .title = "Accuracy against throughput"};
  Panel panel;
  panel.x = {.title = "Images per second", .scale = Scale::log10};
  panel.y = {.title = "Top-1 accuracy, %"};
  Dice dice(5);
  Series fit{.name = "logistic fit", .kind = SeriesKind::line, .color = kNeutral, .marker = std::nullopt, .stroke = Stroke::dashed};
  Band band{"95 % prediction band", {}, {}, {}, kNeutral, 0.12, Stroke::dotted};
  const auto curve = [](double x) { return 82 - 30 / (1 + std::exp(-2 * (std::log10(x) - 2))); };
  for (int i = 0; i <= 80; ++i) {
    const double x = std::pow(10, 0.3 + i * 2.6 / 80);
    fit.points.push_back({x, curve(x)});
    band.x.push_back(x);
    band.low.push_back(curve(x) - 6);
    band.high.push_back(curve(x) + 6);
  }
  Series measured{.name = "measured", .color = 0}, published{.name = "published", .color = 1, .marker = Marker::square, .published = true};
  for (int i = 0; i < 30; ++i) {
    const double x = std::pow(10, 0.4 + 2.4 * dice());
    Point point{x, curve(x) + 8 * (dice() - 0.5)};
    point.label = fmt::format("net_{}", i + 1);
    point.hollow = i % 7 == 0;
    (i % 3 == 0 ? published : measured).points.push_back(point);
  }
  panel.bands = {band};
  panel.series = {fit, measured, published};
  chart.panels = {panel};
  return chart;
}

/// Sorted horizontal bars on a log axis with error bars and values.
inline Chart horizontal() {
  Chart chart{.id = "horizontal", .title = "Accuracy density"};
  chart.width = 480;
  chart.panel_height = 620;
  Panel panel;
  panel.x = {.title = "Accuracy density, % per million parameters", .scale = Scale::log10};
  panel.y = {.scale = Scale::category, .reversed = true};
  Series series{.kind = SeriesKind::horizontal_bars, .value_format = "{:.3g}"};
  Dice dice(7);
  double value = 52;
  for (int i = 0; i < 33; ++i) {
    panel.y.categories.push_back(fmt::format("network_{}", i + 1));
    Point point{value, static_cast<double>(i)};
    point.low = value * 0.9;
    point.high = value * 1.1;
    point.hollow = i == 4;
    series.points.push_back(point);
    value *= 0.8 + 0.15 * dice();
  }
  panel.series = {series};
  chart.panels = {panel};
  return chart;
}

/// Grouped bars on a log axis: values written upright, memory that ran out, call-outs.
inline Chart grouped() {
  Chart chart{.id = "grouped", .title = "Throughput"};
  Panel panel;
  panel.x = {.scale = Scale::category,
             .categories = {"alexnet", "googlenet", "squeezenet", "resnet18", "resnet50", "resnet101", "resnet152", "vgg16", "vgg19"}};
  panel.y = {.title = "Inferences per second", .scale = Scale::log10};
  Dice dice(11);
  for (int device = 0; device < 5; ++device) {
    Series series{.name = fmt::format("device {} fp{}", device / 2 + 1, device % 2 ? 16 : 32), .kind = SeriesKind::bars, .color = device};
    series.value_format = "{:.3g}";
    series.vertical_values = true;
    series.published = device == 4;
    for (int net = 0; net < 9; ++net) {
      if (device == 3 && net > 6) continue;
      series.points.push_back({static_cast<double>(net), 3 * std::pow(2, device) * (0.5 + 20 * dice())});
    }
    panel.series.push_back(series);
  }
  panel.missing_bars = {{3, 7, "Out of Mem."}, {3, 8, "Out of Mem."}};
  panel.call_outs = {{0, 1000, "best of the large\n1000 per second"}};
  chart.panels = {panel};
  return chart;
}

/// Two bars a network on two axes.
inline Chart two_axes() {
  Chart chart{.id = "two-axes", .title = "Cost"};
  chart.panel_height = 360;
  Panel panel;
  panel.x = {.scale = Scale::category};
  panel.y = {.title = "Operations, GFLOPs"};
  panel.y_right = Axis{.title = "Parameters, million"};
  Series flops{.name = "operations", .kind = SeriesKind::bars, .color = 0},
      parameters{.name = "parameters", .kind = SeriesKind::bars, .color = 1, .right_axis = true};
  Dice dice(13);
  for (int i = 0; i < 14; ++i) {
    panel.x.categories.push_back(fmt::format("caffe_network{}", i + 100));
    flops.points.push_back({static_cast<double>(i), 20 * dice()});
    parameters.points.push_back({static_cast<double>(i), 140 * dice()});
  }
  panel.series = {flops, parameters};
  chart.panels = {panel};
  return chart;
}

/// Boxes, step lines and a map of correlations, in a grid.
inline Chart mixed() {
  Chart chart{.id = "mixed", .title = "Distributions"};
  chart.columns = 2;
  chart.panel_height = 300;
  Panel boxes;
  boxes.title = "(a) boxes";
  boxes.x = {.title = "Engine", .scale = Scale::category, .categories = {"onnxruntime", "openvino", "torch"}};
  boxes.y = {.title = "Time, ms"};
  for (int i = 0; i < 3; ++i)
    boxes.boxes.push_back({static_cast<double>(i), 4.0 + i, 5.0 + i, 5.4 + i, 6.0 + i, 7.1 + i, {8.3 + i, 9.0 + i}, i});
  Panel steps;
  steps.title = "(b) distribution";
  steps.x = {.title = "Time, ms"};
  steps.y = {.title = "Share of requests"};
  Dice dice(17);
  for (int i = 0; i < 3; ++i) {
    Series series{.name = fmt::format("engine {}", i + 1),
                  .kind = SeriesKind::steps,
                  .color = i,
                  .marker = std::nullopt,
                  .stroke = static_cast<Stroke>(i + 1)};
    double x = 4 + i;
    for (int step = 0; step <= 20; ++step) series.points.push_back({x += 0.3 * dice(), step / 20.0});
    steps.series.push_back(series);
  }
  Panel heat;
  heat.title = "(c) correlations";
  heat.x = {.scale = Scale::category, .categories = {"parameters", "MACs", "activations", "time"}};
  heat.y = {.scale = Scale::category, .categories = heat.x.categories, .reversed = true};
  heat.heat = HeatCells{.title = "Pearson's r", .diverging = true};
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t column = 0; column < 4; ++column) {
      const double value = row == column ? 1 : std::cos(1.0 + static_cast<double>(row * column + row + column));
      if (row == 3 && column == 0)
        heat.heat->cells.push_back({column, row, std::nullopt, "–"});
      else
        heat.heat->cells.push_back({column, row, value, fmt::format("{:.2f}", value)});
    }
  }
  Panel times = heat;
  times.title = "(d) times";
  times.heat = HeatCells{.title = "ms per image", .log = true};
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t column = 0; column < 4; ++column) {
      const double value = 0.5 * std::pow(2.5, static_cast<double>(row + column));
      times.heat->cells.push_back({column, row, value, fmt::format("{:.3g}", value)});
    }
  }
  chart.panels = {boxes, steps, heat, times};
  chart.legend = LegendPlace::bottom;
  return chart;
}

inline std::vector<Chart> all() {
  return {bubbles(40, 1), bubbles(40, 2, true), lines(), scatter(), horizontal(), grouped(), two_axes(), mixed()};
}

}  // namespace inferometer::charts::samples
