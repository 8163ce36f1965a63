#include "store/loads.h"

#include "samples.h"

namespace inferometer::store {
namespace {

LoadRow sample_load(const std::string& service, double rate) {
  LoadRow row;
  row.url = "http://127.0.0.1:8080";
  row.api = "deepdetect";
  row.service = service;
  row.loop = "poisson";
  row.concurrency = 64;
  row.rate_asked = rate;
  row.rate_obtained = rate - 0.5;
  row.latency_p99_ms = 12.25;
  row.requests = 1000;
  row.status = "passed";
  row.verdict = "valid";
  row.purpose = "measure";
  row.notes = {"a note", "another"};
  return row;
}

TEST(Loads, come_back_as_they_were) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const std::int64_t platform = store.save_platform("m", "machine", "{}");
  // Every column holds something of its own, so that none can take another's place.
  LoadRow row;
  std::int64_t next = 1;
  for_each_load_field([&]<typename Value>(const measure::RowField<LoadRow, Value>& field) {
    if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
      row.*field.member = {std::to_string(next), "x"};
    } else if constexpr (std::is_same_v<Value, std::string> || std::is_same_v<Value, std::optional<std::string>>) {
      row.*field.member = std::to_string(next);
    } else if constexpr (std::is_same_v<Value, std::optional<double>>) {
      row.*field.member = static_cast<double>(next) + 0.25;
    } else {
      row.*field.member = next;
    }
    ++next;
  });
  store.save_load("x", platform, row);
  store.save_load("y", platform, LoadRow{});
  const auto found = store.loads({});
  ASSERT_EQ(found.size(), 2u);
  for_each_load_field([&](const auto& field) {
    EXPECT_EQ(found[0].*field.member, row.*field.member) << field.name;
    EXPECT_EQ(found[1].*field.member, LoadRow{}.*field.member) << field.name;
  });
}

TEST(Loads, are_chosen_by_conditions_and_the_newest_counts) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const std::int64_t platform = store.save_platform("m", "machine", "{}");
  store.save_load("x", platform, sample_load("a", 100));
  store.save_load("x", platform, sample_load("a", 200));
  store.save_load("y", platform, sample_load("b", 50));
  EXPECT_EQ(store.loads({}).size(), 2u);
  EXPECT_EQ(store.loads({{}, false}).size(), 3u);
  const auto found = store.loads({parse_load_where("rate_asked>=100 and service=a and notes=another"), true});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rate_asked, 200);
  expect_error(ErrorCode::usage, "top1", [] { parse_load_where("top1>1"); });
}

TEST(Loads, are_the_same_by_what_decides_their_figures) {
  const LoadRow row = sample_load("a", 100);
  const std::string before = identity(row, "m");
  EXPECT_NE(before, identity(row, "other"));
  LoadRow same = row;
  same.rate_obtained = 1;
  same.latency_p99_ms = 2;
  same.notes.clear();
  same.started_at = "later";
  EXPECT_EQ(before, identity(same, "m"));
  LoadRow other = row;
  other.rate_asked = 101;
  EXPECT_NE(before, identity(other, "m"));
  other = row;
  other.server_version = "2";
  EXPECT_NE(before, identity(other, "m"));
}

}  // namespace
}  // namespace inferometer::store
