#include "measure/runner.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/wait.h>

#include "base/error.h"
#include "fake_engine.h"
#include "measure/core_distance.h"
#include "measure/summary.h"
#include "samples.h"

namespace inferometer::measure {
namespace {

/// Keeps everything in memory, as the store does in a file.
class MemoryLedger final : public Ledger {
 public:
  Newest newest(const std::string& identity) override {
    ++asked[identity];
    if (on_newest) on_newest(identity);
    Newest result;
    for (const auto& [generation, starts] : kept_starts[identity]) result.generation = std::max(result.generation, generation);
    for (const auto& [generation, row] : kept_rows[identity]) {
      result.generation = std::max(result.generation, generation);
      result.row = row;
      result.row_generation = generation;
    }
    return result;
  }
  std::vector<StartRecord> starts(const std::string& identity, std::int64_t generation) override {
    std::vector<StartRecord> result;
    for (const auto& [index, start] : kept_starts[identity][generation]) result.push_back(start);
    return result;
  }
  void keep_start(const std::string& identity, const Entry&, std::int64_t generation, const StartRecord& start) override {
    if (on_keep_start) on_keep_start();
    kept_starts[identity][generation][start.index] = start;
    ++starts_kept;
  }
  void keep_row(const std::string& identity, std::int64_t generation, const Row& row) override {
    kept_rows[identity].emplace_back(generation, row);
  }
  std::vector<double> core_roundtrips() override { return roundtrips; }

