#include "report/store_plan.h"

#include <algorithm>
#include <variant>

#include <gtest/gtest.h>

#include "report/study_report.h"

namespace inferometer::report {
namespace {

measure::Row row(const std::string& model, const std::string& engine, std::int64_t batch, double ms) {
  measure::Row made;
  made.model = model;
  made.engine = engine;
  made.device = "cpu";
  made.batch = batch;
  made.per_image_ms = ms;
  made.images_per_s = 1000 / ms;
  made.status = "passed";
  made.verdict = "valid";
  made.source = "measured";
  return made;
}

std::vector<std::string> figure_types_of(const StudyPlan& plan) {
  std::vector<std::string> types;
  for (const StudyBlock& block : plan.blocks) {
    if (const auto* figure = std::get_if<FigureSpec>(&block.content)) types.push_back(figure->type);
  }
  return types;
}

std::size_t missing_in(const Report& report) {
  std::size_t count = 0;
  for (const ReportSection& section : report.sections) {
    count += static_cast<std::size_t>(std::count_if(section.items.begin(), section.items.end(),
                                                    [](const ReportItem& item) { return std::holds_alternative<ReportMissing>(item); }));
  }
  return count;
}

using Words = std::vector<std::string>;

TEST(StorePlan, OneRowHasItsTablesAndOneBar) {
  const StudyPlan plan = store_plan({row("alexnet", "alpha", 1, 8)});
  EXPECT_EQ(figure_types_of(plan), Words{"grouped_bar"});
  EXPECT_EQ(plan.title, "alexnet on alpha");
  EXPECT_EQ(missing_in(study_report(plan, {row("alexnet", "alpha", 1, 8)})), 0u);
}

TEST(StorePlan, FiguresComeWithTheRowsThatTheyNeed) {
  std::vector<measure::Row> rows;
  double ms = 3;
  for (const char* model : {"alexnet", "vgg11", "vgg16", "resnet18", "resnet50", "squeezenet1_1"}) {
    for (const char* engine : {"alpha", "beta"}) {
      for (const std::int64_t batch : {1, 8}) {
        rows.push_back(row(model, engine, batch, ms += 1.7));
        rows.back().top1 = 55 + ms / 10;
        rows.back().parameters = static_cast<std::int64_t>(ms * 1e6);
        rows.back().peak_memory_mb = 200 + 3 * ms;
      }
    }
  }
  const StudyPlan plan = store_plan(rows);
  EXPECT_EQ(figure_types_of(plan), (Words{"grouped_bar", "line", "box", "bubble", "scatter_fit", "scatter_fit"}));
  EXPECT_EQ(plan.title, "6 networks on 2 engines");
  const Report report = study_report(plan, rows);
  EXPECT_EQ(missing_in(report), 0u);
  EXPECT_EQ(report.verdicts, (std::vector<std::pair<std::string, std::size_t>>{{"valid", 24}}));
}

TEST(StorePlan, OneBatchDrawsNoLineAndHasNoAnalysis) {
  const StudyPlan plan = store_plan({row("alexnet", "alpha", 4, 8), row("vgg11", "alpha", 4, 9)});
  EXPECT_EQ(figure_types_of(plan), Words{"grouped_bar"});
  EXPECT_TRUE(std::none_of(plan.blocks.begin(), plan.blocks.end(),
                           [](const StudyBlock& block) { return std::holds_alternative<StudyAnalysis>(block.content); }));
  for (const StudyBlock& block : plan.blocks) {
    const auto* figure = std::get_if<FigureSpec>(&block.content);
    EXPECT_TRUE(figure == nullptr || figure->where == "batch=4");
  }
}

TEST(StorePlan, RowsThatDidNotPassAreListedAndNothingIsDrawnOfThem) {
  measure::Row failed = row("alexnet", "alpha", 1, 8);
  failed.status = "failed";
  failed.per_image_ms.reset();
  failed.images_per_s.reset();
  const StudyPlan plan = store_plan({failed});
  EXPECT_TRUE(figure_types_of(plan).empty());
  EXPECT_EQ(figure_types_of(store_plan({row("alexnet", "alpha", 8, 4), failed})), Words{"grouped_bar"});  // one batch passed
  const Report report = study_report(plan, {failed});
  ASSERT_EQ(report.sections.size(), 1u);
  EXPECT_EQ(std::get<ReportTable>(report.sections[0].items.at(0)).table.rows.size(), 1u);
}

TEST(StorePlan, TheListOfRowsShowsSettingsThatVary) {
  const auto columns_of = [](const std::vector<measure::Row>& rows) {
    return std::get<TableSpec>(store_plan(rows).blocks.back().content).columns;
  };
  std::vector<measure::Row> rows(2, row("alexnet", "alpha", 1, 8));
  const Words plain = columns_of(rows);
  rows[1].streams = 2;
  rows.push_back(rows[0]);
  rows[2].input_width = 64;
  Words varied = columns_of(rows);
  EXPECT_EQ(varied.size(), plain.size() + 2);
  EXPECT_EQ((Words{varied.begin() + 8, varied.begin() + 10}), (Words{"streams", "input_width"}));
  rows[1].mode = "throughput";
  varied = columns_of(rows);
  EXPECT_EQ((Words{varied.begin() + 8, varied.begin() + 12}), (Words{"mode", "streams", "requests", "input_width"}));
}

TEST(StorePlan, AnEmptyStoreHasNothingToShow) { EXPECT_TRUE(figure_types_of(store_plan({})).empty()); }

}  // namespace
}  // namespace inferometer::report
