#include "report/page_text.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "html_checker.h"

namespace inferometer::report {
namespace {

using testing::Element;
using testing::HtmlChecker;

ReportFigure figure(const std::string& id, bool published = false, bool animated = false) {
  ReportFigure made;
  made.chart.id = id;
  made.chart.title = "Top-1 <against> MACs & \"more\"";
  made.chart.caption = "First line.\nSecond line.";
  made.chart.animated = animated;
  Panel panel;
  Series series;
  series.published = published;
  series.points.push_back({1, 2});
  panel.series.push_back(series);
  made.chart.panels = {panel, panel, panel};
  made.chart.columns = 2;
  made.computed = "Least squares.";
  made.command = "inferometer report --where 'batch<8'";
  return made;
}

ReportTable table(const std::string& id, std::size_t lines) {
  ReportTable made;
  made.id = id;
  made.table.columns = {"model", "ms"};
  made.table.title = "Times & <marks>";
  made.table.notes = {"~ unstable"};
  for (std::size_t i = 0; i < lines; ++i) made.table.rows.push_back({std::string("net</script>"), static_cast<double>(i) / 3});
  return made;
}

Report report() {
  Report made;
  made.title = "A <study>";
  made.subtitle = "& more";
  made.facts = {{"CPU", "a \"b\" <c>"}};
  made.verdicts = {{"valid", 12}, {"out_of_memory", 1}};
  made.takeaways = {"resnet18 < resnet50"};
  made.sections = {
      {"First & foremost",
       {ReportText{"One.\n\nTwo <i>."}, ReportText{"Note: 3 rows left out", true}, table("times", 3), figure("bubble", true, true)}},
      {"", {ReportMissing{"Power", "no reading </div>"}, figure("bubble"), figure("line")}}};
  return made;
}

PageParts parts(std::size_t charts) {
  PageParts made;
  for (std::size_t i = 0; i < charts; ++i)
    made.charts.push_back(R"({"label":"</script><script>alert(1)</script>","width":720,"height":966})");
  made.echarts = "var echarts = {};";
  made.chart_script = "function inferometerOption(chart) { return chart; }";
  return made;
}

std::string text_of(const Report& report_, std::size_t charts) { return page_text(with_distinct_ids(report_), parts(charts)); }

TEST(PageText, IsWellFormedWithUniqueIds) {
  const HtmlChecker page(text_of(report(), 3));
  for (const char* id :
       {"takeaways", "facts", "section-1", "section-2", "table-times", "figure-bubble", "figure-bubble-2", "figure-line"}) {
    EXPECT_TRUE(page.ids.contains(id)) << id;
  }
  EXPECT_EQ(page.named("figure").size(), 3u);
  EXPECT_EQ(page.named("table").size(), 1u);
}

TEST(PageText, EveryAnchorOfTheContentsIsThere) {
  const HtmlChecker page(text_of(report(), 3));
  std::size_t anchors = 0;
  for (const Element& link : page.named("a")) {
    const std::string& target = link.attributes.at("href");
    if (target.front() != '#') continue;
    ++anchors;
    EXPECT_TRUE(page.ids.contains(target.substr(1))) << target;
  }
  // To the content; takeaways, facts, two sections, a table, three figures.
  EXPECT_EQ(anchors, 9u);
}

TEST(PageText, LoadsNothing) {
  const HtmlChecker page(text_of(report(), 3));
  for (const Element& element : page.elements) {
    for (const char* attribute : {"src", "href", "data", "poster", "srcset"}) {
      const auto found = element.attributes.find(attribute);
      if (found == element.attributes.end()) continue;
      const std::string& target = found->second;
      EXPECT_TRUE(target.front() == '#' || target.starts_with("figures/") || target.starts_with("tables/"))
          << element.name << ' ' << target;
    }
    EXPECT_NE(element.name, "link");
    EXPECT_NE(element.name, "iframe");
    if (element.name == "style") {
      EXPECT_EQ(element.raw.find("url("), std::string::npos);
      EXPECT_EQ(element.raw.find("@import"), std::string::npos);
    }
  }
  const std::string text(page_js());
  for (const char* request : {"fetch(", "XMLHttpRequest", "import(", "http:", "https:"})
    EXPECT_EQ(text.find(request), std::string::npos) << request;
}

TEST(PageText, ForbidsTheBrowserToFetch) {
  const HtmlChecker page(text_of(report(), 3));
  const auto metas = page.named("meta");
  EXPECT_TRUE(std::any_of(metas.begin(), metas.end(), [](const Element& meta) {
    const auto policy = meta.attributes.find("http-equiv");
    return policy != meta.attributes.end() && policy->second == "Content-Security-Policy" &&
           meta.attributes.at("content").starts_with("default-src 'none'");
  }));
}

TEST(PageText, ChartsTravelAsJsonThatCannotBreakOut) {
  const HtmlChecker page(text_of(report(), 3));
  std::size_t charts = 0;
  for (const Element& script : page.named("script")) {
    const auto type = script.attributes.find("type");
    if (type == script.attributes.end()) continue;
    ++charts;
    EXPECT_EQ(nlohmann::json::parse(script.raw).at("label"), "</script><script>alert(1)</script>");
  }
  EXPECT_EQ(charts, 3u);
  // Three of data; ECharts, ours for charts, the page's.
  EXPECT_EQ(page.named("script").size(), 6u);
}

TEST(PageText, ScriptsOfChartsStayAwayWithoutFigures) {
  Report plain;
  plain.title = "T";
  plain.sections = {{"S", {table("t", 1)}}};
  const std::string page = text_of(plain, 0);
  EXPECT_EQ(page.find("var echarts"), std::string::npos);
  EXPECT_NE(text_of(report(), 3).find("var echarts"), std::string::npos);
}

TEST(PageText, DownloadsNameEveryFile) {
  const HtmlChecker page(text_of(report(), 3));
  std::set<std::string> links;
  for (const Element& link : page.named("a")) links.insert(link.attributes.at("href"));
  for (const char* file : {"figures/bubble.svg", "figures/bubble.png", "figures/bubble.pdf", "figures/bubble.gif", "figures/bubble-2.svg",
                           "tables/times.csv", "tables/times.md", "tables/times.json", "tables/times.tex"}) {
    EXPECT_TRUE(links.contains(file)) << file;
  }
  EXPECT_FALSE(links.contains("figures/line.gif"));
}

TEST(PageText, FilesThatAreNotWrittenAreNotLinked) {
  PageParts alone = parts(3);
  alone.figure_files = alone.table_files = false;
  const HtmlChecker page(page_text(with_distinct_ids(report()), alone));
  for (const Element& link : page.named("a")) EXPECT_EQ(link.attributes.at("href").front(), '#');
  EXPECT_TRUE(page.named("img").empty());
}

TEST(PageText, ChartsHaveNamesAndSizes) {
  const HtmlChecker page(text_of(report(), 3));
  std::size_t boxes = 0;
  for (const Element& box : page.named("div")) {
    const auto kind = box.attributes.find("class");
    if (kind == box.attributes.end() || kind->second != "chart") continue;
    ++boxes;
    EXPECT_EQ(box.attributes.at("role"), "img");
    EXPECT_EQ(box.attributes.at("aria-label"), "Top-1 &lt;against&gt; MACs &amp; &quot;more&quot;");
    EXPECT_EQ(box.attributes.at("data-width"), "720");
    EXPECT_EQ(box.attributes.at("data-height"), "966");
  }
  EXPECT_EQ(boxes, 3u);
  for (const Element& image : page.named("img")) EXPECT_FALSE(image.attributes.at("alt").empty());
  EXPECT_EQ(page.named("img").size(), 3u);
}

TEST(PageText, OnlyPublishedFiguresAreCalledSo) {
  const std::string page = text_of(report(), 3);
  const std::size_t badge = page.find("class=\"badge\">published<");
  ASSERT_NE(badge, std::string::npos);
  EXPECT_EQ(page.find("class=\"badge\"", badge + 1), std::string::npos);
  Report mixed;
  ReportFigure both = figure("both");
  both.chart.panels[1].series[0].published = true;
  mixed.sections = {{"S", {both}}};
  EXPECT_NE(text_of(mixed, 1).find(">published and measured<"), std::string::npos);
}

TEST(PageText, VerdictsAreCounted) {
  const std::string page = text_of(report(), 3);
  EXPECT_NE(page.find("<li class=\"verdict valid\"><b>12</b> valid</li>"), std::string::npos);
  EXPECT_NE(page.find("<li class=\"verdict out_of_memory\"><b>1</b> out of memory</li>"), std::string::npos);
}

TEST(PageText, WarningsAndMissingPartsAreSaid) {
  const std::string page = text_of(report(), 3);
  EXPECT_NE(page.find("<div class=\"warning\" role=\"note\" aria-label=\"Warning\">\n<p>Note: 3 rows left out</p>"), std::string::npos);
  EXPECT_NE(page.find("<p><b>Power</b></p>\n<p>no reading &lt;/div&gt;</p>"), std::string::npos);
}

TEST(PageText, LongTablesAreShownInPartAndSaySo) {
  Report long_one;
  long_one.sections = {{"S", {table("t", kMostTableLinesInPage + 1)}}};
  const std::string page = text_of(long_one, 0);
  EXPECT_NE(page.find("The first 1000 of 1001 lines; the files hold all of them."), std::string::npos);
  const HtmlChecker checked(page);
  EXPECT_EQ(checked.named("tr").size(), kMostTableLinesInPage + 1);  // the header too
  long_one.sections = {{"S", {table("t", kMostTableLinesInPage)}}};
  EXPECT_EQ(text_of(long_one, 0).find("The first"), std::string::npos);
}

TEST(PageText, EmptyReportsAreStillPages) {
  const HtmlChecker page(text_of(Report{}, 0));
  EXPECT_EQ(page.named("h1").size(), 1u);
  Report empty;
  empty.sections = {{"S", {table("t", 0)}}, {"T", {}}};
  EXPECT_NE(text_of(empty, 0).find("No lines."), std::string::npos);
}

TEST(PageText, IdsFitFilesAndAnchorsAndAreDistinct) {
  Report many;
  many.sections = {
      {"S", {figure("a"), figure("A"), figure("a-2"), figure("x/../y z"), figure(""), table("a", 1), table("a", 1), table("", 1)}}};
  std::get<ReportTable>(many.sections[0].items[7]).table.title = "";
  std::vector<std::string> ids;
  const Report distinct = with_distinct_ids(many);
  for (const ReportFigure* each : figures_of(distinct)) ids.push_back(each->chart.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"a", "A-2", "a-2-2", "x----y-z", "top-1-against-macs-more"}));
  EXPECT_EQ(std::get<ReportTable>(distinct.sections[0].items[5]).id, "a");
  EXPECT_EQ(std::get<ReportTable>(distinct.sections[0].items[6]).id, "a-2");
  EXPECT_EQ(std::get<ReportTable>(distinct.sections[0].items[7]).id, "table");
}

TEST(PageText, LongTitlesAreCutBetweenWords) {
  Report one;
  one.sections = {{"S", {table("", 1)}}};
  std::get<ReportTable>(one.sections[0].items[0]).table.title =
      "Post hoc comparisons of all 741 pairs of networks (LSD), in logarithms of ms";
  const std::string id = std::get<ReportTable>(with_distinct_ids(one).sections[0].items[0]).id;
  EXPECT_EQ(id, "post-hoc-comparisons-of-all-741-pairs-of-networks-lsd-in");
}

TEST(PageText, SectionsWithoutATitleGetOne) {
  EXPECT_NE(text_of(report(), 3).find("<h2 id=\"section-2-title\">Section 2</h2>"), std::string::npos);
  Report one;
  one.sections = {{"", {table("t", 1)}}};
  EXPECT_NE(text_of(one, 0).find("<h2 id=\"section-1-title\">Results</h2>"), std::string::npos);
}

TEST(PageText, AsksForOneChartAFigure) { EXPECT_THROW(text_of(report(), 2), Error); }

}  // namespace
}  // namespace inferometer::report