  std::map<std::string, std::map<std::int64_t, std::map<int, StartRecord>>> kept_starts;
  std::map<std::string, std::vector<std::pair<std::int64_t, Row>>> kept_rows;
  std::map<std::string, int> asked;
  std::vector<double> roundtrips;
  int starts_kept = 0;
  std::function<void(const std::string&)> on_newest;
  std::function<void()> on_keep_start;
};

/// Remembers what it is told.
class Witness final : public RunObserver {
 public:
  void start_begins(const Entry& entry, int index, std::size_t done, std::size_t total) override {
    begun.emplace_back(entry.batch, index);
    EXPECT_LT(done, total);
  }
  void row_ready(const Entry& entry, const Row& row, bool is_fresh) override {
    EXPECT_EQ(entry.batch, row.batch);
    rows.push_back(row);
    fresh.push_back(is_fresh);
  }
  void waits(const std::string&) override {}
  std::vector<std::pair<std::int64_t, int>> begun;  ///< batch and start; entries here differ in their batch
  std::vector<Row> rows;
  std::vector<bool> fresh;
};

const Platform& machine() {
  static const Platform platform{"machine", "a machine", "{}"};
  return platform;
}

std::string identity_of(const Entry& entry) { return identity(entry, machine().identity); }

std::vector<PlannedEntry> plan_of(const std::vector<Entry>& entries) {
  std::vector<PlannedEntry> plan;
  for (const Entry& entry : entries) plan.push_back({entry, std::nullopt, ""});
  return plan;
}

struct Outcome {
  RunResult result;
  Witness witness;
};

Outcome run(const std::vector<PlannedEntry>& plan, MemoryLedger& ledger, const RunnerOptions& options = {}) {
  const EngineCatalog catalog = fake_catalog();
  Outcome outcome;
  outcome.result = run_plan(plan, catalog, machine(), ledger, options, outcome.witness);
  errno = 0;
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD) << "a worker is left";
  return outcome;
}

Entry with_batch(std::int64_t batch, const std::map<std::string, std::string>& settings = {}) {
  Entry entry = fake_entry(settings);
  entry.batch = batch;
  return entry;
}

Entry with_starts(int starts, std::int64_t batch = 1) {
  Entry entry = with_batch(batch);
  entry.starts = starts;
  return entry;
}

/// A row of this entry as an earlier run has kept it.
Row earlier_row(const Entry& entry, Status status, const std::string& verdict = "") {
  Row row = settled_row(entry, status, "an earlier run", {}, "a machine");
  if (!verdict.empty()) row.verdict = verdict;
  return row;
}

TEST(Runner, measures_every_start_and_keeps_everything) {
  REQUIRE_FAKE_ENGINE();
  MemoryLedger ledger;
  const Entry one = with_starts(2, 1), two = with_starts(3, 2);
  const Outcome outcome = run(plan_of({one, two}), ledger, {.order_seed = 9});
  EXPECT_FALSE(outcome.result.interrupted);
  ASSERT_EQ(outcome.result.rows.size(), 2u);
  EXPECT_EQ(outcome.result.rows[0].batch, 1);  // in plan order
  EXPECT_EQ(outcome.result.rows[0].starts, 2);
  EXPECT_EQ(outcome.result.rows[0].runs, 10);
  EXPECT_EQ(outcome.result.rows[1].batch, 2);
  EXPECT_EQ(outcome.result.rows[1].starts, 3);
  for (const Row& row : outcome.result.rows) {
    EXPECT_EQ(row.status, "passed");
    EXPECT_NE(row.verdict, "valid");  // the fake engine computes nothing
    EXPECT_EQ(row.platform, "a machine");
    EXPECT_EQ(row.agreement_max_error, std::nullopt);
  }
  EXPECT_EQ(ledger.starts_kept, 5);
  EXPECT_EQ(ledger.kept_starts[identity_of(two)][1].size(), 3u);
  EXPECT_EQ(ledger.kept_starts[identity_of(two)][1][2].order_seed, 9u);
  EXPECT_TRUE(ledger.kept_starts[identity_of(two)][1][0].agreement);  // checked in the first start alone
  EXPECT_FALSE(ledger.kept_starts[identity_of(two)][1][1].agreement);
  ASSERT_EQ(ledger.kept_rows[identity_of(one)].size(), 1u);
  EXPECT_EQ(ledger.kept_rows[identity_of(one)][0].first, 1);
  EXPECT_EQ(outcome.witness.fresh, (std::vector<bool>{true, true}));
}

TEST(Runner, starts_are_the_outer_loop_in_an_order_that_the_seed_decides) {
  REQUIRE_FAKE_ENGINE();
  std::vector<Entry> entries;
  for (std::int64_t batch = 1; batch <= 6; ++batch) entries.push_back(with_starts(2, batch));
  const auto order = [&](std::uint64_t seed) {
    MemoryLedger ledger;
    return run(plan_of(entries), ledger, {.order_seed = seed}).witness.begun;
  };
  const auto first = order(1);
  ASSERT_EQ(first.size(), 12u);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(first[i].second, i < 6 ? 0 : 1) << i;
  std::vector<std::int64_t> round_one, round_two;
  for (std::size_t i = 0; i < 6; ++i) {
    round_one.push_back(first[i].first);
    round_two.push_back(first[i + 6].first);
  }
  EXPECT_TRUE(std::is_permutation(round_one.begin(), round_one.end(), round_two.begin()));
  EXPECT_NE(round_one, round_two);
  EXPECT_EQ(order(1), first);
  EXPECT_NE(order(2), first);
}

TEST(Runner, what_is_in_the_store_is_not_measured_again) {
  REQUIRE_FAKE_ENGINE();
  MemoryLedger ledger;
  const std::vector<PlannedEntry> plan = plan_of({with_starts(2)});
  const Outcome first = run(plan, ledger);
  const Outcome second = run(plan, ledger);
  EXPECT_TRUE(second.witness.begun.empty());
  EXPECT_EQ(second.witness.fresh, std::vector<bool>{false});
  ASSERT_EQ(second.result.rows.size(), 1u);
  EXPECT_EQ(nlohmann::json(second.result.rows[0]), nlohmann::json(first.result.rows[0]));
}

TEST(Runner, again_measures_all_and_keeps_the_older_row) {
  REQUIRE_FAKE_ENGINE();
  MemoryLedger ledger;
  const Entry entry = with_starts(2);
  run(plan_of({entry}), ledger);
  const Outcome again = run(plan_of({entry}), ledger, {.again = true});
  EXPECT_EQ(again.witness.begun.size(), 2u);
  EXPECT_EQ(again.witness.fresh, std::vector<bool>{true});
  const auto& rows = ledger.kept_rows[identity_of(entry)];
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].first, 1);
  EXPECT_EQ(rows[1].first, 2);
  EXPECT_EQ(ledger.kept_starts[identity_of(entry)][2].size(), 2u);
}

