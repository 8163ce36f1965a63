#include "report/page.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "html_checker.h"

namespace inferometer::report {
namespace {

namespace fs = std::filesystem;
using testing::Element;
using testing::HtmlChecker;

/// A folder that goes with the test.
class PageFiles : public ::testing::Test {
 protected:
  PageFiles() {
    std::string name = (fs::temp_directory_path() / "page_test_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~PageFiles() override { fs::remove_all(folder_); }

  std::string text(const std::string& name) const { return read_file(folder_ / name); }
  std::vector<std::string> names(const std::string& inside) const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_ / inside)) found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }

  fs::path folder_;
};

ReportFigure figure(const std::string& id, bool animated = false) {
  ReportFigure made;
  made.chart.id = id;
  made.chart.title = "Title of " + id;
  made.chart.animated = animated;
  Panel panel;
  panel.x.title = "Multiply-accumulates, 10⁹";
  panel.y.title = "Top-1, %";
  Series series;
  series.name = "nets";
  series.points = {{1, 60}, {2, 70}, {4, 75}};
  series.points[1].label = "resnet18</script>";
  panel.series = {series};
  made.chart.panels = {panel};
  return made;
}

Report report() {
  Table times;
  times.columns = {"model", "ms"};
  times.title = "Times";
  times.rows = {{std::string("resnet18"), Marked{12.345678, "~"}}, {std::string("vgg16"), Marked{std::nullopt, "x"}}};
  Report made;
  made.title = "T";
  made.sections = {{"S", {ReportTable{"times", times, "", ""}, figure("bubble", true), figure("bubble"), figure("line")}}};
  return made;
}

TEST_F(PageFiles, EveryFileIsThere) {
  const ReportFiles files = write_report(report(), folder_ / "new" / "folder", {2});
  folder_ /= "new/folder";
  EXPECT_EQ(files.page, folder_ / "index.html");
  EXPECT_EQ(files.figures, 3u);
  EXPECT_EQ(files.tables, 1u);
  EXPECT_EQ(files.page_bytes, fs::file_size(files.page));
  EXPECT_EQ(names(""), (std::vector<std::string>{"figures", "index.html", "tables"}));
  EXPECT_EQ(names("figures"), (std::vector<std::string>{"bubble-2.pdf", "bubble-2.png", "bubble-2.svg", "bubble.gif", "bubble.pdf",
                                                        "bubble.png", "bubble.svg", "line.pdf", "line.png", "line.svg"}));
  EXPECT_EQ(names("tables"), (std::vector<std::string>{"times.csv", "times.json", "times.md", "times.tex"}));
  EXPECT_TRUE(text("figures/line.svg").starts_with("<"));
  EXPECT_TRUE(text("figures/line.png").starts_with("\x89PNG"));
  EXPECT_TRUE(text("figures/line.pdf").starts_with("%PDF"));
  EXPECT_TRUE(text("figures/bubble.gif").starts_with("GIF89a"));
  EXPECT_EQ(text("tables/times.csv"), "model,ms\nresnet18,12.345678\nvgg16,\n");
  EXPECT_NE(text("tables/times.tex").find("\\toprule"), std::string::npos);
}

TEST_F(PageFiles, ThePageIsWellFormedAndHoldsItsCharts) {
  write_report(report(), folder_, {1});
  const HtmlChecker page(text("index.html"));
  std::size_t charts = 0;
  for (const Element& script : page.named("script")) {
    if (!script.attributes.contains("type")) continue;
    ++charts;
    EXPECT_TRUE(nlohmann::json::parse(script.raw).is_object());
  }
  EXPECT_EQ(charts, 3u);
  for (const Element& link : page.named("a")) {
    const std::string target = link.attributes.at("href");
    EXPECT_TRUE(target.front() == '#' || fs::is_regular_file(folder_ / target)) << target;
  }
}

TEST_F(PageFiles, ThreadsChangeNoByte) {
  write_report(report(), folder_ / "one", {1});
  write_report(report(), folder_ / "three", {3});
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "one")) {
    if (!entry.is_regular_file()) continue;
    const fs::path name = fs::relative(entry.path(), folder_ / "one");
    EXPECT_EQ(read_file(entry.path()), read_file(folder_ / "three" / name)) << name;
  }
}

