#include "measure/compare.h"

#include <algorithm>
#include <cerrno>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/wait.h>

#include "base/error.h"
#include "fake_engine.h"
#include "measure/launcher.h"
#include "measure/start_task.h"
#include "samples.h"

namespace inferometer::measure {
namespace {

const Platform& machine() {
  static const Platform platform{"machine", "a machine", "{}"};
  return platform;
}

Entry side(std::map<std::string, std::string> settings) {
  settings.try_emplace("spin", "1");
  Entry entry = fake_entry(settings);
  entry.protocol = Protocol::standard;
  return entry;
}

/// Blocks of a few requests of 1 ms.
CompareOptions quick() {
  CompareOptions options;
  options.replicates = 6;
  options.blocks = 2;
  options.block_s = 0.004;
  return options;
}

Comparison compared(const Entry& a, const Entry& b, const CompareOptions& options = quick()) {
  return compare({a, b}, fake_catalog(), machine(), options, {});
}

void expect_no_child_is_left() {
  errno = 0;
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Compare, ReplicatesAreFreshStartsOfBlocksInTurns) {
  REQUIRE_FAKE_ENGINE();
  std::vector<std::size_t> counts;
  const Comparison result = compare({side({{"delay_ms", "1"}}), side({{"delay_ms", "3"}})}, fake_catalog(), machine(), quick(), {},
                                    [&](std::size_t counted, std::size_t wanted) {
                                      counts.push_back(counted);
                                      EXPECT_EQ(wanted, 6u);
                                    });
  EXPECT_EQ(result.status, Status::passed);
  EXPECT_EQ(counts, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6}));
  ASSERT_EQ(result.replicates.size(), 6u);
  for (const Replicate& replicate : result.replicates) {
    for (const ReplicateSide& of : replicate.sides) {
      ASSERT_EQ(of.blocks.size(), 2u);
      for (const Block& block : of.blocks) {
        EXPECT_GE(block.samples_ns.size(), static_cast<std::size_t>(kLeastOfBlock));
        for (const std::int64_t sample : block.samples_ns) EXPECT_GE(sample, 1'000'000);
      }
      EXPECT_GT(of.start.load_ms, 0);
      EXPECT_GE(of.start.warmup_requests, 3);
    }
    EXPECT_EQ(replicate.repeated_pairs, 0);
  }
  // Each start is another process, so its load took another time.
  EXPECT_NE(result.replicates[0].sides[0].start.load_ms, result.replicates[1].sides[0].start.load_ms);
  EXPECT_EQ(result.counted, std::vector<bool>(6, true));
  ASSERT_EQ(result.metrics.size(), 1u);
  EXPECT_EQ(result.metrics[0].replicates, 6u);
  EXPECT_GE(*result.metrics[0].values[0], 1);
  EXPECT_GE(*result.metrics[0].values[1], 3);
  EXPECT_EQ(result.rows[1].engine_settings, "delay_ms=3:spin=1");
  std::int64_t samples = 0;
  for (const Replicate& replicate : result.replicates) {
    for (const Block& block : replicate.sides[1].blocks) samples += static_cast<std::int64_t>(block.samples_ns.size());
  }
  EXPECT_EQ(result.rows[1].runs, samples);
  expect_no_child_is_left();
}

TEST(Compare, BlocksWithCoresFarApartAreMeasuredAgainUpToALimit) {
  REQUIRE_FAKE_ENGINE();
  if (usable_cpus().size() < 2) GTEST_SKIP() << "one processor has no distance";
  Entry a = side({}), b = side({});
  a.threads = 2;  // b reads nothing
  CompareOptions options = quick();
  options.blocks = 1;
  // A machine that has known 1 ns: whatever is read here is far.
  const Comparison result = compare({a, b}, fake_catalog(), machine(), options, std::vector<double>(200, 1.0));
  ASSERT_EQ(result.replicates.size(), 6u);
  for (std::size_t i = 0; i < result.replicates.size(); ++i) {
    EXPECT_EQ(result.replicates[i].repeated_pairs, 6);
    EXPECT_EQ(result.replicates[i].sides[0].blocks.size(), 7u);
    EXPECT_EQ(result.core_states[i], CoreState::far);
    EXPECT_TRUE(result.counted[i]) << "all are in one state";
  }
  EXPECT_NE(std::find(result.notes.begin(), result.notes.end(), "pairs of blocks repeated because cores were far apart: 36"),
            result.notes.end());
}

TEST(Compare, OnePairGivesAllReplicates) {
  REQUIRE_FAKE_ENGINE();
  CompareOptions options = quick();
  options.fresh_starts = false;
  const Comparison result = compared(side({{"delay_ms", "1"}}), side({{"delay_ms", "1"}}), options);
  ASSERT_EQ(result.replicates.size(), 6u);
  for (const Replicate& replicate : result.replicates) {
    EXPECT_EQ(replicate.sides[0].start.load_ms, result.replicates[0].sides[0].start.load_ms);
  }
}

