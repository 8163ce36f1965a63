#include "store/open.h"

#include <set>

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "child.h"
#include "samples.h"
#include "store/schema.h"
#include "store/store.h"

namespace inferometer::store {
namespace {

namespace fs = std::filesystem;

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

/// A closed store as the inferometer of that schema version left it: one row with what version 1 had already.
void make_store_of(std::int64_t version, const fs::path& file) {
  Database database(file, Database::Access::read_write);
  database.execute("PRAGMA journal_mode = WAL");
  bring_up_to_date(database, schema_steps().first(static_cast<std::size_t>(version)));
  database.execute(
      "INSERT INTO platforms(identity, name) VALUES ('machine', 'Machine');"
      "INSERT INTO rows(identity, platform_id, generation, created_at, model, model_sha256, engine, engine_version, engine_settings, "
      "device, "
      "precision, precision_requested, batch, mode, protocol, status, reasons, notes, per_image_ms, platform, started_at, source, repro, "
      "inferometer_version) VALUES ('e', 1, 1, '2026-01-31T12:34:56Z', 'alexnet', '', 'fake', '1', '{}', 'cpu', 'fp32', 'fp32', 4, "
      "'latency', "
      "'default', 'passed', '[]', '[\"a note\"]', 2.5, 'Machine', '2026-01-31T12:34:56Z', 'measured', '', '0.1.0')");
}

nlohmann::json rows_of(const Store& store) {
  nlohmann::json rows = nlohmann::json::array();
  for (const StoredRow& row : store.rows({})) rows.push_back(row.row);
  return rows;
}

std::int64_t version_of(const fs::path& file) { return Database(file, Database::Access::immutable).integer("PRAGMA user_version"); }

TEST(StoreReading, every_published_version_is_read_and_left_as_it_was) {
  for (std::int64_t version = 1; version <= kSchemaVersion; ++version) {
    SCOPED_TRACE(version);
    const TemporaryFolder folder;
    const fs::path file = folder / "a.db";
    make_store_of(version, file);
    const std::string before = content_of(file);
    nlohmann::json read;
    {
      const Store store = Store::reader(file);
      EXPECT_EQ(store.migrated_from(), std::nullopt);
      read = rows_of(store);
      EXPECT_TRUE(store.evaluations({}).empty());
      EXPECT_TRUE(store.answered_pictures().empty());
      EXPECT_TRUE(store.loads({}).empty());
      EXPECT_TRUE(store.layers({}).empty());
      EXPECT_TRUE(store.epochs({}).empty());
      EXPECT_EQ(store.platform("machine"), 1);
      EXPECT_EQ(store.platform("another"), std::nullopt);
      EXPECT_EQ(store.newest_row("e")->row.notes, std::vector<std::string>{"a note"});
      EXPECT_EQ(store.pivot({}, "model", {"batch"}, "per_image_ms").cells.at(0).at(0), std::vector<double>{2.5});
    }
    EXPECT_TRUE(content_of(file) == before);
    EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"a.db"});
    EXPECT_EQ(version_of(file), version);

    // A writer brings it up to date and then reads the same.
    const Store writer(file);
    EXPECT_EQ(writer.migrated_from(), version < kSchemaVersion ? std::optional(version) : std::nullopt);
    EXPECT_EQ(rows_of(writer), read);
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(Store(file).migrated_from(), std::nullopt);
  }
}

TEST(StoreReading, an_older_program_goes_on_writing_beside_a_reader) {
  const TemporaryFolder folder;
  const fs::path file = folder / "a.db";
  make_store_of(4, file);
  Database older(file, Database::Access::read_write);
  older.execute("UPDATE rows SET batch = 8");
  const Store store = Store::reader(file);  // what is in the log alone is read too
  EXPECT_EQ(store.rows({}).at(0).row.batch, 8);
  older.execute("UPDATE rows SET batch = 16");
  EXPECT_EQ(store.rows({}).at(0).row.batch, 8);  // the copy is of one moment
  EXPECT_EQ(Store::reader(file).rows({}).at(0).row.batch, 16);
  EXPECT_EQ(older.integer("PRAGMA user_version"), 4);
}

TEST(StoreReading, a_reader_sees_what_is_written_after_it_was_opened) {
  const TemporaryFolder folder;
  Store writer(folder / "a.db");
  const Store reader = Store::reader(folder / "a.db");
  EXPECT_TRUE(reader.rows({}).empty());
  writer.save_row("r", writer.save_platform("p", "P", "{}"), 1, sample_row("alexnet", 1, 1.0));
  EXPECT_EQ(reader.rows({}).size(), 1u);
}

TEST(StoreReading, a_reader_saves_nothing) {
  const TemporaryFolder folder;
  make_store_of(kSchemaVersion, folder / "present.db");
  make_store_of(1, folder / "old.db");
  for (const std::string name : {"present.db", "old.db"}) {
    Store store = Store::reader(folder / name);
    expect_error(ErrorCode::io, name + " cannot be written", [&] { store.save_platform("p", "P", "{}"); });
  }
}

