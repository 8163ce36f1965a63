// 100,000 rows with 200 raw samples each: a filtered pivot and a filtered list answer in less than a second.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "store/sqlite.h"
#include "store/store.h"

namespace inferometer::store {
namespace {

constexpr int kRows = 100'000;
constexpr int kModels = 50;
constexpr int kBatches = 8;

/// One row and one start, then copies of both made inside SQLite, in one transaction.
void fill(const std::filesystem::path& file) {
  {
    Store store(file);
    const auto platform = store.save_platform("p", "P", "{}");
    measure::Row row;
    row.model = "model0";
    row.engine = "fake";
    row.status = "passed";
    row.verdict = "valid";
    row.batch = 1;
    row.per_image_ms = 1.0;
    row.notes = {"within one start", "p99 needs 259 more samples"};
    row.platform = "Some Processor x2 23GiB";
    row.repro = "inferometer run --model model0 --engine fake --device cpu --precision fp32 --threads 2 --batch 1 --starts 3";
    measure::Entry entry;
    entry.model.name = "model0";
    measure::StartRecord start;
    start.samples_ns.assign(200, 1'000'000);
    store.save_start("identity 0", entry, platform, 1, start);
    store.save_row("identity 0", platform, 1, row);
  }
  Database database(file, Database::Access::read_write);
  database.execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF");  // speed alone matters while it is made
  std::string row_columns;
  Statement columns =
      database.prepare("SELECT name FROM pragma_table_info('rows') WHERE name NOT IN ('id', 'identity', 'model', 'batch', 'per_image_ms')");
  while (columns.step()) row_columns += ", " + std::string(columns.text(0));
  const std::string numbers =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(kRows - 1) + ") ";
  const std::string identity = "printf('%064x', i)";
  Transaction transaction(database);
  database.execute((numbers + "INSERT INTO entries SELECT " + identity + ", entry FROM n, entries WHERE identity = 'identity 0'").c_str());
  database.execute((numbers + "INSERT INTO starts SELECT NULL, " + identity +
                    ", platform_id, sighting_id, generation, start_index, status, created_at, core_roundtrip_before_ns, "
                    "core_roundtrip_after_ns, record, randomblob(1600) FROM n, starts WHERE id = 1")
                       .c_str());
  database.execute((numbers + "INSERT INTO rows(identity, model, batch, per_image_ms" + row_columns + ") SELECT " + identity +
                    ", 'model' || (i % " + std::to_string(kModels) + "), 1 << (i / " + std::to_string(kModels) + " % " +
                    std::to_string(kBatches) + "), 1.0 + i % 7" + row_columns + " FROM n, rows WHERE id = 1")
                       .c_str());
  transaction.commit();
}

template <typename Act>
double seconds(const char* what, Act act) {
  const auto begin = std::chrono::steady_clock::now();
  act();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  std::printf("%-60s %.3f s\n", what, taken.count());
  return taken.count();
}

TEST(StoreScale, a_hundred_thousand_rows_answer_within_a_second) {
  std::string pattern = (std::filesystem::temp_directory_path() / "inferometer_scale_XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const std::filesystem::path folder = pattern, file = folder / "a.db";
  seconds("fill", [&] { fill(file); });
  std::printf("%-60s %.0f MB\n", "size", static_cast<double>(std::filesystem::file_size(file)) / 1e6);

  std::optional<Store> store;
  EXPECT_LT(seconds("open", [&] { store.emplace(file); }), 1.0);
  Pivot pivot;
  EXPECT_LT(seconds("pivot of model by batch, batch>=8",
                    [&] { pivot = store->pivot({.where = parse_where("batch>=8 and engine=fake")}, "model", {"batch"}, "per_image_ms"); }),
            1.0);
  EXPECT_EQ(pivot.rows.size(), std::size_t{kModels});
  EXPECT_EQ(pivot.columns, (std::vector<std::string>{"8", "16", "32", "64", "128"}));
  std::size_t values = 0;
  for (const auto& row : pivot.cells) {
    for (const auto& cell : row) values += cell.size();
  }
  EXPECT_EQ(values, std::size_t{kRows / kBatches * 5});

  std::vector<StoredRow> rows;
  EXPECT_LT(seconds("rows of one model", [&] { rows = store->rows({.where = parse_where("model=model7 and per_image_ms>3")}); }), 1.0);
  EXPECT_GT(rows.size(), std::size_t{kRows / kModels / 2});
  seconds("all rows", [&] { rows = store->rows({}); });
  EXPECT_EQ(rows.size(), std::size_t{kRows});
  EXPECT_LT(seconds("newest row and starts of one entry, 100 times",
                    [&] {
                      for (int i = 1; i <= 100; ++i) {
                        const std::string identity = rows[static_cast<std::size_t>(i * 997)].identity;
                        ASSERT_TRUE(store->newest_row(identity).has_value());
                        ASSERT_EQ(store->starts(identity, 1).at(0).samples_ns.size(), 200u);
                      }
                    }),
            1.0);
  std::vector<double> roundtrips;
  EXPECT_LT(seconds("core round trips of a platform", [&] { roundtrips = store->core_roundtrips(1); }), 1.0);

  store.reset();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace inferometer::store