TEST(Runner, which_rows_are_tried_again) {
  REQUIRE_FAKE_ENGINE();
  struct Case {
    Status status;
    const char* verdict;
    bool retry_unstable, measured;
  };
  const Case cases[] = {
      {Status::passed, "valid", false, false},  {Status::passed, "valid", true, false},     {Status::passed, "unstable", false, false},
      {Status::passed, "unstable", true, true}, {Status::passed, "unchecked", true, false}, {Status::passed, "invalid", true, false},
      {Status::unsupported, "", false, false},  {Status::out_of_memory, "", false, false},  {Status::failed, "", false, true},
      {Status::timed_out, "", false, true},     {Status::skipped, "", false, true},
  };
  for (const Case& c : cases) {
    MemoryLedger ledger;
    const Entry entry = with_starts(1);
    ledger.keep_row(identity_of(entry), 4, earlier_row(entry, c.status, c.verdict));
    const Outcome outcome = run(plan_of({entry}), ledger, {.retry_unstable = c.retry_unstable});
    EXPECT_EQ(outcome.witness.begun.size(), c.measured ? 1u : 0u) << name_of(c.status) << " " << c.verdict;
    ASSERT_EQ(outcome.result.rows.size(), 1u);
    EXPECT_EQ(outcome.result.rows[0].status, c.measured ? "passed" : name_of(c.status));
    EXPECT_EQ(ledger.kept_rows[identity_of(entry)].back().first, c.measured ? 5 : 4);
  }
}

TEST(Runner, an_interrupted_attempt_is_resumed) {
  REQUIRE_FAKE_ENGINE();
  MemoryLedger ledger;
  const Entry entry = with_starts(3);
  StartRecord kept = steady_start(1, 77'000'000, 4);
  ledger.keep_start(identity_of(entry), entry, 1, kept);
  const Outcome outcome = run(plan_of({entry}), ledger);
  EXPECT_EQ(outcome.witness.begun, (std::vector<std::pair<std::int64_t, int>>{{1, 0}, {1, 2}}));
  ASSERT_EQ(outcome.result.rows.size(), 1u);
  EXPECT_EQ(outcome.result.rows[0].starts, 3);
  EXPECT_EQ(outcome.result.rows[0].runs, 14);
  EXPECT_DOUBLE_EQ(*outcome.result.rows[0].latency_median_high_ms, 77);
  EXPECT_EQ(ledger.kept_rows[identity_of(entry)].back().first, 1);
}

TEST(Runner, an_attempt_that_lacks_only_its_row_gets_it) {
  REQUIRE_FAKE_ENGINE();
  MemoryLedger ledger;
  const Entry entry = with_starts(2);
  ledger.keep_row(identity_of(entry), 1, earlier_row(entry, Status::failed));
  for (int index = 0; index < 2; ++index) ledger.keep_start(identity_of(entry), entry, 2, steady_start(index, 5'000'000));
  const Outcome outcome = run(plan_of({entry}), ledger);
  EXPECT_TRUE(outcome.witness.begun.empty());
  ASSERT_EQ(outcome.result.rows.size(), 1u);
  EXPECT_EQ(outcome.result.rows[0].runs, 60);
  EXPECT_EQ(ledger.kept_rows[identity_of(entry)].back().first, 2);
}

TEST(Runner, an_interrupt_keeps_what_was_measured) {
  REQUIRE_FAKE_ENGINE();
  MemoryLedger ledger;
  const std::vector<Entry> entries{with_starts(2, 1), with_starts(2, 2)};
  int starts = 0;
  ledger.on_keep_start = [&] {
    if (++starts == 4) throw Error(ErrorCode::interrupted, "interrupted");
  };
  const Outcome first = run(plan_of(entries), ledger);
  EXPECT_TRUE(first.result.interrupted);
  EXPECT_EQ(first.result.rows.size(), 1u);  // the other entry's second start is lost
  EXPECT_EQ(ledger.starts_kept, 3);
  ledger.on_keep_start = nullptr;
  const Outcome second = run(plan_of(entries), ledger);
  EXPECT_FALSE(second.result.interrupted);
  EXPECT_EQ(second.result.rows.size(), 2u);
  EXPECT_EQ(second.witness.begun.size(), 1u);
  EXPECT_EQ(second.witness.begun[0].second, 1);
}