TEST_F(PageFiles, OtherFilesStayAndOursAreReplaced) {
  fs::create_directories(folder_ / "tables");
  std::ofstream(folder_ / "notes.txt") << "mine";
  std::ofstream(folder_ / "tables" / "times.csv") << "old";
  std::ofstream(folder_ / "tables" / "mine.csv") << "mine too";
  write_report(report(), folder_, {1});
  EXPECT_EQ(text("notes.txt"), "mine");
  EXPECT_EQ(text("tables/mine.csv"), "mine too");
  EXPECT_TRUE(text("tables/times.csv").starts_with("model,"));
}

TEST_F(PageFiles, PartsThatWereNotAskedForAreNotWritten) {
  const ReportFiles page = write_report(report(), folder_ / "page", {1, true, false, false});
  EXPECT_EQ(page.figures + page.tables, 0u);
  EXPECT_FALSE(fs::exists(folder_ / "page" / "figures"));
  EXPECT_EQ(read_file(folder_ / "page" / "index.html").find("href=\"figures/"), std::string::npos);
  const ReportFiles tables = write_report(report(), folder_ / "tables", {1, false, false, true});
  EXPECT_TRUE(tables.page.empty());
  EXPECT_FALSE(fs::exists(folder_ / "tables" / "index.html"));
  EXPECT_TRUE(fs::exists(folder_ / "tables" / "tables" / "times.md"));
}

bool at_once() { return true; }
int looks = 0;
bool at_the_second_look() { return ++looks >= 2; }

TEST_F(PageFiles, NothingIsWrittenOfAReportThatIsStopped) {
  for (bool (*const interrupted)() : {at_once, at_the_second_look}) {
    WriteOptions options;
    options.interrupted = interrupted;
    try {
      write_report(report(), folder_ / "stopped", options);
      ADD_FAILURE() << "written";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::interrupted);
    }
    EXPECT_FALSE(fs::exists(folder_ / "stopped"));
  }
}

TEST_F(PageFiles, AFolderThatCannotBeIsToldBefore) {
  std::ofstream(folder_ / "file") << "x";
  EXPECT_NO_THROW(require_report_folder(folder_ / "new" / "folder"));
  EXPECT_FALSE(fs::exists(folder_ / "new"));
  EXPECT_THROW(require_report_folder(folder_ / "file"), Error);
  EXPECT_THROW(require_report_folder(folder_ / "file" / "below"), Error);
  EXPECT_NO_THROW(require_report_folder("here/below"));
}

TEST_F(PageFiles, AFileInTheWayIsOneClearError) {
  std::ofstream(folder_ / "file") << "x";
  try {
    write_report(report(), folder_ / "file", {1});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_NE(std::string(error.what()).find((folder_ / "file").string()), std::string::npos) << error.what();
  }
  fs::create_directories(folder_ / "out" / "index.html");
  EXPECT_THROW(write_report(report(), folder_ / "out", {1}), Error);
}

TEST_F(PageFiles, AContradictoryChartIsNamedAndNothingIsWritten) {
  Report wrong = report();
  std::get<ReportFigure>(wrong.sections[0].items[3]).chart.panels.clear();
  for (const WriteOptions& options : {WriteOptions{2}, WriteOptions{1, false, true, true}, WriteOptions{1, true, false, true}}) {
    try {
      write_report(wrong, folder_ / "out", options);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::internal);
      EXPECT_NE(std::string(error.what()).find("figure 'line'"), std::string::npos) << error.what();
    }
    EXPECT_FALSE(fs::exists(folder_ / "out"));
  }
}

}  // namespace
}  // namespace inferometer::report
