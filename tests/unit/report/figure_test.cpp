#include "report/figure.h"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "base/csv.h"
#include "base/error.h"
#include "charts/layout.h"
#include "report/column_titles.h"

namespace inferometer::report {
namespace {

Frame frame(const std::string& csv) { return frame_of(parse_csv(csv, "rows.csv")); }

FigureSpec spec(const std::string& type, const std::string& x, const std::string& y) {
  FigureSpec made;
  made.type = type;
  made.title = "A title";
  made.x = x;
  if (!y.empty()) made.y = {y};
  return made;
}

struct Failure {
  ErrorCode code = ErrorCode::internal;
  std::string message, hint;
};
Failure failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.code(), error.what(), error.hint()};
  }
  ADD_FAILURE() << "no error";
  return {};
}

bool says(const Chart& chart, const std::string& words) {
  const bool said = chart.caption.find(words) != std::string::npos;
  if (!said) ADD_FAILURE() << "the caption is: " << chart.caption;
  return said;
}

const char* kNetworks =
    "model,gmacs,top1,parameters,verdict,status,platform,engine,engine_version,started_at,origin\n"
    "small,0.5,60,1000000,valid,passed,here,torch,1.13,2026-01-02T03:04:05Z,measured\n"
    "middle,2,70,20000000,unstable,passed,here,torch,1.13,2026-01-03T03:04:05Z,measured\n"
    "large,8,80,90000000,unchecked,passed,here,openvino,2026.4,2026-01-03T03:04:05Z,measured\n"
    "wrong,9,81,90000000,invalid,passed,here,torch,1.13,2026-01-03T03:04:05Z,measured\n"
    "heavy,,82,90000000,,out_of_memory,here,torch,1.13,2026-01-03T03:04:05Z,measured\n"
    "blank,,82,90000000,valid,passed,here,torch,1.13,2026-01-03T03:04:05Z,measured\n"
    "zero,0,82,90000000,valid,passed,here,torch,1.13,2026-01-03T03:04:05Z,measured\n";

TEST(Bubble, ShowsTheRowsNumbersAndCountsWhatItLeavesOut) {
  FigureSpec bubble = spec("bubble", "gmacs", "top1");
  bubble.size = "parameters";
  bubble.label = "model";
  bubble.log_x = true;
  const Chart chart = make_figure(bubble, frame(kNetworks));
  EXPECT_EQ(chart.id, "a-title");
  ASSERT_EQ(chart.panels.size(), 1u);
  const Panel& panel = chart.panels[0];
  EXPECT_EQ(panel.title, "");
  EXPECT_EQ(panel.x.title, "Multiply-accumulates per image, 10⁹");
  EXPECT_EQ(panel.x.scale, Scale::log10);
  EXPECT_EQ(panel.y.title, "Top-1 accuracy, %");
  ASSERT_EQ(panel.series.size(), 1u);
  const std::vector<Point>& points = panel.series[0].points;
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[1].x, 2);
  EXPECT_EQ(points[1].y, 70);
  EXPECT_EQ(points[1].size, 20e6);
  EXPECT_EQ(points[1].label, "middle");
  EXPECT_FALSE(points[0].hollow);
  EXPECT_TRUE(points[1].hollow);
  EXPECT_TRUE(points[2].hollow);
  EXPECT_NE(points[0].color, points[1].color);
  EXPECT_FALSE(panel.series[0].published);
  EXPECT_TRUE(says(chart, "Measured on here; torch 1.13, openvino 2026.4; 2026-01-02 to 2026-01-03; 3 rows."));
  EXPECT_TRUE(says(chart, "Hollow: 1 unstable, 1 unchecked."));
  EXPECT_TRUE(says(chart, "Left out: 1 invalid, 1 out of memory, 1 without Multiply-accumulates per image, 10⁹, 1 with"));
  ASSERT_TRUE(chart.size_legend);
  ASSERT_EQ(chart.size_legend->entries.size(), 4u);
  EXPECT_EQ(chart.size_legend->entries[3], (std::pair<double, std::string>(80e6, "80 M")));
}

