#include "store/store.h"

#include <csignal>
#include <cstring>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "child.h"
#include "samples.h"
#include "store/schema.h"
#include "store/sqlite.h"

namespace inferometer::store {
namespace {

namespace fs = std::filesystem;

TEST(StoreOpening, a_missing_or_empty_file_is_created) {
  const TemporaryFolder folder;
  { Store store(folder / "new.db"); }
  EXPECT_GT(fs::file_size(folder / "new.db"), 0u);
  put_file(folder / "empty.db", "");
  { Store store(folder / "empty.db"); }
  EXPECT_EQ(Store(folder / "empty.db").rows({}).size(), 0u);
  // Names that SQLite would take for something else are files like any other.
  for (const std::string name : {":memory:", "a?mode=ro#b%20c.db", "größe.db"}) {
    Store store(folder / name);
    EXPECT_TRUE(fs::exists(folder / name)) << name;
  }
}

TEST(StoreOpening, the_file_says_what_it_is_and_commits_are_synced) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  Database database(folder / "a.db", Database::Access::read_write);
  EXPECT_EQ(database.integer("PRAGMA application_id"), 0x696e6672);
  EXPECT_EQ(database.integer("PRAGMA user_version"), kSchemaVersion);
  EXPECT_EQ(database.text("PRAGMA journal_mode"), "wal");
}

TEST(StoreOpening, what_is_no_store_is_refused_and_left_as_it_was) {
  const TemporaryFolder folder;
  put_file(folder / "text.db", "model,batch\nalexnet,1\n" + std::string(5000, 'x'));
  put_file(folder / "short.db", "x");
  {
    Database other(folder / "other.db", Database::Access::read_write);
    other.execute("PRAGMA application_id = 1196444487; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    Database unnamed(folder / "unnamed.db", Database::Access::read_write);
    unnamed.execute("PRAGMA journal_mode = WAL; CREATE TABLE t(x)");
    Database newer(folder / "newer.db", Database::Access::read_write);
    bring_up_to_date(newer, schema_steps());
    newer.execute("PRAGMA user_version = 99");
  }
  const std::vector<std::pair<std::string, std::string>> cases{
      {"text.db", "is not an SQLite database"},
      {"short.db", "is not an SQLite database"},
      {"other.db", "is an SQLite database of another application (application id 0x47504b47"},
      {"unnamed.db", "is an SQLite database of another application (application id 0x0"},
      {"newer.db", "has schema version 99, newer than version " + std::to_string(kSchemaVersion)},
  };
  for (const auto& [name, problem] : cases) {
    SCOPED_TRACE(name);
    const std::string before = content_of(folder / name);
    expect_error(ErrorCode::input, problem, [&] { Store store(folder / name); });
    EXPECT_TRUE(content_of(folder / name) == before);
    for (const std::string suffix : {"-wal", "-shm", "-journal"}) EXPECT_FALSE(fs::exists(folder / (name + suffix)));
  }
  expect_error(ErrorCode::input, "is a folder", [&] { Store store(folder.path()); });
  expect_error(ErrorCode::input, "is not a regular file", [&] { Store store("/dev/null"); });
  expect_error(ErrorCode::io, "the folder " + (folder / "none").string() + " does not exist",
               [&] { Store store(folder / "none" / "a.db"); });
  expect_error(ErrorCode::usage, "is empty", [&] { Store store(""); });
}

TEST(StoreOpening, rights_that_are_missing_are_named) {
  const TemporaryFolder folder;
  { Store store(folder / "a.db"); }
  fs::create_directory(folder / "closed");
  { Store store(folder / "closed" / "b.db"); }
  chmod(folder.path().c_str(), 0777);
  const auto attempt = [&](const fs::path& file) {
    return said_in_child([&] {
      become_nobody();
      Store store(file);
    });
  };
  chmod((folder / "a.db").c_str(), 0444);
  EXPECT_TRUE(attempt(folder / "a.db").starts_with("io: " + (folder / "a.db").string() + " cannot be written: Permission denied"));
  chmod((folder / "a.db").c_str(), 0000);
  EXPECT_TRUE(attempt(folder / "a.db").starts_with("io: " + (folder / "a.db").string() + " cannot be read: Permission denied"));
  chmod((folder / "closed" / "b.db").c_str(), 0666);
  chmod((folder / "closed").c_str(), 0555);
  for (const std::string name : {"b.db", "new.db"}) {
    const std::string error = attempt(folder / "closed" / name);
    EXPECT_NE(error.find("nothing can be created in"), std::string::npos) << error;
    EXPECT_EQ(error.find("no hint"), std::string::npos);
  }
  chmod((folder / "closed").c_str(), 0777);
  EXPECT_FALSE(fs::exists(folder / "closed" / "new.db"));
}

TEST(StoreOpening, a_disk_that_takes_no_more_is_an_error_and_nothing_is_lost) {
  const TemporaryFolder folder;
  {
    Store store(folder / "a.db");
    const auto platform = store.save_platform("p", "P", "{}");
    store.save_row("kept", platform, 1, sample_row("alexnet", 1, 2.0));
  }
  const auto full = [](rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(9);
  };
  const std::string at_work = said_in_child([&] {
    full(40'000);
    Store store(folder / "a.db");
    store.save_start("big", sample_entry("vgg16"), 1, 1, sample_start(0, std::vector<std::int64_t>(100'000, 7)));
  });
  EXPECT_TRUE(at_work.starts_with("io: ")) << at_work;
  EXPECT_EQ(at_work.find("no hint"), std::string::npos);
  const std::string at_creation = said_in_child([&] {
    full(1'000);
    Store store(folder / "b.db");
  });
  EXPECT_TRUE(at_creation.starts_with("io: ")) << at_creation;

  Store store(folder / "a.db");
  EXPECT_EQ(store.rows({}).size(), 1u);
  EXPECT_EQ(store.starts("big", 1).size(), 0u);
  Store second(folder / "b.db");  // what the failed creation left is an empty file at most
  EXPECT_EQ(second.rows({}).size(), 0u);
}

TEST(StoreOpening, a_damaged_file_is_an_error_never_a_crash) {
  const TemporaryFolder folder;
  {
    Store store(folder / "good.db");
    store.save_start("row 1", sample_entry("alexnet"), store.save_platform("p", "P", "{}"), 1, sample_start(0, {1}));
    std::vector<measure::Row> rows;
    for (int i = 0; i < 200; ++i) rows.push_back(sample_row("alexnet", i, 2.0));
    store.import_rows(rows, "elsewhere", "{}");
  }
  const std::string good = content_of(folder / "good.db");
  const std::string file = (folder / "damaged.db").string();
  const auto use = [&] {
    fs::remove(file + "-wal");
    fs::remove(file + "-shm");
    Store store(file);
    store.rows({});
    store.starts("row 1", 1);
  };
  int refused = 0;
  for (std::size_t page = 0; page < good.size() / 4096; ++page) {
    std::string damaged = good;
    std::memset(damaged.data() + page * 4096 + (page == 0 ? 100 : 0), 0xA5, page == 0 ? 3000 : 4096);
    put_file(file, damaged);
    try {
      use();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 10);
  for (const std::size_t bytes : {std::size_t{100}, std::size_t{1000}, std::size_t{4096}, good.size() / 2, good.size() - 4096}) {
    put_file(file, good.substr(0, bytes));
    expect_error(ErrorCode::input, "", use);
  }
  put_file(file, good);
  EXPECT_NO_THROW(use());
}

TEST(Store, keeps_a_start_whole) {
  const TemporaryFolder folder;
  const measure::StartRecord first = sample_start(0, {1, 2, INT64_MAX, 4'000'000'000});
  measure::StartRecord second = sample_start(1, {});
  second.status = measure::Status::failed;
  second.reason = "operator Einsum";
  second.log_tail = "bytes that are no text: \xff\xfe";
  second.agreement = measure::Agreement{.max_error = 1e-4, .tolerance = 1e-3, .against = "reference 0.1.0"};
  {
    Store store(folder / "a.db");
    const auto platform = store.save_platform("p", "P", "{}");
    EXPECT_EQ(store.newest_generation("e"), 0);
    store.save_start("e", sample_entry("alexnet"), platform, 1, second);
    store.save_start("e", sample_entry("alexnet"), platform, 1, first);
    store.save_start("other", sample_entry("vgg16"), platform, 5, first);
  }
  // Samples lie in their blob alone.
  EXPECT_EQ(Database(folder / "a.db", Database::Access::read_write).integer("SELECT count(*) FROM starts WHERE record LIKE '%4000000000%'"),
            0);
  const Store store(folder / "a.db");
  EXPECT_EQ(store.newest_generation("e"), 1);
  EXPECT_TRUE(store.starts("e", 2).empty());
  const auto starts = store.starts("e", 1);
  ASSERT_EQ(starts.size(), 2u);
  EXPECT_EQ(starts[0].index, 0);
  EXPECT_EQ(starts[0].samples_ns, first.samples_ns);
  EXPECT_EQ(starts[0].load_ms, 12.5);
  EXPECT_EQ(starts[0].obtained_own, first.obtained_own);
  EXPECT_EQ(starts[0].surroundings.core_roundtrip_before_ns, 100.0);
  EXPECT_FALSE(starts[0].surroundings.core_roundtrip_after_ns.has_value());
  EXPECT_EQ(starts[1].status, measure::Status::failed);
  EXPECT_EQ(starts[1].reason, "operator Einsum");
  EXPECT_EQ(starts[1].log_tail, "bytes that are no text: \xef\xbf\xbd\xef\xbf\xbd");
  ASSERT_TRUE(starts[1].agreement.has_value());
  EXPECT_EQ(starts[1].agreement->max_error, 1e-4);
  EXPECT_TRUE(starts[1].samples_ns.empty());
}

TEST(Store, a_start_measured_again_takes_the_place_of_the_older_but_both_stay) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const auto platform = store.save_platform("p", "P", "{}");
  store.save_start("e", sample_entry("alexnet"), platform, 1, sample_start(0, {1}));
  store.save_start("e", sample_entry("alexnet"), platform, 1, sample_start(0, {2}));
  store.save_start("e", sample_entry("alexnet"), platform, 2, sample_start(0, {3}));
  ASSERT_EQ(store.starts("e", 1).size(), 1u);
  EXPECT_EQ(store.starts("e", 1)[0].samples_ns, std::vector<std::int64_t>{2});
  EXPECT_EQ(store.newest_generation("e"), 2);
  EXPECT_EQ(Database(folder / "a.db", Database::Access::read_write).integer("SELECT count(*) FROM starts"), 3);
}

TEST(Store, damaged_records_are_named_not_guessed) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const auto platform = store.save_platform("p", "P", "{}");
  store.save_start("e", sample_entry("alexnet"), platform, 1, sample_start(0, {1}));
  store.save_row("r", platform, 1, sample_row("alexnet", 1, 1.0));
  Database database(folder / "a.db", Database::Access::read_write);
  database.execute("UPDATE starts SET samples = x'0102030405'");
  expect_error(ErrorCode::input, "5 bytes, no multiple of 8", [&] { store.starts("e", 1); });
  database.execute("UPDATE starts SET samples = x'', record = '{\"index\":0'");
  expect_error(ErrorCode::input, "a start's record cannot be read", [&] { store.starts("e", 1); });
  database.execute("UPDATE rows SET notes = '[1]'");
  expect_error(ErrorCode::input, "no JSON list of text", [&] { store.rows({}); });
  database.execute("DROP TABLE rows");
  expect_error(ErrorCode::input, "a table is missing", [&] { Store again(folder / "a.db"); });
}

TEST(Store, platforms_are_recognised_and_every_sighting_stands_with_its_rows) {
  const TemporaryFolder folder;
  const auto file = folder / "a.db";
  Store store(file);
  const auto one = store.save_platform("cpu A", "A", R"({"kernel":"6.1"})");
  store.save_row("r1", one, 1, sample_row("alexnet", 1, 1.0));
  EXPECT_EQ(store.save_platform("cpu A", "A renamed", R"({"kernel":"6.2"})"), one);
  store.save_row("r2", one, 1, sample_row("alexnet", 1, 1.0));
  EXPECT_EQ(store.save_platform("cpu A", "A renamed", R"({"kernel":"6.1"})"), one);
  store.save_start("e", sample_entry("alexnet"), one, 1, sample_start(0, {1}));
  EXPECT_NE(store.save_platform("cpu B", "B", "{}"), one);
  Database database(file, Database::Access::read_write);
  EXPECT_EQ(database.integer("SELECT count(*) FROM platforms"), 2);
  EXPECT_EQ(database.integer("SELECT count(*) FROM platform_sightings"), 3);
  EXPECT_EQ(database.integer("SELECT count(*) FROM rows r JOIN platform_sightings s ON s.id = r.sighting_id WHERE "
                             "(r.identity = 'r1' AND s.details LIKE '%6.1%') OR (r.identity = 'r2' AND s.details LIKE '%6.2%')"),
            2);
  EXPECT_EQ(database.integer("SELECT count(*) FROM starts JOIN platform_sightings s ON s.id = sighting_id WHERE s.details LIKE '%6.1%'"),
            1);
  EXPECT_THROW(store.save_row("r3", 999, 1, sample_row("alexnet", 1, 1.0)), Error);  // no such platform
}

TEST(Store, core_roundtrips_are_those_of_the_platform) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const auto one = store.save_platform("1", "1", "{}"), two = store.save_platform("2", "2", "{}");
  measure::StartRecord both = sample_start(0, {1});
  both.surroundings.core_roundtrip_after_ns = 590.5;
  measure::StartRecord none = sample_start(1, {1});
  none.surroundings.core_roundtrip_before_ns.reset();
  store.save_start("e", sample_entry("alexnet"), one, 1, both);
  store.save_start("e", sample_entry("alexnet"), one, 1, none);
  store.save_start("f", sample_entry("alexnet"), two, 1, sample_start(7, {1}));
  auto values = store.core_roundtrips(one);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(values, (std::vector<double>{100.0, 590.5}));
  EXPECT_EQ(store.core_roundtrips(two), std::vector<double>{107.0});
  EXPECT_TRUE(store.core_roundtrips(3).empty());
}

TEST(Store, a_moved_store_still_works) {
  const TemporaryFolder folder;
  Store first(folder / "a.db");
  Store second = std::move(first);
  const auto platform = second.save_platform("p", "P", "{}");
  second.save_row("r", platform, 1, sample_row("alexnet", 1, 1.0));
  EXPECT_EQ(second.rows({}).size(), 1u);
}

}  // namespace
}  // namespace inferometer::store
