#include <gtest/gtest.h>

#include "report/figure.h"

namespace inferometer::report {
namespace {

using measure::LayerRow;
using Words = std::vector<std::string>;

LayerRow line(const std::string& engine, const std::string& layer, const std::string& op, const std::string& outcome,
              std::optional<double> time_us, std::optional<double> cumulative) {
  LayerRow row;
  row.model = "net";
  row.model_sha256 = "0123456789";
  row.engine = engine;
  row.engine_version = engine + "-1";
  row.precision = "fp32";
  row.threads = 1;
  row.batch = 1;
  row.layer = layer;
  row.op = op;
  row.outcome = outcome;
  row.time_us = time_us;
  row.cumulative_share_ratio = cumulative;
  row.engine_operator = "Reorder";
  row.total_us = 20;
  row.layers_us = 16;
  return row;
}

/// One engine's profile: executed, fused, of its own, untimed.
std::vector<LayerRow> profile(const std::string& engine) {
  std::vector<LayerRow> rows{line(engine, "features.3.squeeze_activation", "Conv", "executed", 12, 0.75),
                             line(engine, "relu", "Relu", "fused", std::nullopt, 0.75), line(engine, "", "", "own", 4, 1),
                             line(engine, "flatten", "Flatten", "untimed", std::nullopt, 1)};
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].position = static_cast<int>(i);
  return rows;
}

Chart drawn(const std::vector<LayerRow>& rows) {
  FigureSpec spec;
  spec.type = "layers";
  spec.title = "Layers";
  return make_figure(spec, frame_of(rows));
}

const Series* named(const Panel& panel, const std::string& name) {
  for (const Series& series : panel.series) {
    if (series.name == name) return &series;
  }
  return nullptr;
}

TEST(FigureLayers, every_layer_has_a_bar_or_a_mark) {
  const Chart chart = drawn(profile("a"));
  ASSERT_EQ(chart.panels.size(), 1u);
  const Panel& panel = chart.panels[0];
  EXPECT_EQ(panel.x.categories, (Words{"features.3…activation", "relu", "(Reorder)", "flatten"}));
  ASSERT_FALSE(panel.series.empty());
  const Series& bars = panel.series[0];
  ASSERT_EQ(bars.points.size(), 2u);
  EXPECT_EQ(bars.points[0].x, 0);
  EXPECT_EQ(bars.points[0].y, 12);
  EXPECT_EQ(bars.points[1].x, 2);
  EXPECT_EQ(bars.points[1].y, 4);
  ASSERT_TRUE(named(panel, "fused into another"));
  EXPECT_EQ(named(panel, "fused into another")->points.at(0).x, 1);
  ASSERT_TRUE(named(panel, "no time told"));
  EXPECT_EQ(named(panel, "no time told")->points.at(0).x, 3);
  ASSERT_TRUE(named(panel, "summed up (right)"));
  EXPECT_EQ(named(panel, "summed up (right)")->points.at(2).y, 100);
  EXPECT_NE(chart.caption.find("the layers make 80.0 % of the profiled request's 0.02000 ms"), std::string::npos) << chart.caption;
}

// What the engine's name says already (its version, the file's hash) does not stand in a heading; what tells two profiles apart does.
TEST(FigureLayers, a_panel_is_named_by_what_tells_it_apart) {
  std::vector<LayerRow> rows = profile("a");
  for (const LayerRow& row : profile("b")) rows.push_back(row);
  Chart chart = drawn(rows);
  ASSERT_EQ(chart.panels.size(), 2u);
  EXPECT_EQ(chart.panels[0].title, "(a) net, a");
  EXPECT_EQ(chart.panels[1].title, "(b) net, b");
  for (LayerRow row : profile("b")) {
    row.batch = 8;
    rows.push_back(row);
  }
  chart = drawn(rows);
  ASSERT_EQ(chart.panels.size(), 3u);
  EXPECT_NE(chart.panels[1].title, chart.panels[2].title);
}

TEST(FigureLayers, many_layers_keep_their_bars_and_count_what_has_none) {
  std::vector<LayerRow> rows;
  for (int i = 0; i < 100; ++i) {
    rows.push_back(i % 2 ? line("a", "relu", "Relu", "fused", std::nullopt, 0.5) : line("a", "conv", "Conv", "executed", 1, 0.5));
    rows.back().position = i;
  }
  const Chart chart = drawn(rows);
  EXPECT_EQ(chart.panels.at(0).series.at(0).points.size(), 50u);
  EXPECT_NE(chart.caption.find("50 layers without a time of their own"), std::string::npos) << chart.caption;
}

}  // namespace
}  // namespace inferometer::report