TEST(Figures, PublishedRowsHavePanelsOfTheirOwn) {
  const Frame rows = frame(
      "model,batch,per_image_ms,platform,origin,citation,timed,data_set,input_height\n"
      "a,1,10,here,measured,,,,224\na,2,8,here,measured,,,,224\n"
      "a,1,3,Colab,published,\"A paper, Figure 3\",whole pass,CIFAR-100,32\na,2,2,Colab,published,\"A paper, Figure 3\",whole "
      "pass,CIFAR-100,32\n");
  FigureSpec line = spec("line", "batch", "per_image_ms");
  line.series = {"model"};
  const Chart apart = make_figure(line, rows);
  ASSERT_EQ(apart.panels.size(), 2u);
  EXPECT_EQ(apart.panels[0].title, "(a) measured");
  EXPECT_EQ(apart.panels[1].title, "(b) published");
  EXPECT_FALSE(apart.panels[0].series[0].published);
  EXPECT_TRUE(apart.panels[1].series[0].published);
  EXPECT_EQ(apart.panels[1].series[0].points[0].y, 3);
  EXPECT_TRUE(says(apart, "Published: A paper, Figure 3; Colab; timed: whole pass; data: CIFAR-100; input 32 px; 2 rows."));
  EXPECT_TRUE(says(apart, "their levels do not compare"));

  // Another input size: not even together.
  line.together = true;
  EXPECT_EQ(make_figure(line, rows).panels.size(), 2u);
  Frame same = rows;
  same.set("input_height", std::vector<std::string>{"32", "32", "32", "32"});
  const Chart together = make_figure(line, same);
  ASSERT_EQ(together.panels.size(), 1u);
  ASSERT_EQ(together.panels[0].series.size(), 2u);
  EXPECT_NE(together.panels[0].series[0].published, together.panels[0].series[1].published);
}

TEST(Figures, PanelsByColumns) {
  FigureSpec line = spec("line", "batch", "ms");
  line.group = {"engine", "batch"};
  const Frame rows = frame("engine,batch,ms\ntorch,8,1\ntorch,2,2\nopenvino,2,3\n");
  const Chart chart = make_figure(line, rows, {"s.toml:3", "id-1", false, "A table"});
  EXPECT_EQ(chart.id, "id-1");
  ASSERT_EQ(chart.panels.size(), 3u);
  EXPECT_EQ(chart.panels[0].title, "(a) torch, batch 2");
  EXPECT_EQ(chart.panels[1].title, "(b) openvino, batch 2");
  EXPECT_EQ(chart.panels[2].title, "(c) torch, batch 8");
  EXPECT_TRUE(says(chart, "A table; 3 rows."));
}

TEST(ScatterFit, FarPointsGetAPanelWithoutThem) {
  std::string csv = "x,y\n";
  for (int i = 1; i <= 10; ++i) csv += std::to_string(i) + "," + std::to_string(2 * i) + "\n";
  FigureSpec scatter = spec("scatter_fit", "x", "y");
  scatter.split_far = true;
  EXPECT_EQ(make_figure(scatter, frame(csv)).panels.size(), 1u);
  const Chart chart = make_figure(scatter, frame(csv + "500,3\n"));
  ASSERT_EQ(chart.panels.size(), 2u);
  EXPECT_EQ(chart.panels[0].series[0].points.size(), 11u);
  EXPECT_EQ(chart.panels[1].series[0].points.size(), 10u);
  EXPECT_EQ(chart.panels[1].title, "without 1 far point");
}