TEST(Runner, a_store_that_cannot_be_written_ends_the_run) {
  REQUIRE_FAKE_ENGINE();
  MemoryLedger ledger;
  ledger.on_keep_start = [] { throw Error(ErrorCode::io, "disk full"); };
  EXPECT_THROW(run(plan_of({with_starts(1)}), ledger), Error);
}

TEST(Runner, each_fault_has_its_status_and_the_other_entries_are_measured) {
  REQUIRE_FAKE_ENGINE();
  struct Case {
    const char* fault;
    Status status;
    const char* verdict;  ///< where it passed
    const char* reason;   ///< a part of the first one
  };
  const Case cases[] = {
      {"crash", Status::failed, "", "SIGSEGV"},
      {"abort", Status::failed, "", "SIGABRT"},
      {"exit", Status::failed, "", "exited with code 3"},
      {"throw", Status::failed, "", "fake: run fails"},
      {"load_error", Status::failed, "", "fake: load fails"},
      {"load_crash", Status::failed, "", "SIGSEGV"},
      {"load_hang", Status::timed_out, "", "loading the model took longer"},
      {"hang", Status::timed_out, "", "one request took longer"},
      {"oom", Status::out_of_memory, "", "above the limit"},
      {"nan", Status::passed, "invalid", "NaN"},
      {"constant", Status::passed, "invalid", "constant"},
      {"zero", Status::passed, "invalid", "all zero"},
  };
  std::vector<Entry> entries;
  for (const Case& c : cases) {
    const std::string fault = c.fault;
    Entry entry = fake_entry({{"fault", fault}});
    entry.starts = 2;
    entry.limits.load_timeout_s = fault == "load_hang" ? 1 : 60;
    entry.limits.request_timeout_s = fault == "hang" ? 1 : 60;
    entry.limits.memory_limit_mib = 256;
    entries.push_back(entry);
    Entry good = fake_entry({{"after", std::to_string(entries.size())}});  // an entry of its own, without a fault
    entries.push_back(good);
  }
  MemoryLedger ledger;
  const Outcome outcome = run(plan_of(entries), ledger);
  ASSERT_EQ(outcome.result.rows.size(), entries.size());
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    const Case& c = cases[i];
    const Row &row = outcome.result.rows[2 * i], &good = outcome.result.rows[2 * i + 1];
    EXPECT_EQ(good.status, "passed") << "beside " << c.fault;
    if (is_trusted_build()) {
      EXPECT_NE(good.verdict, "invalid");
    }
    EXPECT_EQ(row.status, name_of(c.status)) << c.fault;
    EXPECT_EQ(row.verdict.value_or(""), c.verdict) << c.fault;
    ASSERT_FALSE(row.reasons.empty()) << c.fault;
    EXPECT_NE(row.reasons[0].find(c.reason), std::string::npos) << c.fault << ": " << row.reasons[0];
    EXPECT_TRUE(is_bad(row)) << c.fault;
    EXPECT_EQ(is_bad(good), !is_trusted_build());
    // One failed start decides: no second one is measured.
    EXPECT_EQ(ledger.kept_starts[identity_of(entries[2 * i])][1].size(), c.status == Status::passed ? 2u : 1u) << c.fault;
  }
}

TEST(Runner, out_of_memory_skips_larger_batches_of_the_same_entry) {
  REQUIRE_FAKE_ENGINE();
  const std::map<std::string, std::string> eats{{"memory_mb", "300"}};
  std::vector<Entry> entries{with_batch(1, eats), with_batch(4, eats), with_batch(2, eats), with_batch(8, eats), with_batch(8)};
  entries[1].limits.memory_limit_mib = 128;
  for (Entry& entry : entries) entry.starts = 2;
  MemoryLedger ledger;
  const Outcome outcome = run(plan_of(entries), ledger);
  ASSERT_EQ(outcome.result.rows.size(), 5u);
  EXPECT_EQ(outcome.result.rows[0].status, "passed");
  EXPECT_EQ(outcome.result.rows[1].status, "out_of_memory");
  EXPECT_EQ(outcome.result.rows[2].status, "passed");
  EXPECT_EQ(outcome.result.rows[3].status, "skipped");
  EXPECT_EQ(outcome.result.rows[3].reasons, std::vector<std::string>{"batch 4 ran out of memory"});
  EXPECT_EQ(outcome.result.rows[4].status, "passed");  // another entry

  // The next run finds all of it.
  const Outcome next = run(plan_of(entries), ledger);
  EXPECT_TRUE(next.witness.begun.empty());
  EXPECT_EQ(next.result.rows.size(), 5u);
  EXPECT_EQ(next.result.rows[3].status, "skipped");
  EXPECT_EQ(next.witness.fresh, std::vector<bool>(5, false));
  EXPECT_EQ(ledger.kept_rows[identity_of(entries[3])].size(), 1u);
}

