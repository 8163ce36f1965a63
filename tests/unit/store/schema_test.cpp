#include "store/schema.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "samples.h"
#include "store/store.h"

namespace inferometer::store {
namespace {

constexpr std::array<SchemaStep, 1> kFirst{{{1, "CREATE TABLE a(x INTEGER) STRICT; INSERT INTO a VALUES (41)"}}};
constexpr std::array<SchemaStep, 3> kThird{{kFirst[0], {2, "ALTER TABLE a ADD COLUMN y TEXT"}, {3, "UPDATE a SET x = x + 1, y = 'new'"}}};
constexpr std::array<SchemaStep, 3> kBroken{{kFirst[0], {2, "ALTER TABLE a ADD COLUMN y TEXT"}, {3, "UPDATE a SET z = 1"}}};

Database open(const std::filesystem::path& file) { return {file, Database::Access::read_write}; }

TEST(Schema, steps_are_numbered_without_gaps_up_to_the_present_version) {
  std::int64_t expected = 0;
  for (const SchemaStep& step : schema_steps()) EXPECT_EQ(step.version, ++expected);
  EXPECT_EQ(expected, kSchemaVersion);
}

TEST(Schema, an_older_file_is_migrated_with_its_content) {
  const TemporaryFolder folder;
  Database database = open(folder / "a.db");
  bring_up_to_date(database, kFirst);
  EXPECT_EQ(database.integer("PRAGMA user_version"), 1);
  bring_up_to_date(database, kThird);
  EXPECT_EQ(database.integer("PRAGMA user_version"), 3);
  EXPECT_EQ(database.integer("PRAGMA application_id"), kApplicationId);
  EXPECT_EQ(database.integer("SELECT x FROM a WHERE y = 'new'"), 42);
  bring_up_to_date(database, kThird);  // nothing left to do
  EXPECT_EQ(database.integer("SELECT x FROM a"), 42);
}

TEST(Schema, a_step_that_fails_undoes_the_steps_before_it) {
  const TemporaryFolder folder;
  Database database = open(folder / "a.db");
  bring_up_to_date(database, kFirst);
  EXPECT_THROW(bring_up_to_date(database, kBroken), Error);
  EXPECT_EQ(database.integer("PRAGMA user_version"), 1);
  EXPECT_EQ(database.integer("SELECT count(*) FROM pragma_table_info('a')"), 1);
  EXPECT_EQ(database.integer("SELECT x FROM a"), 41);
}

TEST(Schema, a_newer_file_is_refused_with_both_versions) {
  const TemporaryFolder folder;
  Database database = open(folder / "a.db");
  bring_up_to_date(database, kThird);
  expect_error(ErrorCode::input, "schema version 3, newer than version 1", [&] { bring_up_to_date(database, kFirst); });
}

TEST(Schema, the_table_of_rows_has_the_keys_and_every_column_of_a_row) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  Database database = open(folder / "a.db");
  std::vector<std::string> columns;
  Statement statement = database.prepare("SELECT name FROM pragma_table_info('rows') ORDER BY cid");
  while (statement.step()) columns.emplace_back(statement.text(0));
  std::vector<std::string> expected{"id", "identity", "platform_id", "sighting_id", "generation", "import_id", "created_at"};
  expected.insert(expected.end(), measure::row_columns().begin(), measure::row_columns().end());
  // Later versions add at the end, so the order is not a row's.
  std::sort(columns.begin(), columns.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(columns, expected);
}

TEST(Schema, the_document_names_every_table_and_column) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  Database database = open(folder / "a.db");
  const std::string document = content_of(std::filesystem::path(INFEROMETER_SOURCE_DIR) / "docs/store.md");
  const std::string evaluating = content_of(std::filesystem::path(INFEROMETER_SOURCE_DIR) / "docs/evaluating.md");
  const std::string layers = content_of(std::filesystem::path(INFEROMETER_SOURCE_DIR) / "docs/layers.md");
  const std::string loading = content_of(std::filesystem::path(INFEROMETER_SOURCE_DIR) / "docs/loading.md");
  const std::string training = content_of(std::filesystem::path(INFEROMETER_SOURCE_DIR) / "docs/training.md");
  Statement statement =
      database.prepare("SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1, 2");
  int seen = 0;
  while (statement.step()) {
    ++seen;
    const std::string table(statement.text(0)), column(statement.text(1));
    EXPECT_NE(document.find("`" + table + "`"), std::string::npos) << table;
    if (table == "rows" &&
        measure::row_columns().end() != std::find(measure::row_columns().begin(), measure::row_columns().end(), column)) {
      continue;  // those are the columns of every row, documented as such
    }
    if (table == "evaluations" && measure::evaluation_column_kind(column)) {
      EXPECT_NE(evaluating.find("`" + column + "`"), std::string::npos) << column;
      continue;
    }
    if (table == "layers" && measure::layer_column_kind(column)) {
      EXPECT_NE(layers.find("`" + column + "`"), std::string::npos) << column;
      continue;
    }
    if (table == "training_epochs" && train::training_column_kind(column)) {
      EXPECT_NE(training.find("`" + column + "`"), std::string::npos) << column;
      continue;
    }
    if (table == "loads" && load_column_kind(column)) {
      EXPECT_NE(loading.find("`" + column + "`"), std::string::npos) << column;
      continue;
    }
    EXPECT_NE(document.find("`" + column + "`"), std::string::npos) << table << "." << column;
  }
  EXPECT_GT(seen, 80);
}

TEST(Sqlite, a_full_disk_is_an_error_that_says_so_and_keeps_what_was_committed) {
  const TemporaryFolder folder;
  Database database = open(folder / "a.db");
  database.execute("CREATE TABLE t(x BLOB); INSERT INTO t VALUES (zeroblob(1000)); PRAGMA max_page_count = 6");
  expect_error(ErrorCode::io, "the disk is full", [&] {
    Transaction transaction(database);
    database.execute("INSERT INTO t VALUES (zeroblob(100000))");
    transaction.commit();
  });
  EXPECT_EQ(database.integer("SELECT count(*) FROM t"), 1);
}

TEST(Sqlite, values_come_back_as_they_went_in) {
  const TemporaryFolder folder;
  Database database = open(folder / "a.db");
  Statement statement = database.prepare("SELECT ?, ?, ?, ?, ?, ?");
  const std::array<std::byte, 3> blob{std::byte{1}, std::byte{0}, std::byte{255}};
  statement.with(std::int64_t{INT64_MIN}, 0.1, std::string_view("a\0b", 3), std::span<const std::byte>(blob), nullptr, std::string_view());
  ASSERT_TRUE(statement.step());
  EXPECT_EQ(statement.integer(0), INT64_MIN);
  EXPECT_EQ(statement.number(1), 0.1);
  EXPECT_EQ(statement.text(2), std::string_view("a\0b", 3));
  EXPECT_TRUE(std::equal(blob.begin(), blob.end(), statement.blob(3).begin(), statement.blob(3).end()));
  EXPECT_TRUE(statement.is_null(4));
  EXPECT_FALSE(statement.is_null(5));  // empty text is not null
  EXPECT_FALSE(statement.step());
}

}  // namespace
}  // namespace inferometer::store
