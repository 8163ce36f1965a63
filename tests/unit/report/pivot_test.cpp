#include "report/pivot.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/error.h"
#include "report/rows.h"

namespace inferometer::report {
namespace {

using Words = std::vector<std::string>;

measure::Row row(const std::string& model, const std::string& engine, std::int64_t batch, double per_image_ms) {
  measure::Row row;
  row.model = model;
  row.engine = engine;
  row.batch = batch;
  row.per_image_ms = per_image_ms;
  row.status = "passed";
  row.verdict = "valid";
  row.source = "measured";
  return row;
}

const PivotRequest kModelByBatch{{"model"}, {"batch"}, "per_image_ms", ""};

double number(const Cell& cell) { return std::get<double>(cell); }
std::string text(const Cell& cell) { return std::get<std::string>(cell); }
bool is_null(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

TEST(Pivot, LinesInOrderOfAppearanceNumbersSorted) {
  const Table table =
      pivot({row("vgg16", "a", 4, 1.5), row("alexnet", "a", 16, 2.5), row("vgg16", "a", 2, 3.5)}, kModelByBatch, Format::table);
  EXPECT_EQ(table.columns, (Words{"model", "2", "4", "16"}));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(text(table.rows[0][0]), "vgg16");
  EXPECT_EQ(number(table.rows[0][1]), 3.5);
  EXPECT_EQ(number(table.rows[0][2]), 1.5);
  EXPECT_TRUE(is_null(table.rows[0][3]));
  EXPECT_EQ(number(table.rows[1][3]), 2.5);
}

TEST(Pivot, SeveralColumnsAcross) {
  const Table table =
      pivot({row("a", "ort", 1, 1), row("a", "ov", 1, 2)}, {{"model"}, {"engine", "batch"}, "per_image_ms", "T"}, Format::table);
  EXPECT_EQ(table.columns, (Words{"model", "ort / 1", "ov / 1"}));
  EXPECT_EQ(table.title, "T");
}

TEST(Pivot, RowsThatDifferInASettingNeverShareACell) {
  const Table table = pivot({row("a", "ort", 1, 1), row("a", "ov", 1, 2), row("b", "ort", 1, 3)}, kModelByBatch, Format::json);
  EXPECT_EQ(table.columns, (Words{"model", "engine", "1"}));
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(text(table.rows[1][1]), "ov");
  EXPECT_EQ(number(table.rows[1][2]), 2);
}

TEST(Pivot, TwoSettingsThatDifferBothBecomeColumns) {
  std::vector<measure::Row> rows{row("a", "ort", 1, 1), row("a", "ov", 1, 2), row("a", "ort", 1, 3)};
  rows[2].threads = 8;
  const Table table = pivot(rows, kModelByBatch, Format::json);
  EXPECT_EQ(table.columns, (Words{"model", "engine", "threads", "1"}));
  EXPECT_EQ(table.rows.size(), 3u);
}

TEST(Pivot, RowsAlikeInEverySettingGiveNoFigure) {
  const Table table = pivot({row("a", "ort", 1, 1), row("a", "ort", 1, 2)}, kModelByBatch, Format::table);
  ASSERT_EQ(table.rows.size(), 1u);
  const Marked& cell = std::get<Marked>(table.rows[0][1]);
  EXPECT_FALSE(cell.value.has_value());
  EXPECT_EQ(cell.mark, "2 rows");
}

TEST(Pivot, Marks) {
  std::vector<measure::Row> rows;
  for (const char* verdict : {"valid", "unstable", "unchecked", "invalid"}) {
    rows.push_back(row(verdict, "a", 1, 7));
    rows.back().verdict = verdict;
  }
  for (const char* status : {"out_of_memory", "failed", "unsupported", "skipped"}) {
    rows.push_back(row(status, "a", 1, 0));
    rows.back().per_image_ms.reset();
    rows.back().status = status;
    rows.back().verdict.reset();
  }
  rows.back().reasons = {"batch 8 ran out of memory"};
  rows.back().model = "skipped after";
  const Table table = pivot(rows, kModelByBatch, Format::table);
  const Words marks{"", "~", "?", "!", "x", "failed", "unsupported", "x"};
  for (std::size_t i = 1; i < marks.size(); ++i) EXPECT_EQ(std::get<Marked>(table.rows[i][1]).mark, marks[i]) << i;
  EXPECT_EQ(number(table.rows[0][1]), 7);
  EXPECT_EQ(std::get<Marked>(table.rows[3][1]).value, 7);
  ASSERT_EQ(table.notes.size(), 1u);
  EXPECT_EQ(table.notes[0], "per_image_ms; ~ unstable, ? unchecked (outputs not compared), ! invalid, x out of memory");

  // A program cannot see a mark, so it gets no figure that is known to be wrong.
  EXPECT_TRUE(is_null(pivot(rows, kModelByBatch, Format::json).rows[3][1]));
}

TEST(Pivot, Errors) {
  EXPECT_THROW(pivot({}, {{"modle"}, {"batch"}, "per_image_ms", ""}, Format::table), Error);
  EXPECT_THROW(pivot({}, {{"model"}, {"bach"}, "per_image_ms", ""}, Format::table), Error);
  EXPECT_THROW(pivot({}, {{"model"}, {"batch"}, "per_image", ""}, Format::table), Error);
  EXPECT_THROW(pivot({}, {{"model"}, {"batch"}, "engine", ""}, Format::table), Error);
  EXPECT_TRUE(pivot({}, kModelByBatch, Format::table).rows.empty());
}

TEST(Rows, ProgramsGetEveryColumnPeopleAPart) {
  const std::vector<measure::Row> rows{row("a", "ort", 1, 1)};
  EXPECT_EQ(rows_table(rows, Format::json).columns, measure::row_columns());
  EXPECT_EQ(rows_table(rows, Format::csv).rows[0].size(), measure::row_columns().size());
  const Table people = rows_table(rows, Format::table);
  EXPECT_LT(people.columns.size(), 20u);
  // Nothing but what is usual stands there, so the column is left out.
  EXPECT_EQ(std::count(people.columns.begin(), people.columns.end(), "engine_settings"), 0);
}

TEST(Rows, ReasonsStandBelowTheTable) {
  std::vector<measure::Row> rows{row("a", "ort", 2, 1), row("b", "ort", 2, 1)};
  rows[1].verdict = "unstable";
  rows[1].reasons = {"drift: close other programs"};
  EXPECT_EQ(rows_table(rows, Format::table).notes, (Words{"b ort b2: drift: close other programs"}));
}

TEST(Rows, NumericColumns) {
  EXPECT_TRUE(is_numeric_column("per_image_ms"));
  EXPECT_TRUE(is_numeric_column("batch"));
  EXPECT_FALSE(is_numeric_column("engine"));
  EXPECT_FALSE(is_numeric_column("reasons"));
  EXPECT_FALSE(is_numeric_column("nothing"));
}

}  // namespace
}  // namespace inferometer::report
