#include <limits>

#include <gtest/gtest.h>

#include "measure/row_fields.h"
#include "samples.h"
#include "store/store.h"

namespace inferometer::store {
namespace {

class Queries : public ::testing::Test {
 protected:
  TemporaryFolder folder;
  Store store{folder / "a.db"};
  std::int64_t platform = store.save_platform("p", "P", "{}");
  int count = 0;

  void save(const measure::Row& row) { store.save_row("identity " + std::to_string(count++), platform, 1, row); }
  /// Models of the rows that a --where finds, joined.
  std::string found(const std::string& where) const {
    std::string models;
    for (const StoredRow& stored : store.rows({.where = parse_where(where)})) models += stored.row.model + " ";
    return models;
  }
};

TEST_F(Queries, a_row_comes_back_with_every_field) {
  measure::Row row;
  std::int64_t n = 0;
  measure::for_each_row_field([&]<typename Value>(const measure::RowField<measure::Row, Value>& field) {
    ++n;
    Value& value = row.*field.member;
    if constexpr (std::is_same_v<Value, std::vector<std::string>>)
      value = {"a \"b\"\n", std::to_string(n)};
    else if constexpr (std::is_same_v<Value, std::string>)
      value = std::string("text\0", 5) + std::to_string(n);
    else if constexpr (std::is_same_v<Value, std::optional<std::string>>)
      value = "optional " + std::to_string(n);
    else if constexpr (std::is_same_v<Value, std::optional<std::int64_t>>)
      value = INT64_MAX - n;
    else
      value = 0.1 + static_cast<double>(n);
  });
  save(row);
  save(measure::Row{});
  const auto rows = store.rows({});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].identity, "identity 0");
  measure::for_each_row_field([&](const auto& field) { EXPECT_EQ(rows[0].row.*field.member, row.*field.member) << field.name; });
  EXPECT_EQ(rows[1].row.source, "measured");
  EXPECT_FALSE(rows[1].row.batch.has_value());
  EXPECT_FALSE(rows[1].row.verdict.has_value());
  EXPECT_TRUE(rows[1].row.notes.empty());
  EXPECT_LT(rows[0].id, rows[1].id);
}

TEST_F(Queries, the_newest_row_of_an_identity_counts) {
  store.save_row("a", platform, 1, sample_row("alexnet", 1, 1.0));
  store.save_row("b", platform, 1, sample_row("vgg16", 1, 5.0));
  store.save_row("a", platform, 2, sample_row("alexnet", 1, 2.0));
  EXPECT_EQ(store.rows({}).size(), 2u);
  EXPECT_EQ(store.rows({.newest_only = false}).size(), 3u);
  ASSERT_TRUE(store.newest_row("a").has_value());
  EXPECT_EQ(store.newest_row("a")->row.per_image_ms, 2.0);
  EXPECT_FALSE(store.newest_row("c").has_value());
  EXPECT_EQ(store.newest_generation("a"), 2);
  // A condition chooses among the newest; it does not bring an older one back.
  EXPECT_TRUE(store.rows({.where = parse_where("per_image_ms<1.5")}).empty());
  EXPECT_EQ(store.rows({.where = parse_where("per_image_ms<1.5"), .newest_only = false}).size(), 1u);
  EXPECT_EQ(store.rows({.identities = {"a", "c"}}).size(), 1u);
  EXPECT_EQ(store.rows({.newest_only = false, .identities = {"a", "c"}}).size(), 2u);
}

TEST_F(Queries, numbers_compare_as_numbers_and_text_exactly) {
  save(sample_row("two", 2, 2.5));
  save(sample_row("ten", 10, 10.0));
  measure::Row bare = sample_row("bare", 1, 1.0);
  bare.batch.reset();
  bare.verdict.reset();
  bare.platform = "";
  bare.engine_version = "10";
  bare.notes = {"within one start", "p99 needs 409 more samples"};
  save(bare);
  const std::vector<std::pair<std::string, std::string>> cases{
      {"batch>2", "ten "},
      {"batch>=2", "two ten "},
      {"batch<10", "two "},
      {"batch=10.0", "ten "},
      {"batch<=2.5", "two "},
      {"batch!=2", "ten bare "},
      {"batch=null", "bare "},
      {"batch!=null", "two ten "},
      {"per_image_ms=2.5", "two "},
      {"per_image_ms=10", "ten "},
      {"model=TEN", ""},
      {"model like TEN", "ten "},
      {"model like 't%'", "two ten "},
      {"model>bare and model<tz", "two ten "},
      {"engine_version=10", "bare "},
      {"engine_version=10.0", ""},
      {"verdict=null", "bare "},
      {"verdict!=null", "two ten "},
      {"verdict!=valid", "bare "},
      {"verdict=valid and batch=2", "two "},
      {"platform=null", "bare "},
      {"platform!=null", "two ten "},
      {"platform='test machine'", "two ten "},
      {"notes=null", "two ten "},
      {"notes!=null", "bare "},
      {"notes='within one start'", "bare "},
      {"notes!='within one start'", "two ten "},
      {"notes like 'p99%'", "bare "},
      {"notes like 'one%'", ""},
      {"model=' or 1=1 --'", ""},
  };
  for (const auto& [where, models] : cases) EXPECT_EQ(found(where), models) << where;
}