TEST(Compare, AWorkerThatDiesInTheMiddleEndsIt) {
  REQUIRE_FAKE_ENGINE();
  const Comparison result = compared(side({{"delay_ms", "1"}}), side({{"delay_ms", "1"}, {"fault", "crash"}, {"after", "20"}}));
  ASSERT_EQ(result.status, Status::failed);
  ASSERT_EQ(result.reasons.size(), 1u);
  EXPECT_EQ(result.reasons[0], "b: the worker crashed with SIGSEGV while running");
  EXPECT_EQ(result.rows[0].status, "failed");
  ASSERT_EQ(result.metrics.size(), 1u);
  EXPECT_FALSE(result.metrics[0].ratio);
  EXPECT_EQ(verdict_of(result, result.metrics[0]), "");
  EXPECT_TRUE(is_bad(result));
  expect_no_child_is_left();
}

TEST(Compare, ASideThatHangsIsTimedOut) {
  REQUIRE_FAKE_ENGINE();
  Entry b = side({{"delay_ms", "1"}, {"fault", "hang"}, {"after", "20"}});
  b.limits.request_timeout_s = 0.5;
  const Comparison result = compared(side({{"delay_ms", "1"}}), b);
  ASSERT_EQ(result.status, Status::timed_out);
  EXPECT_EQ(result.reasons.front().substr(0, 3), "b: ");
  expect_no_child_is_left();
}

TEST(Compare, AnUnsupportedSideIsNoFailure) {
  REQUIRE_FAKE_ENGINE();
  Entry a = side({});
  a.precision = "bf16";
  const Comparison result = compared(a, side({}));
  ASSERT_EQ(result.status, Status::unsupported);
  EXPECT_EQ(result.reasons.front().substr(0, 3), "a: ");
  EXPECT_FALSE(is_bad(result));
}

TEST(Compare, AWrongAnswerIsNotFaster) {
  REQUIRE_FAKE_ENGINE();
  const Comparison result = compared(side({{"delay_ms", "3"}}), side({{"delay_ms", "1"}, {"fault", "constant"}}));
  EXPECT_EQ(result.status, Status::passed);
  EXPECT_TRUE(result.invalid);
  EXPECT_EQ(verdict_of(result, result.metrics[0]), "invalid");
  EXPECT_TRUE(is_bad(result));
}

TEST(Compare, TooFewReplicatesAreRefused) {
  CompareOptions options = quick();
  options.replicates = 5;
  EXPECT_THROW(compared(side({}), side({}), options), Error);
  options.replicates = 7;
  options.metrics = {Metric::per_image_ms, Metric::per_image_p90_ms, Metric::load_ms, Metric::model_memory_mb};
  EXPECT_THROW(compared(side({}), side({}), options), Error) << "four metrics need eight";
  options.fresh_starts = false;
  options.replicates = 10;
  EXPECT_THROW(compared(side({}), side({}), options), Error) << "one start has one load";
}

TEST(Compare, VerdictsNameTimeAndMemory) {
  Comparison comparison;
  MetricComparison metric;
  EXPECT_EQ(verdict_of(comparison, metric), "no difference shown");
  metric.difference = Difference::smaller;
  EXPECT_EQ(verdict_of(comparison, metric), "faster");
  metric.difference = Difference::larger;
  EXPECT_EQ(verdict_of(comparison, metric), "slower");
  metric.metric = Metric::load_ms;
  EXPECT_EQ(verdict_of(comparison, metric), "slower");
  metric.metric = Metric::model_memory_mb;
  EXPECT_EQ(verdict_of(comparison, metric), "larger");
  comparison.metrics = {metric};
  EXPECT_TRUE(is_bad(comparison));
  comparison.metrics[0].difference = Difference::smaller;
  EXPECT_FALSE(is_bad(comparison));
}

TEST(Block, SurvivesJson) {
  Block block;
  block.samples_ns = {5, 7, 9};
  block.surroundings.core_roundtrip_before_ns = 200;
  block.surroundings.foreign_load_ratio = 0.25;
  const Block back = nlohmann::json(block).get<Block>();
  EXPECT_EQ(back.samples_ns, block.samples_ns);
  EXPECT_EQ(back.surroundings.core_roundtrip_before_ns, 200);
  EXPECT_EQ(back.surroundings.core_roundtrip_after_ns, std::nullopt);
  EXPECT_EQ(back.surroundings.foreign_load_ratio, 0.25);
}

TEST(LiveWorker, AnswersAsOftenAsItIsAsked) {
  REQUIRE_FAKE_ENGINE();
  const Entry entry = side({{"delay_ms", "1"}});
  WorkerTask task = start_task(entry, fake_catalog(), {}, 3);
  task.kind = WorkerTask::Kind::blocks;
  task.block_s = 0.1;
  LiveWorker worker(task, limits_of(entry.limits));
  const StartRecord start = start_record(worker.answer(), 3);
  EXPECT_EQ(start.status, Status::passed);
  EXPECT_EQ(start.index, 3);
  EXPECT_FALSE(start.agreement) << "it was not asked for";
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(worker.ask({{"block", true}}));
    const WorkerOutcome outcome = worker.answer();
    ASSERT_EQ(outcome.status, Status::passed) << outcome.reason;
    std::int64_t total = 0;
    for (const std::int64_t sample : outcome.answer.at("block").get<Block>().samples_ns) total += sample;
    EXPECT_GE(total, 95'000'000);
  }
}

}  // namespace
}  // namespace inferometer::measure
