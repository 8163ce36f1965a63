#include "charts/drawing.h"

#include <cmath>
#include <cstring>
#include <limits>

#include <cairo.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "chart_samples.h"
#include "charts/layout.h"
#include "charts/text_width.h"

namespace inferometer::charts {
namespace {

/// Loading the scripts takes a while, so the tests share one.
Painter& painter() {
  static Painter one;
  return one;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

/// A picture as cairo reads it: 0xRRGGBB of a place in CSS pixels.
class Pixels {
 public:
  explicit Pixels(const std::string& png, double scale) : scale_(scale) {
    Reader reader{png, 0};
    surface_ = cairo_image_surface_create_from_png_stream(read, &reader);
  }
  ~Pixels() { cairo_surface_destroy(surface_); }
  Pixels(const Pixels&) = delete;
  Pixels& operator=(const Pixels&) = delete;
  int width() const { return cairo_image_surface_get_width(surface_); }
  int height() const { return cairo_image_surface_get_height(surface_); }
  std::uint32_t at(double x, double y) const {
    const unsigned char* row =
        cairo_image_surface_get_data(surface_) + static_cast<int>(y * scale_) * cairo_image_surface_get_stride(surface_);
    std::uint32_t pixel = 0;
    std::memcpy(&pixel, row + 4 * static_cast<int>(x * scale_), 4);
    return pixel & 0xffffffU;
  }

 private:
  struct Reader {
    const std::string& bytes;
    std::size_t at;
  };
  static cairo_status_t read(void* from, unsigned char* to, unsigned length) {
    auto* reader = static_cast<Reader*>(from);
    if (reader->at + length > reader->bytes.size()) return CAIRO_STATUS_READ_ERROR;
    std::memcpy(to, reader->bytes.data() + reader->at, length);
    reader->at += length;
    return CAIRO_STATUS_SUCCESS;
  }
  cairo_surface_t* surface_;
  double scale_;
};

Chart simple() {
  Chart chart{.id = "simple"};
  Panel panel;
  panel.x = {.title = "x, s", .low = 0, .high = 10};
  panel.y = {.title = "y, m", .low = 0, .high = 10};
  panel.series = {{.name = "marks", .points = {{2, 3}, {5, 5}, {8, 7}}, .color = 0}};
  chart.panels = {panel};
  return chart;
}

TEST(ChartJson, HoldsEveryMarkAndLabelOnce) {
  const Chart chart = samples::bubbles(40, 1);
  const auto json = nlohmann::json::parse(chart_json(chart));
  EXPECT_EQ(json["panels"].size(), 1U);
  std::size_t marks = 0;
  std::map<std::string, int> texts;
  for (const auto& series : json["series"]) {
    for (const auto& item : series["items"]) {
      EXPECT_TRUE(item["x"].is_number() && item["y"].is_number());
      for (const auto& shape : item["shapes"]) {
        marks += shape.contains("mark") ? 1 : 0;
        if (shape.contains("text")) ++texts[shape["text"].get<std::string>()];
      }
    }
  }
  EXPECT_EQ(marks, 40U);
  EXPECT_EQ(texts.size(), 40U);
  for (const Point& point : chart.panels[0].series[1].points) EXPECT_EQ(texts[point.label], 1) << point.label;
}

TEST(ChartJson, LogAxesCarryLogarithms) {
  Chart chart = simple();
  chart.panels[0].x = {.title = "x", .scale = Scale::log10};
  chart.panels[0].series[0].points = {{0.1, 1}, {100, 2}};
  const auto json = nlohmann::json::parse(chart_json(chart));
  EXPECT_DOUBLE_EQ(json["series"][0]["items"][0]["x"].get<double>(), -1);
  EXPECT_DOUBLE_EQ(json["series"][0]["items"][1]["x"].get<double>(), 2);
  EXPECT_LT(json["panels"][0]["x"]["low"].get<double>(), -1);
  EXPECT_GT(json["panels"][0]["x"]["high"].get<double>(), 2);
}

TEST(ChartJson, AreaOfBubblesIsProportional) {
  const Chart chart = samples::bubbles(40, 1);
  const ChartLayout layout = lay_out(chart);
  EXPECT_NEAR(layout.radius_of(100e6) / layout.radius_of(25e6), 2, 1e-12);
}

TEST(ChartJson, PublishedMarksAreUnlikeMeasuredOnes) {
  Chart chart = simple();
  chart.panels[0].series.push_back(chart.panels[0].series[0]);
  chart.panels[0].series[1].published = true;
  const auto json = nlohmann::json::parse(chart_json(chart));
  const auto measured = json["series"][0]["items"][0]["shapes"][0], published = json["series"][1]["items"][0]["shapes"][0];
  EXPECT_TRUE(published.contains("dash"));
  EXPECT_FALSE(measured.contains("dash"));
  EXPECT_NE(published["fill"], measured["fill"]);
}

TEST(ChartJson, BarsBeginAtZeroWhateverTheAxisShows) {
  Chart chart = simple();
  chart.panels[0].x = {.scale = Scale::category, .categories = {"a", "b"}};
  chart.panels[0].y = {.title = "change, %"};
  chart.panels[0].series = {{.kind = SeriesKind::bars, .points = {{0, 3}, {1, -2}}}};
  auto json = nlohmann::json::parse(chart_json(chart));
  const auto& items = json["series"][0]["items"];
  EXPECT_EQ(items[0]["shapes"][0]["span"][1], 0);
  EXPECT_EQ(items[0]["shapes"][0]["span"][3], 3);
  EXPECT_EQ(items[1]["shapes"][0]["span"][1], 0);
  EXPECT_EQ(items[1]["shapes"][0]["span"][3], -2);
  EXPECT_LT(json["panels"][0]["y"][0]["low"].get<double>(), -2);
  chart.panels[0].series[0].points = {{0, 3}, {1, 2}};
  json = nlohmann::json::parse(chart_json(chart));
  EXPECT_EQ(json["panels"][0]["y"][0]["low"], 0) << "no room below the foot";
}

TEST(ChartJson, MissingBarsStandWhereTheBarWouldBe) {
  const Chart chart = samples::grouped();
  const auto json = nlohmann::json::parse(chart_json(chart));
  const ChartLayout layout = lay_out(chart);
  const auto [from, to] = layout.panels[0].bar_span(7, 3);
  std::size_t found = 0;
  for (const auto& series : json["series"]) {
    for (const auto& item : series["items"]) {
      if (item["shapes"].back().value("text", "") != "Out of Mem." || item["x"].get<double>() > 7.5) continue;
      ++found;
      EXPECT_NEAR(item["x"].get<double>(), (from + to) / 2, 1e-9);
      EXPECT_EQ(series["name"], chart.panels[0].series[3].name);
    }
  }
  EXPECT_EQ(found, 1U);
}

TEST(ChartJson, SaysHowManyPointsLieOutside) {
  Chart chart = simple();
  chart.panels[0].series[0].points.push_back({11, 5});
  EXPECT_EQ(count(chart_json(chart), "1 point lies outside the axes"), 1U);
  EXPECT_EQ(count(chart_json(simple()), "outside the axes"), 0U);
}

TEST(ChartJson, TextThatIsNoUtf8DoesNotBreakIt) {
  Chart chart = simple();
  chart.panels[0].series[0].points[0].label = "caf\xe9";
  EXPECT_TRUE(nlohmann::json::accept(chart_json(chart)));
  EXPECT_FALSE(painter().svg(chart).empty());
}

TEST(ChartJson, Errors) {
  struct Case {
    const char* what;
    void (*spoil)(Chart&);
    const char* message;
  };
  const Case cases[] = {
      {"no panel", [](Chart& chart) { chart.panels.clear(); }, "there is no panel"},
      {"not a number", [](Chart& chart) { chart.panels[0].series[0].points[1].y = std::nan(""); }, "no finite number"},
      {"infinite error bar", [](Chart& chart) { chart.panels[0].series[0].points[1].high = std::numeric_limits<double>::infinity(); },
       "no finite number"},
      {"zero on a log axis",
       [](Chart& chart) {
         chart.panels[0].x = {.title = "speed", .scale = Scale::log10};
         chart.panels[0].series[0].points[0].x = 0;
       },
       "log axis 'speed'"},
      {"unequal curves",
       [](Chart& chart) {
         chart.panels[0].bands.push_back({"band", {1, 2}, {1, 2}, {2}, 0, 0.1, Stroke::none});
       },
       "unequal lengths"},
      {"a category that is not there",
       [](Chart& chart) {
         chart.panels[0].x = {.scale = Scale::category, .categories = {"a", "b"}};
       },
       "category 2 of 2"},
      {"no categories", [](Chart& chart) { chart.panels[0].x = {.scale = Scale::category}; }, "has no categories"},
      {"limits upside down", [](Chart& chart) { chart.panels[0].x.low = 20; }, "not in order"},
      {"no right axis", [](Chart& chart) { chart.panels[0].series[0].right_axis = true; }, "right axis that is not there"},
      {"bars on numbers", [](Chart& chart) { chart.panels[0].series[0].kind = SeriesKind::bars; }, "bars need categories"},
      {"a negative size", [](Chart& chart) { chart.panels[0].series[0].points[0].size = -1; }, "no size"},
      {"a missing bar of nothing",
       [](Chart& chart) {
         chart.panels[0].missing_bars.push_back({4, 0, "x"});
       },
       "a series that is not there"},
      {"a side of nothing", [](Chart& chart) { chart.width = 0; }, "a side of 0 pixels"},
      {"a format that is none",
       [](Chart& chart) {
         chart.panels[0].x = {.scale = Scale::category, .categories = std::vector<std::string>(10, "c")};
         chart.panels[0].series[0].kind = SeriesKind::bars;
         chart.panels[0].series[0].value_format = "{:q}";
       },
       "the format '{:q}'"},
  };
  for (const Case& one : cases) {
    Chart chart = simple();
    one.spoil(chart);
    try {
      chart_json(chart);
      ADD_FAILURE() << one.what << ": no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::internal);
      EXPECT_NE(std::string(error.what()).find(one.message), std::string::npos) << one.what << ": " << error.what();
    }
  }
}

TEST(ChartJson, EmptyAndConstantDataGiveAxes) {
  for (const Scale scale : {Scale::linear, Scale::log10}) {
    for (const std::vector<Point>& points : {std::vector<Point>{}, {{3, 5}}, {{3, 5}, {3, 5}}}) {
      Chart chart = simple();
      chart.panels[0].x = {.title = "x", .scale = scale};
      chart.panels[0].y = {.title = "y", .scale = scale};
      chart.panels[0].series[0].points = points;
      const auto json = nlohmann::json::parse(chart_json(chart));
      for (const auto& axis : {json["panels"][0]["x"], json["panels"][0]["y"][0]}) {
        EXPECT_LT(axis["low"].get<double>(), axis["high"].get<double>());
        EXPECT_FALSE(axis["ticks"].empty());
      }
    }
  }
}

TEST(Painter, SvgHasEachLabelOnceAndEachMark) {
  const Chart chart = samples::bubbles(40, 1);
  const std::string svg = painter().svg(chart);
  for (const Point& point : chart.panels[0].series[1].points) EXPECT_EQ(count(svg, ">" + point.label + "<"), 1U) << point.label;
  EXPECT_EQ(count(svg, "<circle") + count(svg, "<ellipse"), 44U) << "40 bubbles, 4 of the legend of sizes";
  EXPECT_EQ(count(svg, "dy=\"0.36em\""), count(svg, "<text")) << "text is centred on its place by a shift that librsvg knows";
  EXPECT_EQ(count(svg, ">Parameters<"), 1U);
  EXPECT_EQ(count(svg, ">Top-1 accuracy, %<"), 1U);
  EXPECT_EQ(count(svg, ">95 % prediction band<"), 1U);
}

TEST(Painter, SvgIsTheSameEachTime) {
  Painter other;
  for (const Chart& chart : samples::all()) {
    const std::string first = painter().svg(chart);
    EXPECT_TRUE(first == painter().svg(chart)) << chart.id;
    EXPECT_TRUE(first == other.svg(chart)) << chart.id;
    EXPECT_EQ(count(first, "dominant-baseline"), 0U) << "librsvg does not know it";
    EXPECT_EQ(count(first, "NaN") + count(first, "ecmeta") + count(first, "\"zr"), 0U) << chart.id;
  }
}

/// Where a text stands: the y of the translation in its transform, plus its own.
double text_y(const std::string& svg, const std::string& text) {
  const std::size_t end = svg.find(">" + text + "<"), begin = svg.rfind("<text", end);
  const std::string element = svg.substr(begin, end - begin);
  const std::size_t own = element.find(" y=\""), moved = element.find("translate(");
  double y = own == std::string::npos ? 0 : std::stod(element.substr(own + 4));
  if (moved != std::string::npos) y += std::stod(element.substr(element.find(' ', moved) + 1));
  return y;
}

TEST(Painter, LegendsOfManyLinesBreakAsLaidOut) {
  Chart chart = simple();
  for (int i = 0; i < 40; ++i) {
    Series series = chart.panels[0].series[0];
    series.name = "l" + std::to_string(i);  // short, so that a line a little too long would take one more
    series.published = i % 3 == 0;
    chart.panels[0].series.push_back(series);
  }
  const auto lines = lay_out(chart).legend->lines;
  ASSERT_GT(lines.size(), 3U);
  const std::string svg = painter().svg(chart);
  for (const auto& line : lines) {
    for (const LegendEntry& entry : line) EXPECT_EQ(text_y(svg, entry.name), text_y(svg, line.front().name)) << entry.name;
  }
  for (std::size_t i = 1; i < lines.size(); ++i) EXPECT_GT(text_y(svg, lines[i].front().name), text_y(svg, lines[i - 1].front().name)) << i;
}

TEST(Painter, LegendsOfManyLinesStayAbovePanels) {
  Chart chart = simple();
  chart.panels[0].title = "(a) title";
  for (int i = 0; i < 24; ++i) {
    Series series = chart.panels[0].series[0];
    series.name = "a rather long name, number " + std::to_string(i);
    chart.panels[0].series.push_back(series);
  }
  const ChartLayout layout = lay_out(chart);
  EXPECT_GE(layout.legend->lines.size(), 6U);
  const std::string svg = painter().svg(chart);
  const double last = text_y(svg, "a rather long name, number 23");
  EXPECT_GT(last, 100) << "it is the last of many lines";
  EXPECT_LE(last + 7, layout.panels[0].outer.top) << "it ends where the panels begin";
}

TEST(Painter, MissingBarsAndCallOutsAreWritten) {
  const std::string svg = painter().svg(samples::grouped());
  EXPECT_EQ(count(svg, ">Out of Mem.<"), 2U);
  EXPECT_EQ(count(svg, ">best of the large<"), 1U);
}

TEST(Drawing, ACallOutsLineBeginsAboveTheFigureOnItsBar) {
  Chart chart{.id = "one", .title = "One bar"};
  Panel panel;
  panel.x = {.scale = Scale::category, .categories = {"a"}};
  panel.y = {.title = "Speed", .low = 0, .high = 20};
  Series bars{.name = "b", .kind = SeriesKind::bars, .points = {{0, 7}}};
  panel.call_outs = {{0, 7, "best"}};
  panel.series = {bars};
  chart.panels = {panel};
  // Where the leader leaves, in pixels above the bar's end.
  const auto start = [](const Chart& drawn) {
    const auto json = nlohmann::json::parse(chart_json(drawn));
    for (const auto& shape : json.at("series").back().at("items").at(0).at("shapes")) {
      if (shape.contains("line")) return -shape.at("line").at(1).get<double>();
    }
    ADD_FAILURE() << "no line";
    return 0.0;
  };
  EXPECT_LT(std::abs(start(chart)), 4);
  chart.panels[0].series[0].value_format = "{:.5f}";
  chart.panels[0].series[0].vertical_values = true;
  EXPECT_GT(start(chart), text_width("7.00000"));
}

TEST(Raster, PngHasItsMarksWhereTheLayoutPutThem) {
  const Chart chart = simple();
  const std::string png = png_of_svg(painter().svg(chart), 2);
  ASSERT_EQ(png.substr(1, 3), "PNG");
  const Pixels picture(png, 2);
  const ChartLayout layout = lay_out(chart);
  EXPECT_EQ(picture.width(), 1440);
  EXPECT_EQ(picture.height(), static_cast<int>(2 * layout.height));
  for (const Point& point : chart.panels[0].series[0].points) {
    EXPECT_EQ(picture.at(layout.panels[0].pixel_x(point.x), layout.panels[0].pixel_y(point.y)), 0x0072b2U) << point.x;
  }
  EXPECT_EQ(picture.at(layout.panels[0].pixel_x(3.3), layout.panels[0].pixel_y(8.3)), 0xffffffU) << "between the grid lines it is white";
  EXPECT_EQ(picture.at(1, 1), 0xffffffU);
}

TEST(Raster, WhatIsNotDrawnIsWhite) {
  const Pixels picture(
      png_of_svg("<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'><rect width='5' height='10' fill='#d55e00'/></svg>", 1),
      1);
  EXPECT_EQ(picture.at(2, 5), 0xd55e00U);
  EXPECT_EQ(picture.at(8, 5), 0xffffffU);
}

TEST(Raster, TextIsCentredOnItsPlace) {
  // A tick's label: the middle of its digits is at the height of the tick.
  const Chart chart = simple();
  const Pixels picture(png_of_svg(painter().svg(chart), 4), 4);
  const PanelLayout panel = lay_out(chart).panels[0];
  const double middle = panel.pixel_y(8);
  double top = 1e9, bottom = 0;
  for (double y = middle - 10; y < middle + 10; y += 0.25) {
    for (double x = panel.plot.left - 15; x < panel.plot.left - 6; x += 0.25) {
      if (picture.at(x, y) == 0xffffffU) continue;
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  }
  EXPECT_NEAR((top + bottom) / 2, middle, 0.7);
}

TEST(Raster, PngIsTheSameEachTime) {
  const std::string svg = painter().svg(samples::scatter());
  EXPECT_TRUE(png_of_svg(svg, 2) == png_of_svg(svg, 2));
  EXPECT_TRUE(pdf_of_svg(svg) == pdf_of_svg(svg));
}

TEST(Raster, PdfHasFontsAndNoPicture) {
  for (const Chart& chart : samples::all()) {
    const std::string pdf = pdf_of_svg(painter().svg(chart));
    EXPECT_EQ(pdf.substr(0, 5), "%PDF-");
    EXPECT_GE(count(pdf, "/FontDescriptor"), 1U) << chart.id;
    EXPECT_EQ(count(pdf, "/Subtype /Image"), 0U) << chart.id;
  }
}

TEST(Raster, Errors) {
  for (const char* svg : {"", "no SVG", "<svg xmlns='http://www.w3.org/2000/svg'><rect", "<html></html>"}) {
    for (const bool pdf : {false, true}) {
      try {
        pdf ? pdf_of_svg(svg) : png_of_svg(svg);
        ADD_FAILURE() << "no error for " << svg;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::internal);
      }
    }
  }
}

}  // namespace
}  // namespace inferometer::charts
