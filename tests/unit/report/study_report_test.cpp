#include "report/study_report.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::report {
namespace {

using measure::Row;

Row row(const std::string& model, const std::string& engine, std::int64_t batch, double ms, const std::string& verdict = "valid") {
  Row made;
  made.model = model;
  made.engine = engine;
  made.engine_version = "1.0";
  made.batch = batch;
  made.per_image_ms = ms;
  made.images_per_s = 1000 / ms;
  made.status = "passed";
  made.verdict = verdict;
  made.source = "measured";
  made.platform = "here";
  made.precision_requested = "fp32";
  made.started_at = "2026-02-03T04:05:06Z";
  return made;
}

std::vector<Row> some_rows() {
  Row failed = row("vgg16", "torch", 2, 1);
  failed.status = "out_of_memory";
  failed.verdict = std::nullopt;
  failed.per_image_ms = failed.images_per_s = std::nullopt;
  return {row("resnet18", "torch", 1, 10),
          row("resnet18", "torch", 2, 8),
          row("resnet18", "openvino", 1, 5),
          row("resnet18", "openvino", 2, 2),
          row("vgg16", "torch", 1, 40),
          failed,
          row("vgg16", "openvino", 1, 1, "invalid"),
          row("vgg16", "openvino", 2, 16, "unstable")};
}

StudyPlan plan_of(std::vector<BlockContent> blocks, const std::string& from = "rows") {
  StudyPlan plan;
  plan.file = "studies/x.toml";
  plan.name = "x";
  plan.networks = {"resnet18", "vgg1[69]"};
  for (BlockContent& content : blocks) plan.blocks.push_back({std::move(content), from, 10 + plan.blocks.size()});
  return plan;
}

TableSpec grid() {
  TableSpec spec;
  spec.title = "Times";
  spec.rows = {"model"};
  spec.columns = {"batch"};
  spec.value = "per_image_ms";
  return spec;
}

template <typename Item>
std::vector<const Item*> all(const Report& report) {
  std::vector<const Item*> found;
  for (const ReportSection& section : report.sections) {
    for (const ReportItem& item : section.items) {
      if (const auto* one = std::get_if<Item>(&item)) found.push_back(one);
    }
  }
  return found;
}

struct Failure {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};
Failure failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(StudyReport, FactsVerdictsAndSections) {
  const Report made =
      study_report(plan_of({SectionSpec{"One", "Words."}, SectionSpec{"Two", ""}, AbsentSpec{"Power", "no meter"}}), some_rows());
  EXPECT_EQ(made.title, "x");
  ASSERT_EQ(made.sections.size(), 2u);
  EXPECT_EQ(made.sections[0].title, "One");
  EXPECT_EQ(std::get<ReportText>(made.sections[0].items.at(0)).text, "Words.");
  EXPECT_EQ(std::get<ReportMissing>(made.sections[1].items.at(0)).reason, "no meter");
  EXPECT_EQ(made.verdicts,
            (std::vector<std::pair<std::string, std::size_t>>{{"invalid", 1}, {"out_of_memory", 1}, {"unstable", 1}, {"valid", 5}}));
  EXPECT_EQ(made.facts,
            (std::vector<std::pair<std::string, std::string>>{
                {"Measured on", "here"}, {"Engines", "openvino 1.0, torch 1.0"}, {"Dates", "2026-02-03"}, {"Measured rows", "8"}}));
}

TEST(StudyReport, Grids) {
  TableSpec each = grid();
  each.each = {"engine"};
  each.empty = "x";
  each.where = "batch<=2";
  const Report made = study_report(plan_of({each}), some_rows());
  const auto tables = all<ReportTable>(made);
  ASSERT_EQ(tables.size(), 2u);
  const Table& torch = tables[1]->table;
  EXPECT_EQ(torch.title, "Times (torch)");
  EXPECT_EQ(torch.columns, (std::vector<std::string>{"model", "1", "2"}));
  EXPECT_EQ(std::get<double>(torch.rows[0][2]), 8);
  EXPECT_EQ(std::get<Marked>(torch.rows[1][2]).mark, "x");
  EXPECT_EQ(std::get<Marked>(torch.rows[1][2]).value, std::nullopt);
  // An invalid figure is not shown to people either, nor written to files.
  const Table& openvino = tables[0]->table;
  EXPECT_EQ(std::get<Marked>(openvino.rows[1][1]).mark, "!");
  EXPECT_EQ(std::get<Marked>(openvino.rows[1][1]).value, std::nullopt);
  EXPECT_EQ(std::get<Marked>(openvino.rows[1][2]).mark, "~");
  EXPECT_EQ(std::get<Marked>(openvino.rows[1][2]).value, 16);

  // What `run` prints: grids of measured rows alone.
  TableSpec list;
  list.columns = {"model"};
  const std::vector<Table> printed = measured_tables(plan_of({grid(), list}), some_rows(), Format::table);
  ASSERT_EQ(printed.size(), 1u);
  EXPECT_EQ(printed[0].title, "Times");
  EXPECT_EQ(printed[0].columns, (std::vector<std::string>{"model", "engine", "1", "2"}));
}

TEST(StudyReport, TheOrderOfTheStoreDoesNotShow) {
  TableSpec wide = grid();
  wide.columns = {"engine", "batch"};
  std::vector<Row> rows = some_rows();
  const Report first = study_report(plan_of({wide}), rows);
  std::reverse(rows.begin(), rows.end());
  const Report second = study_report(plan_of({wide}), rows);
  const Table &a = all<ReportTable>(first).at(0)->table, &b = all<ReportTable>(second).at(0)->table;
  EXPECT_EQ(a.columns, (std::vector<std::string>{"model", "openvino / 1", "openvino / 2", "torch / 1", "torch / 2"}));
  EXPECT_EQ(a.columns, b.columns);
  EXPECT_EQ(std::get<std::string>(a.rows[0][0]), "resnet18");
  EXPECT_EQ(std::get<std::string>(b.rows[0][0]), "resnet18");
}

TEST(StudyReport, ListsOfNetworks) {
  TableSpec list;
  list.title = "Cost";
  list.columns = {"model", "parameters", "gmacs", "top1"};
  list.sort = "gmacs";
  const Report made = study_report(plan_of({list}, "networks"), {});
  const auto tables = all<ReportTable>(made);
  ASSERT_EQ(tables.size(), 1u);
  ASSERT_EQ(tables[0]->table.rows.size(), 3u);
  EXPECT_EQ(std::get<std::string>(tables[0]->table.rows[0][0]), "vgg19");
  EXPECT_EQ(std::get<std::string>(tables[0]->table.rows[2][0]), "resnet18");
  EXPECT_EQ(std::get<std::int64_t>(tables[0]->table.rows[2][1]), 11689512);
  EXPECT_EQ(std::get<double>(tables[0]->table.rows[2][2]), 1.814073344);
}

TEST(StudyReport, LinesOfAListThatAreAlikeStandOnce) {
  TableSpec list;
  list.columns = {"engine", "status"};
  EXPECT_EQ(all<ReportTable>(study_report(plan_of({list}), some_rows())).at(0)->table.rows.size(), 8u);
  list.distinct = true;
  const Report made = study_report(plan_of({list}), some_rows());
  const Table& table = all<ReportTable>(made).at(0)->table;
  ASSERT_EQ(table.rows.size(), 3u);
  const auto line = [&](std::size_t at) {
    return std::get<std::string>(table.rows[at][0]) + " " + std::get<std::string>(table.rows[at][1]);
  };
  EXPECT_EQ(line(0), "openvino passed");
  EXPECT_EQ(line(1), "torch passed");
  EXPECT_EQ(line(2), "torch out_of_memory");
}

measure::AnsweredPictures answered(const std::string& engine, double first, double second) {
  measure::AnsweredPictures made;
  made.evaluation.model = "resnet18";
  made.evaluation.engine = engine;
  made.evaluation.precision_requested = "fp32";
  made.evaluation.data = "ten";
  made.answers = {{"a.png", 5, 5, first}, {"b.png", 6, 9, second}};
  return made;
}

TEST(StudyReport, GridsOfPictures) {
  TableSpec spec;
  spec.title = "Probability";
  spec.rows = {"picture", "class"};
  spec.columns = {"model"};
  spec.value = "right_probability";
  spec.empty = "x";
  std::vector<measure::AnsweredPictures> pictures{answered("torch", 0.5, 0.25), answered("openvino", 0.625, 0.125)};
  pictures[1].answers.pop_back();
  const auto table_of = [&] {
    const Report made = study_report(plan_of({spec}, "pictures"), {}, {}, pictures);
    return all<ReportTable>(made).at(0)->table;
  };
  const Table table = table_of();
  // Engines would meet in a cell: they become columns.
  EXPECT_EQ(table.columns, (std::vector<std::string>{"picture", "class", "resnet18 / torch", "resnet18 / openvino"}));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(std::get<std::string>(table.rows[1][0]), "b.png");
  EXPECT_EQ(std::get<double>(table.rows[0][2]), 0.5);
  EXPECT_EQ(std::get<double>(table.rows[0][3]), 0.625);
  EXPECT_EQ(std::get<double>(table.rows[1][2]), 0.25);
  EXPECT_EQ(std::get<Marked>(table.rows[1][3]).mark, "x");
  EXPECT_TRUE(table.notes.empty());

  // Another preparation of the pictures is another figure too; what is alike in all of it is told.
  pictures[1] = answered("torch", 0.75, 1);
  pictures[1].evaluation.preprocessing = "--resize none";
  EXPECT_EQ(table_of().columns.at(3), "resnet18 / --resize none");
  pictures[1].evaluation.preprocessing = "";
  const Table shared = table_of();
  EXPECT_EQ(shared.columns.size(), 3u);
  EXPECT_EQ(std::get<double>(shared.rows[0][2]), 0.75);
  ASSERT_EQ(shared.notes.size(), 1u);
  EXPECT_EQ(shared.notes[0], "2 cells have several lines that are alike in every setting: the newest is shown.");

  const Report without = study_report(plan_of({spec}, "pictures"), some_rows());
  const auto missing = all<ReportMissing>(without);
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_NE(missing[0]->reason.find("--confidences"), std::string::npos);
}

TEST(StudyReport, Takeaways) {
  TakeawaySpec ratio;
  ratio.type = "ratio";
  ratio.value = "images_per_s";
  ratio.column = "engine";
  ratio.numerator = "openvino";
  ratio.denominator = "torch";
  ratio.match = {"model", "batch"};
  TakeawaySpec best;
  best.type = "best";
  best.value = "per_image_ms";
  best.lowest = true;
  best.name = {"model", "engine", "batch"};
  best.each = {"model"};
  TakeawaySpec correlation;
  correlation.type = "correlation";
  correlation.value = "images_per_s";
  correlation.with = {"batch"};
  correlation.each = {"engine"};
  const Report made = study_report(plan_of({ratio, best, correlation}), some_rows());
  EXPECT_EQ(
      made.takeaways,
      // sqrt(2 * 4); the invalid row of vgg16 is in none.
      (std::vector<std::string>{
          "openvino over torch, Images per second, 1/s: 2.83 times (geometric mean of 2 pairs; 2 to 4). Of the 6 rows, 1 is unstable.",
          "resnet18: lowest Time per image, ms: 2.000 with resnet18, openvino, batch 2 (4 rows).",
          "vgg16: lowest Time per image, ms: 16.00 with vgg16, openvino, batch 2 (2 rows). Of the 2 rows, 1 is unstable.",
          "openvino: Spearman's rank correlation with Images per second, 1/s: batch 0.00 (n = 3, p = 1.000). Of the 3 rows, 1 is unstable.",
          "torch: Spearman's rank correlation with Images per second, 1/s: batch 0.87 (n = 3, p = 0.333)."}));

  // Pairs that would be matched by chance are refused.
  ratio.match = {"model"};
  EXPECT_NE(study_report(plan_of({ratio}), some_rows()).takeaways.at(0).find("no ratio of openvino over torch: 2 rows share a place"),
            std::string::npos);
}

TEST(StudyReport, PublishedRowsAndPlainTables) {
  const std::filesystem::path folder = std::string(INFEROMETER_SOURCE_DIR) + "/published";
  StudyPlan plan = plan_of({grid()});
  plan.published = {{folder / "modeltest_colab_latency.csv", "colab", 3}, {folder / "dd_performances_cost.csv", "cost", 4}};
  plan.columns = {{"kind", "engine", {{"torch", "framework"}}, "compiler", 5}};
  FigureSpec bars;
  bars.type = "bar";
  bars.title = "Cost";
  bars.x = "model";
  bars.y = {"gmacs"};
  plan.blocks.push_back({bars, "cost", 20});
  TableSpec kinds = grid();
  kinds.title = "Kinds";
  kinds.each = {"kind"};
  kinds.where = "origin=measured";
  plan.blocks.push_back({kinds, "rows", 30});
  const Report made = study_report(plan, some_rows());
  const auto tables = all<ReportTable>(made);
  ASSERT_EQ(tables.size(), 4u);
  EXPECT_EQ(tables[0]->table.title, "Times (measured)");
  EXPECT_EQ(tables[1]->table.title, "Times (published)");
  EXPECT_EQ(tables[1]->table.rows.size(), 39u);
  EXPECT_EQ(tables[2]->table.title, "Kinds (compiler)");
  EXPECT_EQ(tables[3]->table.title, "Kinds (framework)");
  const auto figures = all<ReportFigure>(made);
  ASSERT_EQ(figures.size(), 1u);
  EXPECT_TRUE(figures[0]->chart.panels[0].series[0].published);
  EXPECT_NE(figures[0]->chart.caption.find("Published: jolibrain/dd_performances, flops and params table; 13 rows."), std::string::npos);
}

TEST(StudyReport, WithoutRowsTheCommandIsNamed) {
  FigureSpec line;
  line.type = "line";
  line.title = "Times";
  line.x = "batch";
  line.y = {"per_image_ms"};
  const Report made = study_report(plan_of({line, grid()}), {});
  const auto missing = all<ReportMissing>(made);
  ASSERT_EQ(missing.size(), 2u);
  for (const ReportMissing* item : missing) {
    EXPECT_EQ(item->title, "Times");
    EXPECT_NE(item->reason.find("`inferometer run studies/x.toml` measures them"), std::string::npos) << item->reason;
  }
}

TEST(StudyReport, MistakesNameFileAndLine) {
  FigureSpec line;
  line.type = "line";
  line.x = "batsch";
  line.y = {"per_image_ms"};
  Failure failure = failure_of([&] { study_report(plan_of({line}), some_rows()); });
  EXPECT_EQ(failure.message, "studies/x.toml:10: x: the study's rows has no column 'batsch'");
  EXPECT_EQ(failure.code, ErrorCode::input);
  TableSpec list;
  list.columns = {"model", "gmac"};
  EXPECT_EQ(failure_of([&] { study_report(plan_of({list}, "networks"), {}); }).message,
            "studies/x.toml:10: the table of networks has no column 'gmac'");
  StudyPlan absent = plan_of({});
  absent.published = {{"nowhere/file.csv", "file", 7}};
  EXPECT_EQ(failure_of([&] { study_report(absent, {}); }).message.rfind("studies/x.toml:7: ", 0), 0u);
}

}  // namespace
}  // namespace inferometer::report
