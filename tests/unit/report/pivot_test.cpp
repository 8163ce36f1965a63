#include "report/pivot.h"

#include <algorithm>
#include <functional>

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

/// The part of the columns that says how a row was measured.
Words settings_of(const Table& table) {
  return {table.columns.begin(), std::find(table.columns.begin(), table.columns.end(), "latency_median_ms")};
}

TEST(Rows, SettingsThatVaryHaveColumns) {
  measure::Row plain = row("a", "ort", 1, 1);
  plain.mode = "latency";
  plain.protocol = "default";
  plain.streams = plain.requests = 1;
  const Words always{"model", "engine", "device", "precision", "threads", "batch"};
  EXPECT_EQ(settings_of(rows_table({plain, row("b", "ort", 1, 1)}, Format::table)), always);

  struct Case {
    std::function<void(measure::Row&)> change;
    Words further;
  };
  const Case cases[] = {
      {[](measure::Row& row) { row.engine_settings = "graph=basic"; }, {"engine_settings"}},
      {[](measure::Row& row) { row.mode = "throughput"; }, {"mode"}},
      {[](measure::Row& row) { row.mode = "throughput", row.streams = 2, row.requests = 4; }, {"mode", "streams", "requests"}},
      {[](measure::Row& row) { row.protocol = "dd"; }, {"protocol"}},
      {[](measure::Row& row) { row.source = "elsewhere"; }, {"source"}},
      {[](measure::Row& row) { row.input_height = 64; }, {"input_height"}},
      {[](measure::Row& row) { row.input_width = 64; }, {"input_width"}},
      {[](measure::Row& row) { row.precision_requested = "int8"; }, {"precision_requested"}},
      {[](measure::Row& row) { row.platform = "there"; }, {"platform"}},
      {[](measure::Row& row) { row.engine_version = "2"; }, {"engine_version"}},
      {[](measure::Row& row) { row.platform = "there", row.engine_version = "2"; }, {"platform"}},  // the first that tells
      {[](measure::Row& row) { row.started_at = "2026-01-02T03:04:05Z"; }, {"started_at"}},
  };
  for (const Case& each : cases) {
    measure::Row changed = plain;
    each.change(changed);
    Words settings = settings_of(rows_table({plain, changed}, Format::table));
    std::erase_if(settings, [&](const std::string& name) { return std::find(always.begin(), always.end(), name) != always.end(); });
    EXPECT_EQ(settings, each.further);
  }

  // Networks that differ in what their names tell apart already need no column of it; one of a mode of its own is unusual.
  measure::Row other = row("b", "ort", 1, 1);
  other.input_height = 299;
  EXPECT_EQ(settings_of(rows_table({plain, other}, Format::table)), always);
  plain.mode = "throughput";
  EXPECT_EQ(settings_of(rows_table({plain}, Format::table)).back(), "mode");
}

TEST(Rows, RemarksNameWhatTellsTheirRowsApart) {
  std::vector<measure::Row> rows(4, row("a", "ort", 1, 1));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].verdict = "unstable";
    rows[i].reasons = {"drift"};
    rows[i].streams = 1 + static_cast<std::int64_t>(i) / 2;
    rows[i].requests = 2 + static_cast<std::int64_t>(i) % 2;
  }
  rows.push_back(row("b", "ort", 1, 1));
  rows.back().verdict = "unstable";
  rows.back().reasons = {"drift"};
  rows.back().streams = 7;
  EXPECT_EQ(rows_table(rows, Format::table).notes,
            (Words{"a ort b1 (streams: 1, requests: 2): drift", "a ort b1 (streams: 1, requests: 3): drift",
                   "a ort b1 (streams: 2, requests: 2): drift", "a ort b1 (streams: 2, requests: 3): drift", "b ort b1: drift"}));
}

TEST(Rows, WhatNoColumnSaysIsSaid) {
  std::vector<measure::Row> rows(2, row("a", "ort", 1, 1));
  rows[0].repro = "inferometer run --cpus 0";
  rows[1].repro = "inferometer run --cpus 1";
  const Table table = rows_table(rows, Format::table);
  ASSERT_EQ(table.notes.size(), 1u);
  EXPECT_NE(table.notes[0].find("`repro`"), std::string::npos);
  rows[1].threads = 2;
  EXPECT_TRUE(rows_table(rows, Format::table).notes.empty());

  // Weights of two files: their hashes, cut to what people compare.
  rows[1].threads = rows[0].threads;
  rows[0].model_sha256 = std::string(64, 'a');
  rows[1].model_sha256 = std::string(64, 'b');
  const Table weights = rows_table(rows, Format::table);
  const auto column = std::find(weights.columns.begin(), weights.columns.end(), "model_sha256") - weights.columns.begin();
  ASSERT_LT(static_cast<std::size_t>(column), weights.columns.size());
  EXPECT_EQ(text(weights.rows[1][static_cast<std::size_t>(column)]), "bbbbbbbbbbbb");
  EXPECT_TRUE(weights.notes.empty());
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