TEST(ScatterFit, TwoLines) {
  std::string csv = "x,y\n";
  for (int i = 1; i <= 6; ++i)
    csv += std::to_string(i) + "," + std::to_string(3 * i) + "\n" + std::to_string(i) + "," + std::to_string(i + 40) + "\n";
  FigureSpec scatter = spec("scatter_fit", "x", "y");
  scatter.fit = FitSpec{.model = "two_lines"};
  const Chart chart = make_figure(scatter, frame(csv));
  const Panel& panel = chart.panels[0];
  ASSERT_EQ(panel.series.size(), 3u);
  EXPECT_EQ(panel.series[1].name, "slope 3");
  EXPECT_EQ(panel.series[2].name, "slope 1");
  ASSERT_EQ(panel.call_outs.size(), 2u);
  EXPECT_EQ(panel.call_outs[1].text, "slope 1");
  EXPECT_NEAR(panel.call_outs[1].y, 46, 1e-9);
  EXPECT_TRUE(says(chart, "slopes 3 ±"));
}

TEST(ScatterFit, ACurveWithItsBandsIsTheFitOfTheRows) {
  FigureSpec scatter = spec("scatter_fit", "x", "y");
  scatter.fit = FitSpec{.model = "linear"};
  // y = 2 + 3 x with residuals 1, -1, -1, 1: slope 3, intercept 2, residual SS 4.
  const Chart chart = make_figure(scatter, frame("x,y\n1,6\n2,7\n3,10\n4,15\n"));
  const Panel& panel = chart.panels[0];
  ASSERT_EQ(panel.series.size(), 2u);
  EXPECT_EQ(panel.series[1].name, "linear fit");
  EXPECT_EQ(panel.series[1].points.front().x, 1);
  EXPECT_NEAR(panel.series[1].points.front().y, 5, 1e-12);
  EXPECT_NEAR(panel.series[1].points.back().y, 14, 1e-12);
  ASSERT_EQ(panel.bands.size(), 2u);
  EXPECT_EQ(panel.bands[0].name, "95 % prediction");
  EXPECT_LT(panel.bands[0].low.front(), panel.bands[1].low.front());
  EXPECT_TRUE(says(chart, "R² = 0.9184, n = 4"));
  EXPECT_EQ(panel.notes, (std::vector<std::string>{"R² = 0.918"}));

  scatter.fit->bands = false;
  EXPECT_TRUE(make_figure(scatter, frame("x,y\n1,6\n2,7\n3,10\n4,15\n")).panels[0].bands.empty());
  // A step is no logistic curve: the other one, with the reason.
  scatter.fit = FitSpec{.model = "logistic", .bands = true, .otherwise = "linear"};
  const char* const step = "x,y\n1,1\n2,1\n3,1.1\n4,1\n5,9\n6,9.1\n7,9\n8,9\n";
  const Chart other = make_figure(scatter, frame(step));
  ASSERT_EQ(other.panels[0].series.size(), 2u);
  EXPECT_EQ(other.panels[0].series[1].name, "linear fit");
  EXPECT_TRUE(says(other, "the linear curve instead. y = a + b x"));
  scatter.fit->otherwise.clear();
  EXPECT_TRUE(says(make_figure(scatter, frame(step)), "no curve: "));
  scatter.fit->otherwise = "liner";
  EXPECT_THROW(make_figure(scatter, frame(step)), Error);
  scatter.fit = FitSpec{.model = "linear", .bands = false};
  // Too few points: no curve, and the reason.
  const Chart none = make_figure(scatter, frame("x,y\n1,6\n2,7\n"));
  EXPECT_EQ(none.panels[0].series.size(), 1u);
  EXPECT_TRUE(says(none, "no curve: "));
}

TEST(ScatterFit, ThroughCentroids) {
  FigureSpec scatter = spec("scatter_fit", "x", "y");
  scatter.fit = FitSpec{.model = "linear", .centroids = true};
  std::string csv = "x,y\n";
  // At each x three values about 10 x and one far away.
  for (int x = 1; x <= 5; ++x) {
    for (const int y : {10 * x - 1, 10 * x, 10 * x + 1, 500}) csv += std::to_string(x) + "," + std::to_string(y) + "\n";
  }
  const Chart chart = make_figure(scatter, frame(csv));
  const Panel& panel = chart.panels[0];
  ASSERT_EQ(panel.series.size(), 3u);
  EXPECT_EQ(panel.series[1].name, "centroids");
  ASSERT_EQ(panel.series[1].points.size(), 5u);
  EXPECT_NEAR(panel.series[1].points[2].y, 30, 1e-12);
  EXPECT_NEAR(panel.series[2].points.back().y, 50, 1e-9);
  EXPECT_TRUE(says(chart, "which hold 15 of the 20 points"));
}