TEST_F(Queries, integers_beyond_what_a_double_holds_compare_exactly) {
  measure::Row row = sample_row("odd", 1, 1.0);
  row.macs = 9'007'199'254'740'993;  // 2^53 + 1
  save(row);
  EXPECT_EQ(found("macs=9007199254740993"), "odd ");
  EXPECT_EQ(found("macs=9007199254740992"), "");
  EXPECT_EQ(found("macs>9007199254740992"), "odd ");
}

TEST_F(Queries, figures_that_are_no_numbers_are_stored_as_null) {
  measure::Row row = sample_row("odd", 1, std::numeric_limits<double>::infinity());
  row.gmacs = std::numeric_limits<double>::quiet_NaN();
  save(row);
  EXPECT_FALSE(store.rows({})[0].row.per_image_ms.has_value());
  EXPECT_FALSE(store.rows({})[0].row.gmacs.has_value());
}

TEST_F(Queries, conditions_made_by_hand_are_checked_too) {
  expect_error(ErrorCode::usage, "no column 'modle'", [&] { store.rows({.where = {{"modle", "=", "x"}}}); });
  expect_error(ErrorCode::usage, "'; --' is no comparison", [&] { store.rows({.where = {{"model", "; --", "x"}}}); });
}

TEST_F(Queries, imports_are_told_from_measured_rows) {
  save(sample_row("ours", 1, 1.0));
  store.import_rows({sample_row("theirs", 1, 9.0)}, "board", "{}");
  const auto models = [&](std::optional<std::string> source) {
    std::string text;
    for (const StoredRow& stored : store.rows({.source = std::move(source)})) text += stored.row.model + ":" + stored.row.source + " ";
    return text;
  };
  EXPECT_EQ(models(std::nullopt), "ours:measured theirs:board ");
  EXPECT_EQ(models("measured"), "ours:measured ");
  EXPECT_EQ(models("board"), "theirs:board ");
  EXPECT_EQ(models("elsewhere"), "");
  EXPECT_EQ(found("source=board"), "theirs ");
}

TEST_F(Queries, a_pivot_groups_and_orders_numbers_as_numbers) {
  for (const std::int64_t batch : {16, 8, 128}) save(sample_row("vgg16", batch, static_cast<double>(batch) / 2));
  save(sample_row("alexnet", 8, 1.0));
  save(sample_row("alexnet", 8, 3.0));
  measure::Row without = sample_row("alexnet", 128, 0);
  without.status = "out_of_memory";
  without.per_image_ms.reset();
  save(without);
  measure::Row unknown = sample_row("alexnet", 1, 7.0);
  unknown.batch.reset();
  save(unknown);
  const Pivot pivot = store.pivot({}, "model", {"batch"}, "per_image_ms");
  EXPECT_EQ(pivot.rows, (std::vector<std::string>{"alexnet", "vgg16"}));
  EXPECT_EQ(pivot.columns, (std::vector<std::string>{"8", "16", "128", "null"}));
  using Cells = std::vector<std::vector<std::vector<double>>>;
  EXPECT_EQ(pivot.cells, (Cells{{{1.0, 3.0}, {}, {}, {7.0}}, {{4.0}, {8.0}, {64.0}, {}}}));

  const Pivot two = store.pivot({.where = parse_where("model=vgg16")}, "batch", {"engine", "batch"}, "batch");
  EXPECT_EQ(two.rows, (std::vector<std::string>{"8", "16", "128"}));
  EXPECT_EQ(two.columns, (std::vector<std::string>{"fake / 8", "fake / 16", "fake / 128"}));
  EXPECT_EQ(two.cells[1][1], std::vector<double>{16.0});
  EXPECT_TRUE(two.cells[1][0].empty());
}

TEST_F(Queries, a_pivot_of_nothing_is_empty_and_wrong_columns_are_named) {
  const Pivot pivot = store.pivot({}, "model", {"batch"}, "per_image_ms");
  EXPECT_TRUE(pivot.rows.empty());
  EXPECT_TRUE(pivot.columns.empty());
  EXPECT_TRUE(pivot.cells.empty());
  expect_error(ErrorCode::usage, "no column 'modle'", [&] { store.pivot({}, "modle", {"batch"}, "per_image_ms"); });
  expect_error(ErrorCode::usage, "no column 'bach'", [&] { store.pivot({}, "model", {"bach"}, "per_image_ms"); });
  expect_error(ErrorCode::usage, "does not hold numbers", [&] { store.pivot({}, "model", {"batch"}, "engine"); });
  expect_error(ErrorCode::usage, "needs a column across", [&] { store.pivot({}, "model", {}, "per_image_ms"); });
}

}  // namespace
}  // namespace inferometer::store