TEST(Runner, a_larger_batch_that_has_passed_stays) {
  REQUIRE_FAKE_ENGINE();
  // Limits are no part of the identity: with less memory the smaller batch may have failed later.
  const Entry small = with_batch(4), large = with_batch(8);
  MemoryLedger ledger;
  ledger.keep_row(identity_of(small), 1, earlier_row(small, Status::out_of_memory));
  ledger.keep_row(identity_of(large), 1, earlier_row(large, Status::passed, "valid"));
  const Outcome outcome = run(plan_of({small, large}), ledger);
  ASSERT_EQ(outcome.result.rows.size(), 2u);
  EXPECT_EQ(outcome.result.rows[1].status, "passed");
  EXPECT_EQ(ledger.kept_rows[identity_of(large)].size(), 1u);
}

TEST(Runner, entries_known_not_to_run_get_their_row_once) {
  MemoryLedger ledger;
  std::vector<PlannedEntry> plan = plan_of({with_starts(3)});
  plan[0].settled = Status::skipped;
  plan[0].reason = "there is no engine 'gone' here";
  Outcome outcome = run(plan, ledger);
  EXPECT_TRUE(outcome.witness.begun.empty());
  ASSERT_EQ(outcome.result.rows.size(), 1u);
  EXPECT_EQ(outcome.result.rows[0].status, "skipped");
  EXPECT_EQ(outcome.result.rows[0].reasons, std::vector<std::string>{"there is no engine 'gone' here"});
  EXPECT_EQ(outcome.witness.fresh, std::vector<bool>{true});
  outcome = run(plan, ledger);
  EXPECT_EQ(outcome.witness.fresh, std::vector<bool>{false});
  EXPECT_EQ(ledger.kept_rows[identity_of(plan[0].entry)].size(), 1u);
}

TEST(Runner, a_value_that_only_the_engine_can_refuse_is_the_users_mistake) {
  REQUIRE_FAKE_ENGINE();
  MemoryLedger ledger;
  try {
    run(plan_of({fake_entry({{"delay_ms", "soon"}})}), ledger);
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(std::string(error.what()).find("delay_ms"), std::string::npos);
  }
  EXPECT_EQ(ledger.starts_kept, 0);
}

TEST(Runner, a_row_that_another_run_has_kept_meanwhile_is_taken) {
  REQUIRE_FAKE_ENGINE();
  MemoryLedger ledger;
  const Entry entry = with_starts(2);
  const std::string id = identity_of(entry);
  ledger.on_newest = [&](const std::string& identity) {
    if (identity == id && ledger.asked[id] == 3) ledger.keep_row(id, 1, earlier_row(entry, Status::passed, "valid"));
  };
  const Outcome outcome = run(plan_of({entry}), ledger);
  ASSERT_EQ(outcome.result.rows.size(), 1u);
  EXPECT_EQ(outcome.result.rows[0].reasons, std::vector<std::string>{"an earlier run"});
  EXPECT_EQ(outcome.witness.fresh, std::vector<bool>{false});
  EXPECT_EQ(ledger.starts_kept, 1);
}

TEST(Runner, a_start_that_another_run_has_kept_meanwhile_is_taken) {
  REQUIRE_FAKE_ENGINE();
  MemoryLedger ledger;
  const Entry entry = with_starts(2);
  const std::string id = identity_of(entry);
  ledger.on_newest = [&](const std::string& identity) {
    if (identity == id && ledger.asked[id] == 3) ledger.kept_starts[id][1][1] = steady_start(1, 5'000'000, 40);
  };
  const Outcome outcome = run(plan_of({entry}), ledger);
  ASSERT_EQ(outcome.result.rows.size(), 1u);
  EXPECT_EQ(outcome.result.rows[0].runs, 45);
  EXPECT_EQ(ledger.starts_kept, 1);
}