TEST(StoreReading, an_empty_file_is_an_empty_store_and_a_missing_one_is_not_made) {
  const TemporaryFolder folder;
  put_file(folder / "empty.db", "");
  EXPECT_TRUE(Store::reader(folder / "empty.db").rows({}).empty());
  EXPECT_EQ(fs::file_size(folder / "empty.db"), 0u);
  expect_error(ErrorCode::io, "does not exist", [&] { Store::reader(folder / "none.db"); });
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"empty.db"});
  // A new file is not one that was raised from an older version.
  EXPECT_EQ(Store(folder / "empty.db").migrated_from(), std::nullopt);
}

TEST(StoreReading, what_is_no_store_is_refused_as_for_a_writer) {
  const TemporaryFolder folder;
  put_file(folder / "text.db", std::string(5000, 'x'));
  expect_error(ErrorCode::input, "is not an SQLite database", [&] { Store::reader(folder / "text.db"); });
  {
    Database newer(folder / "newer.db", Database::Access::read_write);
    bring_up_to_date(newer, schema_steps());
    newer.execute("PRAGMA user_version = 99");
    Database damaged(folder / "damaged.db", Database::Access::read_write);
    bring_up_to_date(damaged, schema_steps());
    damaged.execute("DROP TABLE loads");
  }
  expect_error(ErrorCode::input, "has schema version 99", [&] { Store::reader(folder / "newer.db"); });
  expect_error(ErrorCode::input, "a table is missing", [&] { Store::reader(folder / "damaged.db"); });
  expect_error(ErrorCode::input, "is a folder", [&] { Store::reader(folder.path()); });
}

/// Files and folder without the right to write, as somebody who is not the administrator.
class ProtectedStore : public testing::Test {
 protected:
  void protect() {
    for (const auto& entry : fs::directory_iterator(folder_.path())) chmod(entry.path().c_str(), 0444);
    chmod(folder_.path().c_str(), 0555);
  }
  void TearDown() override { chmod(folder_.path().c_str(), 0755); }

  /// Rows that somebody without rights reads; or the Error.
  std::string read() {
    return said_in_child([this] {
      become_nobody();
      return rows_of(Store::reader(file_)).dump();
    });
  }

  TemporaryFolder folder_;
  fs::path file_ = folder_ / "a.db";
};

TEST_F(ProtectedStore, every_published_version_is_read) {
  for (std::int64_t version = 1; version <= kSchemaVersion; ++version) {
    SCOPED_TRACE(version);
    chmod(folder_.path().c_str(), 0755);
    fs::remove(file_);
    make_store_of(version, file_);
    const std::string expected = rows_of(Store::reader(file_)).dump(), before = content_of(file_);
    protect();
    EXPECT_EQ(read(), expected);
    EXPECT_TRUE(content_of(file_) == before);
    EXPECT_EQ(names_in(folder_.path()), std::set<std::string>{"a.db"});
  }
}

TEST_F(ProtectedStore, is_read_while_another_writes) {
  make_store_of(kSchemaVersion, file_);
  Database writer(file_, Database::Access::read_write);
  writer.execute("UPDATE rows SET batch = 8");
  protect();
  EXPECT_NE(read().find("\"batch\":8"), std::string::npos) << read();
}

TEST_F(ProtectedStore, whose_log_cannot_be_used_is_refused_not_read_in_part) {
  make_store_of(kSchemaVersion, folder_ / "live.db");
  {
    Database writer(folder_ / "live.db", Database::Access::read_write);
    writer.execute("UPDATE rows SET batch = 8");
    fs::copy_file(folder_ / "live.db", file_);
    fs::copy_file(folder_ / "live.db-wal", folder_ / "a.db-wal");
  }
  protect();
  const std::string said = read();
  EXPECT_TRUE(said.find("a.db-wal beside it") != std::string::npos || said.find("\"batch\":8") != std::string::npos) << said;
}

/// What SQLite would put beside the file would belong to the reader, and its owner could write no more.
TEST_F(ProtectedStore, of_somebody_else_in_a_folder_of_all_is_read_and_nothing_left_beside_it) {
  make_store_of(kSchemaVersion, file_);
  const std::string expected = rows_of(Store::reader(file_)).dump();
  protect();
  chmod(folder_.path().c_str(), 0777);
  EXPECT_EQ(read(), expected);
  EXPECT_EQ(names_in(folder_.path()), std::set<std::string>{"a.db"});
}

/// A journal holds what an interrupted writer must take back: the file alone tells of what never was.
TEST_F(ProtectedStore, with_a_journal_is_refused) {
  make_store_of(kSchemaVersion, file_);
  std::ofstream(folder_ / "a.db-journal") << std::string(600, 'j');
  protect();
  const std::string said = read();
  EXPECT_NE(said.find("a.db-journal beside it"), std::string::npos) << said;
}

}  // namespace
}  // namespace inferometer::store