TEST(Bar, SortedWithErrorBarsAndASecondAxis) {
  FigureSpec bar = spec("bar", "model", "value");
  bar.low = "low";
  bar.high = "high";
  bar.sort = "value";
  bar.horizontal = true;
  bar.limit = 2;
  bar.value_format = "{:.1f}";
  const Frame rows = frame("model,value,low,high,other\na,1,0.5,2,7\nb,3,2,4,8\nc,2,1,,9\n");
  const Chart chart = make_figure(bar, rows);
  const Panel& panel = chart.panels[0];
  EXPECT_EQ(panel.y.categories, (std::vector<std::string>{"b", "c"}));
  EXPECT_TRUE(panel.y.reversed);
  ASSERT_EQ(panel.series.size(), 1u);
  EXPECT_EQ(panel.series[0].kind, SeriesKind::horizontal_bars);
  EXPECT_EQ(panel.series[0].points[0].x, 3);
  EXPECT_EQ(panel.series[0].points[0].y, 0);
  EXPECT_EQ(panel.series[0].points[0].low, 2);
  EXPECT_EQ(panel.series[0].points[1].high, std::nullopt);

  FigureSpec two = spec("bar", "model", "value");
  two.y_right = "other";
  const Panel axes = make_figure(two, rows).panels[0];
  ASSERT_TRUE(axes.y_right);
  ASSERT_EQ(axes.series.size(), 2u);
  EXPECT_TRUE(axes.series[1].right_axis);
  EXPECT_EQ(axes.series[1].points[2].y, 9);
  EXPECT_EQ(axes.series[1].points[2].x, 2);
}

TEST(Bar, RowsOfOneNameAreToldApartBySettings) {
  const Frame rows = frame("model,engine,threads,v\na,torch,1,1\na,openvino,1,2\na,torch,2,3\nb,torch,1,4\nb,torch,1,6\n");
  const Chart chart = make_figure(spec("bar", "model", "v"), rows);
  EXPECT_EQ(chart.panels[0].x.categories, (std::vector<std::string>{"a (torch, threads: 1)", "a (openvino, threads: 1)",
                                                                    "a (torch, threads: 2)", "b (torch, threads: 1)"}));
  EXPECT_EQ(chart.panels[0].series[0].points[3].y, 5);
  EXPECT_TRUE(says(chart, "1 mark is the median of several rows that are alike in every setting."));
}