TEST(Runner, after_a_failure_in_another_run_the_entry_is_measured_whole) {
  REQUIRE_FAKE_ENGINE();
  MemoryLedger ledger;
  const Entry entry = with_starts(3);
  const std::string id = identity_of(entry);
  ledger.on_newest = [&](const std::string& identity) {
    if (identity == id && ledger.asked[id] == 4) ledger.keep_row(id, 1, earlier_row(entry, Status::failed));
  };
  const Outcome outcome = run(plan_of({entry}), ledger);
  ASSERT_EQ(outcome.result.rows.size(), 1u);
  EXPECT_EQ(outcome.result.rows[0].status, "passed");
  EXPECT_EQ(outcome.result.rows[0].starts, 3);
  EXPECT_EQ(ledger.kept_rows[id].back().first, 2);
  EXPECT_EQ(ledger.kept_starts[id][2].size(), 3u);
}

TEST(Runner, starts_whose_cores_are_far_apart_are_repeated_up_to_three_times) {
  REQUIRE_FAKE_ENGINE();
  if (usable_cpus().size() < 2) GTEST_SKIP() << "one core is all there is";
  MemoryLedger ledger;
  ledger.roundtrips.assign(20, 0.5);  // nanoseconds: no two cores are that near
  Entry entry = with_starts(2);
  entry.threads = 2;
  const Outcome outcome = run(plan_of({entry}), ledger);
  EXPECT_EQ(outcome.witness.begun.size(), 5u);
  ASSERT_EQ(outcome.result.rows.size(), 1u);
  const Row& row = outcome.result.rows[0];
  EXPECT_EQ(row.verdict, verdict_here("unstable"));
  EXPECT_EQ(row.core_state, "far");
  EXPECT_EQ(row.starts, 2);
  EXPECT_TRUE(std::any_of(row.reasons.begin(), row.reasons.end(), [](const std::string& r) { return r.starts_with("cores far apart"); }));
  int repeats = 0;
  for (const auto& [index, start] : ledger.kept_starts[identity_of(entry)][1]) repeats += start.repeats;
  EXPECT_EQ(repeats, 3);
}

TEST(Runner, near_starts_are_not_repeated) {
  REQUIRE_FAKE_ENGINE();
  if (usable_cpus().size() < 2) GTEST_SKIP() << "one core is all there is";
  MemoryLedger ledger;
  ledger.roundtrips.assign(20, 1e12);  // whatever is measured is nearer
  Entry entry = with_starts(1);
  entry.threads = 2;
  const Outcome outcome = run(plan_of({entry}), ledger);
  ASSERT_EQ(outcome.result.rows.size(), 1u);
  EXPECT_GT(outcome.result.rows[0].core_roundtrip_ns.value_or(0), 1);
  if (outcome.result.rows[0].core_state == "near") {
    EXPECT_EQ(outcome.witness.begun.size(), 1u);
  } else {
    EXPECT_GT(outcome.witness.begun.size(), 1u);  // the machine's own state changed on the way
  }
}

TEST(Rows, settled_and_bad) {
  struct Case {
    Status status;
    const char* verdict;
    bool settled, bad;
  };
  const Case cases[] = {
      {Status::passed, "valid", true, false},  {Status::passed, "unstable", true, false}, {Status::passed, "unchecked", true, false},
      {Status::passed, "invalid", true, true}, {Status::unsupported, "", true, false},    {Status::out_of_memory, "", true, true},
      {Status::failed, "", false, true},       {Status::timed_out, "", false, true},      {Status::skipped, "", false, false},
  };
  for (const Case& c : cases) {
    const Row row = earlier_row(fake_entry(), c.status, c.verdict);
    EXPECT_EQ(is_settled(row), c.settled) << name_of(c.status) << c.verdict;
    EXPECT_EQ(is_bad(row), c.bad) << name_of(c.status) << c.verdict;
  }
}

}  // namespace
}  // namespace inferometer::measure