TEST(GroupedBar, MissingBarsAndCallOuts) {
  FigureSpec bars = spec("grouped_bar", "model", "speed");
  bars.series = {"platform"};
  bars.best_of = "kind";
  bars.missing = "no power reading";
  bars.log_y = true;
  const Frame rows = frame(
      "model,platform,speed,kind,status\na,Nano,5,GPU,passed\na,NCS,2,VPU,passed\nb,Nano,,GPU,out_of_memory\nb,NCS,,VPU,passed\nc,Nano,7,"
      "GPU,passed\n");
  const Chart chart = make_figure(bars, rows);
  const Panel& panel = chart.panels[0];
  EXPECT_EQ(panel.x.categories, (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_EQ(panel.series.size(), 2u);
  EXPECT_EQ(panel.series[0].name, "Nano");
  ASSERT_EQ(panel.series[0].points.size(), 2u);
  EXPECT_EQ(panel.series[0].points[1].x, 2);
  EXPECT_EQ(panel.series[0].points[1].y, 7);
  ASSERT_EQ(panel.missing_bars.size(), 2u);
  EXPECT_EQ(panel.missing_bars[0].text, "Out of Mem.");
  EXPECT_EQ(panel.missing_bars[0].series, 0u);
  EXPECT_EQ(panel.missing_bars[0].category, 1);
  EXPECT_EQ(panel.missing_bars[1].text, "no power reading");
  EXPECT_EQ(panel.missing_bars[1].series, 1u);
  ASSERT_EQ(panel.call_outs.size(), 2u);
  EXPECT_EQ(panel.call_outs[0].text, "best GPU: 7");
  EXPECT_DOUBLE_EQ(panel.call_outs[0].x, 2 - 0.2);
  EXPECT_EQ(panel.call_outs[0].y, 7);
  EXPECT_EQ(panel.call_outs[1].text, "best VPU: 2");
  EXPECT_TRUE(says(chart, "Without a bar: 1 out of memory."));
  EXPECT_NEAR(*panel.y.low, 1, 1e-12);
  EXPECT_GT(*panel.y.high, 7 * 1.5);  // room for what is written above
  bars.value_format = "{:.2f} a second";
  EXPECT_EQ(make_figure(bars, rows).panels[0].call_outs[0].text, "best GPU: 7.00 a second");
}

TEST(GroupedBar, NamesWithoutWhatAllBarsShareInTheOrderOfTheRows) {
  FigureSpec bars = spec("grouped_bar", "model", "speed");
  bars.series = {"platform", "engine", "precision"};
  const Chart chart =
      make_figure(bars, frame("model,platform,engine,precision,speed,status\na,here,x,fp16,,unsupported\na,here,x,fp32,3,passed\n"
                              "a,here,y,fp32,5,passed\n"));
  ASSERT_EQ(chart.panels.at(0).series.size(), 3u);
  EXPECT_EQ(chart.panels[0].series[0].name, "x, fp16");
  EXPECT_EQ(chart.panels[0].series[1].name, "x, fp32");
  EXPECT_EQ(chart.panels[0].series[2].name, "y, fp32");
  EXPECT_EQ(chart.panels[0].missing_bars.at(0).series, 0u);
  EXPECT_EQ(make_figure(bars, frame("model,platform,engine,precision,speed\na,here,x,fp32,3\n")).panels[0].series.at(0).name,
            "here, x, fp32");
}

TEST(GroupedBar, ManyBarsAreSpreadOverPanelsOfOneRange) {
  std::string csv = "model,platform,speed\n";
  for (int model = 0; model < 9; ++model) {
    for (int platform = 0; platform < 10; ++platform) {
      csv += "m" + std::to_string(model) + ",p" + std::to_string(platform) + "," + std::to_string(1 + model * platform) + "\n";
    }
  }
  FigureSpec bars = spec("grouped_bar", "model", "speed");
  bars.series = {"platform"};
  const Chart chart = make_figure(bars, frame(csv));
  ASSERT_EQ(chart.panels.size(), 3u);
  std::size_t points = 0;
  for (const Panel& panel : chart.panels) {
    EXPECT_EQ(panel.x.categories.size(), 3u);
    EXPECT_EQ(panel.y.low, 0);
    EXPECT_EQ(panel.y.high, chart.panels[0].y.high);
    for (const Series& series : panel.series) points += series.points.size();
  }
  EXPECT_EQ(points, 90u);
  EXPECT_EQ(chart.panels[2].series[9].points[2].y, 73);
}

TEST(Line, SeriesScalesAndSeveralQuantities) {
  FigureSpec line = spec("line", "batch", "p50");
  line.y = {"p50", "p90"};
  line.both_scales = true;
  line.reference_lines = {{40, "25 fps"}};
  const Frame rows = frame("batch,p50,p90\n8,5,6\n1,2,3\n2,4,\n");
  const Chart chart = make_figure(line, rows);
  ASSERT_EQ(chart.panels.size(), 2u);
  EXPECT_EQ(chart.panels[0].y.scale, Scale::linear);
  EXPECT_EQ(chart.panels[1].y.scale, Scale::log10);
  ASSERT_EQ(chart.panels[1].lines.size(), 1u);
  EXPECT_EQ(chart.panels[1].lines[0].at, 40);
  const std::vector<Series>& series = chart.panels[0].series;
  ASSERT_EQ(series.size(), 2u);
  EXPECT_EQ(series[0].name, "p50");
  ASSERT_EQ(series[0].points.size(), 2u);  // the row without p90 is left out
  EXPECT_EQ(series[0].points[0].x, 1);
  EXPECT_EQ(series[1].points[1].y, 6);
  EXPECT_NE(series[0].marker, series[1].marker);

  const Chart names = make_figure(spec("line", "platform", "ms"), frame("platform,ms\nTX1,3\nTK1,4\n"));
  EXPECT_EQ(names.panels[0].x.scale, Scale::category);
  EXPECT_EQ(names.panels[0].x.categories, (std::vector<std::string>{"TX1", "TK1"}));
}

TEST(Heatmap, CellsWithAndWithoutAValue) {
  FigureSpec heat = spec("heatmap", "batch", "model");
  heat.value = "ms";
  const Chart chart = make_figure(heat, frame("model,batch,ms,verdict\na,8,1.5,unstable\na,1,2,valid\nb,1,20000,valid\n"));
  const Panel& panel = chart.panels[0];
  EXPECT_EQ(panel.x.categories, (std::vector<std::string>{"1", "8"}));
  EXPECT_EQ(panel.y.categories, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(panel.heat->cells.size(), 4u);
  EXPECT_EQ(panel.heat->cells[0].value, 2);
  EXPECT_EQ(panel.heat->cells[1].text, "1.5~");
  EXPECT_EQ(panel.heat->cells[2].text, "20 k");
  EXPECT_EQ(panel.heat->cells[3].value, std::nullopt);
}

TEST(Box, QuartilesWhiskersAndOutliers) {
  const Chart chart = make_figure(spec("box", "batch", "ms"), frame("batch,ms\n1,1\n1,2\n1,3\n1,4\n1,100\n2,7\n"));
  const std::vector<BoxGroup>& boxes = chart.panels[0].boxes;
  ASSERT_EQ(boxes.size(), 2u);
  EXPECT_EQ(boxes[0].q1, 2);
  EXPECT_EQ(boxes[0].median, 3);
  EXPECT_EQ(boxes[0].q3, 4);
  EXPECT_EQ(boxes[0].low, 1);
  EXPECT_EQ(boxes[0].high, 4);
  EXPECT_EQ(boxes[0].outliers, (std::vector<double>{100}));
  EXPECT_EQ(boxes[1].low, 7);
  EXPECT_EQ(boxes[1].high, 7);
  EXPECT_EQ(chart.panels[0].notes, (std::vector<std::string>{"n = 1 to 5 in a box"}));
}

TEST(Box, OnALogarithmicAxisTheRangeIsOfLogarithms) {
  FigureSpec box = spec("box", "batch", "ms");
  box.log_y = true;
  // Quartiles 2 and 8: whiskers reach 8 * 4^1.5 = 64 and 2 / 4^1.5 = 0.25, where those of the plain range would end at 17.
  const Chart chart = make_figure(box, frame("batch,ms\n1,0.2\n1,2\n1,4\n1,8\n1,60\n2,7\n2,7\n"));
  const BoxGroup& group = chart.panels[0].boxes[0];
  EXPECT_EQ(group.q1, 2);
  EXPECT_EQ(group.q3, 8);
  EXPECT_EQ(group.high, 60);
  EXPECT_EQ(group.outliers, (std::vector<double>{0.2}));
  EXPECT_NE(chart.caption.find("of the logarithms"), std::string::npos);
}

TEST(Line, TicksStandAtBatchSizes) {
  FigureSpec line = spec("line", "batch", "ms");
  line.log_x = true;
  EXPECT_EQ(make_figure(line, frame("batch,ms\n1,9\n8,3\n2,5\n")).panels[0].x.ticks, (std::vector<double>{1, 2, 8}));
  EXPECT_TRUE(make_figure(line, frame("batch,ms\n1,9\n8,3\n4.5,5\n")).panels[0].x.ticks.empty());
  line.log_x = false;
  EXPECT_TRUE(make_figure(line, frame("batch,ms\n1,9\n8,3\n2,5\n")).panels[0].x.ticks.empty());
}

TEST(Line, RowsWithoutAPlaceOnTheAxisAreLeftOutAndCounted) {
  const Frame rows = frame("model,batch,per_image_ms\na,1,5\na,2,7\na,,6\nb,,9\n");
  FigureSpec line = spec("line", "batch", "per_image_ms");
  line.series = {"model"};
  line.log_x = line.log_y = true;
  const Chart chart = make_figure(line, rows);
  ASSERT_EQ(chart.panels.size(), 1u);
  EXPECT_EQ(chart.panels[0].x.scale, Scale::log10);
  ASSERT_EQ(chart.panels[0].series.size(), 1u);
  ASSERT_EQ(chart.panels[0].series[0].points.size(), 2u);
  EXPECT_EQ(chart.panels[0].series[0].points[1].x, 2);
  EXPECT_EQ(chart.panels[0].series[0].points[1].y, 7);
  EXPECT_TRUE(says(chart, "Left out: 2 without Batch size, images."));
  charts::require_sound(chart);

  // A panel of such rows alone is none.
  line.group = {"model"};
  const Chart apart = make_figure(line, rows);
  ASSERT_EQ(apart.panels.size(), 1u);
  EXPECT_EQ(apart.panels[0].title, "a");
  charts::require_sound(apart);

  // Text among the numbers makes categories of them, in which an empty cell has no place either.
  const Chart words = make_figure(line, frame("model,batch,per_image_ms\na,1,5\na,many,7\na,,6\na,0,8\n"));
  EXPECT_EQ(words.panels[0].x.categories, (std::vector<std::string>{"1", "many"}));
  EXPECT_TRUE(says(words, "Left out: 1 without Batch size, images, 1 with Batch size, images not above 0."));
  charts::require_sound(words);

  const Failure failure = failure_of([&] { make_figure(line, frame("model,batch,per_image_ms\na,,6\n")); });
  EXPECT_EQ(failure.code, ErrorCode::input);
  EXPECT_NE(failure.message.find("1 without batch"), std::string::npos) << failure.message;
}

TEST(Figures, CategoriesWithoutANameAreCounted) {
  const Frame rows = frame("model,engine,batch,per_image_ms\na,x,1,5\na,x,,6\na,,1,7\na,x,2,8\n");
  FigureSpec bars = spec("grouped_bar", "batch", "per_image_ms");
  bars.series = {"model"};
  FigureSpec heat = spec("heatmap", "batch", "engine");
  heat.value = "per_image_ms";
  const std::pair<FigureSpec, const char*> cases[] = {
      {bars, "Without a bar: 1 without Batch size, images."},
      {spec("box", "batch", "per_image_ms"), "Left out: 1 without Batch size, images."},
      {heat, "Left out: 1 without Batch size, images, 1 without Engine."},
  };
  for (const auto& [figure, words] : cases) {
    const Chart chart = make_figure(figure, rows);
    EXPECT_EQ(chart.panels.at(0).x.categories, (std::vector<std::string>{"1", "2"})) << figure.type;
    EXPECT_TRUE(says(chart, words)) << figure.type;
    charts::require_sound(chart);
  }
}

TEST(Line, BetweenWholeNumbersAreNoTicks) {
  FigureSpec line = spec("line", "epoch", "ms");
  EXPECT_TRUE(make_figure(line, frame("epoch,ms\n1,9\n2,5\n")).panels[0].x.whole);
  EXPECT_FALSE(make_figure(line, frame("epoch,ms\n1,9\n2.5,5\n")).panels[0].x.whole);
}

TEST(Line, SeveralQuantitiesHaveTheTitleThatTheyShare) {
  FigureSpec line = spec("line", "epoch", "train_loss");
  line.y.emplace_back("validation_loss");
  const Chart chart = make_figure(line, frame("epoch,train_loss,validation_loss\n1,2.1,2.2\n2,1.5,1.7\n"));
  EXPECT_EQ(chart.panels[0].y.title, "Loss");
  EXPECT_EQ(chart.panels[0].series[0].name, "Loss, training");
  EXPECT_EQ(chart.panels[0].series[1].name, "Loss, validation");
}

TEST(ColumnTitles, WhatSeveralShare) {
  EXPECT_EQ(common_title({"train_top1", "validation_top1"}), "Right, %");
  EXPECT_EQ(common_title({"latency_median_ms", "latency_min_ms"}), "ms");
  EXPECT_EQ(common_title({"images_per_s"}), "Images per second, 1/s");
  EXPECT_EQ(common_title({"train_loss", "validation_top1"}), "");
  EXPECT_EQ(common_title({"train_loss", "batch"}), "");
  EXPECT_EQ(common_title({"gpu_a_mb", "gpu_b_mb", "peak_memory_mb"}), "MB");
  EXPECT_EQ(common_title({}), "");
}

TEST(Ecdf, StepsAtDistinctValues) {
  FigureSpec ecdf = spec("ecdf", "ms", "");
  ecdf.series = {"engine"};
  const Chart chart = make_figure(ecdf, frame("engine,ms\na,3\na,1\na,3\na,2\nb,9\n"));
  const std::vector<Series>& series = chart.panels[0].series;
  ASSERT_EQ(series.size(), 2u);
  ASSERT_EQ(series[0].points.size(), 3u);
  EXPECT_EQ(series[0].points[0].x, 1);
  EXPECT_EQ(series[0].points[0].y, 0.25);
  EXPECT_EQ(series[0].points[2].x, 3);
  EXPECT_EQ(series[0].points[2].y, 1);
  EXPECT_EQ(series[0].kind, SeriesKind::steps);
}

TEST(Figures, Errors) {
  const Frame rows = frame("model,gmacs,top1\na,1,2\n");
  const FigureContext context{"studies/x.toml:12", "", false, ""};
  FigureSpec wrong = spec("scatter_fit", "gmac", "top1");
  Failure failure = failure_of([&] { make_figure(wrong, rows, context); });
  EXPECT_EQ(failure.code, ErrorCode::input);
  EXPECT_EQ(failure.message, "studies/x.toml:12: x: rows.csv has no column 'gmac'");
  EXPECT_EQ(failure.hint, "did you mean gmacs?");

  wrong = spec("scatter_fit", "gmacs", "top1");
  wrong.where = "speed>1";
  EXPECT_EQ(failure_of([&] { make_figure(wrong, rows, context); }).message, "studies/x.toml:12: where: rows.csv has no column 'speed'");
  wrong.where = "gmacs>1";
  failure = failure_of([&] { make_figure(wrong, rows, context); });
  EXPECT_EQ(failure.code, ErrorCode::input);
  EXPECT_EQ(failure.message, "studies/x.toml:12: A title: no row to draw in rows.csv where gmacs>1");
  wrong.where.clear();
  wrong.x = "model";
  EXPECT_EQ(failure_of([&] { make_figure(wrong, rows, context); }).message,
            "studies/x.toml:12: A title: no row to draw in rows.csv: 1 without model");
  wrong.type = "pie";
  failure = failure_of([&] { make_figure(wrong, rows, context); });
  EXPECT_EQ(failure.code, ErrorCode::usage);
  EXPECT_EQ(failure.message, "studies/x.toml:12: unknown figure type 'pie'");
}

}  // namespace
}  // namespace inferometer::report
