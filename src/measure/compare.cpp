#include "measure/compare.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/child_process.h"
#include "measure/expected_outputs.h"
#include "measure/launcher.h"
#include "measure/start_task.h"
#include "measure/summary.h"
#include "stats/sample.h"

namespace inferometer::measure {
namespace {

/// Pairs of blocks that a replicate may repeat because its cores were far apart.
constexpr int kMostRepeatedPairs = 6;
/// Replicates that may be measured, for one that is wanted.
constexpr std::size_t kMostAttempts = 2;
constexpr double kForeignLoad = 0.10;

using Workers = std::array<std::unique_ptr<LiveWorker>, kSides>;

bool of_each_start(Metric metric) { return metric == Metric::load_ms || metric == Metric::model_memory_mb; }

void check(const CompareOptions& options) {
  if (const std::size_t least = fewest_replicates(options.metrics.size()); options.replicates < least) {
    throw Error(ErrorCode::usage, fmt::format("--replicates: {} give no interval, {} are the fewest", options.replicates, least),
                "10 or more are a comparison; --block-s makes them shorter");
  }
  for (const Metric metric : options.metrics) {
    if (!options.fresh_starts && of_each_start(metric)) {
      throw Error(ErrorCode::usage,
                  fmt::format("--one-pair: {} is a figure of a start, and there is one start of each side", name_of(metric)),
                  "leave out --one-pair");
    }
  }
}

class Comparer {
 public:
  Comparer(Comparison& result, const EngineCatalog& catalog, std::vector<double>& known_roundtrips)
      : result_(result), catalog_(catalog), expected_(catalog), roundtrips_(known_roundtrips) {
    for (std::size_t side = 0; side < kSides; ++side) facts_[side] = model_facts(result.entries[side].model);
  }

  const ModelFacts& facts(std::size_t side) const { return facts_[side]; }

  void measure(const CompareProgress& progress, const LockWait& wait) {
    const std::size_t wanted = result_.options.replicates;
    std::optional<FileLock> lock;
    Workers workers;
    std::array<StartRecord, kSides> starts;
    for (std::size_t attempt = 0; attempt < kMostAttempts * wanted; ++attempt) {
      const std::vector<bool> counted = counted_replicates(result_.replicates, roundtrips_);
      const auto count = static_cast<std::size_t>(std::count(counted.begin(), counted.end(), true));
      if (progress) progress(count, wanted);
      if (count >= wanted) return;
      PairOrder order(result_.options.seed, attempt);
      if (result_.options.fresh_starts || attempt == 0) {
        workers = {};
        lock.reset();
        lock.emplace(machine_lock_path(), interrupt_requested, wait);
        if (!start_both(order, static_cast<int>(attempt), workers, starts)) return;
      }
      Replicate replicate;
      for (std::size_t side = 0; side < kSides; ++side) replicate.sides[side].start = starts[side];
      if (!measure_blocks(order, workers, replicate)) return;
      result_.replicates.push_back(std::move(replicate));
    }
  }

 private:
  bool start_both(PairOrder& order, int index, Workers& workers, std::array<StartRecord, kSides>& starts) {
    // Known outputs are computed before either side lives.
    std::array<WorkerTask, kSides> tasks;
    for (std::size_t side = 0; side < kSides; ++side) {
      tasks[side] = start_task(result_.entries[side], catalog_, facts_[side], index);
      tasks[side].kind = WorkerTask::Kind::blocks;
      tasks[side].block_s = result_.options.block_s;
      if (index == 0) add_agreement(tasks[side], expected_);
    }
    for (const std::size_t side : order.next()) {
      workers[side] = std::make_unique<LiveWorker>(tasks[side], limits_of(result_.entries[side].limits));
      starts[side] = start_record(workers[side]->answer(), index);
      if (starts[side].status != Status::passed) return failed(side, starts[side]);
    }
    return true;
  }

  bool measure_blocks(PairOrder& order, Workers& workers, Replicate& replicate) {
    for (std::size_t pair = 0; pair < result_.options.blocks; ++pair) {
      if (!measure_pair(order, workers, replicate)) return false;
    }
    while (replicate.repeated_pairs < kMostRepeatedPairs && near_blocks(replicate, roundtrips_) < result_.options.blocks) {
      if (!measure_pair(order, workers, replicate)) return false;
      ++replicate.repeated_pairs;
    }
    return true;
  }

  bool measure_pair(PairOrder& order, Workers& workers, Replicate& replicate) {
    for (const std::size_t side : order.next()) {
      workers[side]->ask({{"block", true}});
      const WorkerOutcome outcome = workers[side]->answer();
      if (outcome.status != Status::passed) return failed(side, start_record(outcome, 0));
      replicate.sides[side].blocks.push_back(outcome.answer.at("block").get<Block>());
      const Surroundings& around = replicate.sides[side].blocks.back().surroundings;
      for (const auto& value : {around.core_roundtrip_before_ns, around.core_roundtrip_after_ns}) {
        if (value) roundtrips_.push_back(*value);
      }
    }
    return true;
  }

  bool failed(std::size_t side, const StartRecord& start) {
    result_.status = start.status;
    result_.reasons.push_back(fmt::format("{}: {}", kSideNames[side], start.reason));
    return false;
  }

  Comparison& result_;
  const EngineCatalog& catalog_;
  ExpectedOutputsSource expected_;
  std::vector<double>& roundtrips_;
  std::array<ModelFacts, kSides> facts_;
};

/// The starts of one side with their samples, as `run` would have them: those that count, or the first when none does.
std::vector<StartRecord> starts_of(const Comparison& comparison, std::size_t side, std::span<const double> known_roundtrips) {
  const bool some_count = std::find(comparison.counted.begin(), comparison.counted.end(), true) != comparison.counted.end();
  std::vector<StartRecord> starts;
  for (std::size_t i = 0; i < comparison.replicates.size(); ++i) {
    if (some_count ? !comparison.counted[i] : i > 0) continue;
    const ReplicateSide& from = comparison.replicates[i].sides[side];
    StartRecord start = from.start;
    const UsedBlocks used = used_blocks(comparison.replicates[i], known_roundtrips);
    for (std::size_t block = 0; block < from.blocks.size(); ++block) {
      if (some_count && !used.used[side][block]) continue;
      const Block& kept = from.blocks[block];
      start.samples_ns.insert(start.samples_ns.end(), kept.samples_ns.begin(), kept.samples_ns.end());
    }
    starts.push_back(std::move(start));
  }
  // Only the first replicate's outputs were checked, whether it counts or not.
  starts.front().agreement = comparison.replicates.front().sides[side].start.agreement;
  return starts;
}

/// What a reader must know of one side's outputs.
void judge_side(Comparison& comparison, std::size_t side) {
  const Row& row = comparison.rows[side];
  if (row.verdict == "invalid") {
    comparison.invalid = true;
    comparison.reasons.push_back(fmt::format("{}: {}", kSideNames[side], row.reasons.front()));
  } else if (!row.agreement_max_error && !row.agreement_top1_ratio) {
    // Unchecked comes last of a verdict's reasons.
    comparison.notes.push_back(fmt::format("{}: outputs are unchecked: {}", kSideNames[side],
                                           row.reasons.empty() ? std::string("nothing to compare with") : row.reasons.back()));
  }
}

void note_surroundings(Comparison& comparison) {
  std::vector<double> loads;
  int repeated = 0;
  for (const Replicate& replicate : comparison.replicates) {
    repeated += replicate.repeated_pairs;
    for (const ReplicateSide& side : replicate.sides) {
      for (const Block& block : side.blocks) {
        if (block.surroundings.foreign_load_ratio) loads.push_back(*block.surroundings.foreign_load_ratio);
      }
    }
  }
  if (const auto load = stats::median(loads); load && *load > kForeignLoad) {
    comparison.notes.push_back(fmt::format("other processes used {:.0f} % of the cores: close them for a narrower interval", 100 * *load));
  }
  if (repeated > 0) comparison.notes.push_back(fmt::format("pairs of blocks repeated because cores were far apart: {}", repeated));
  const auto left_out = std::count(comparison.counted.begin(), comparison.counted.end(), false);
  if (left_out > 0) {
    comparison.notes.push_back(
        fmt::format("{} of {} replicates left out: their cores were in another state", left_out, comparison.counted.size()));
  }
}

void note_figures(Comparison& comparison) {
  if (!comparison.options.fresh_starts) {
    comparison.notes.push_back("all replicates are of one pair of starts: the interval says nothing of other starts");
  }
  for (const MetricComparison& metric : comparison.metrics) {
    if (metric.replicates >= comparison.options.replicates) continue;
    const bool percentile = metric.metric == Metric::per_image_p90_ms;
    comparison.notes.push_back(fmt::format("{}: {} of {} replicates give a ratio{}", name_of(metric.metric), metric.replicates,
                                           comparison.options.replicates,
                                           percentile ? "; it needs 44 samples of each side: raise --block-s or --blocks" : ""));
  }
}

}  // namespace

std::string_view verdict_of(const Comparison& comparison, const MetricComparison& metric) {
  if (comparison.status != Status::passed) return "";
  if (comparison.invalid) return "invalid";
  const bool time = metric.metric != Metric::model_memory_mb;
  switch (metric.difference) {
    case Difference::smaller: return time ? "faster" : "smaller";
    case Difference::larger: return time ? "slower" : "larger";
    case Difference::not_shown: break;
  }
  return "no difference shown";
}

bool is_bad(const Comparison& comparison) {
  if (comparison.invalid) return true;
  if (comparison.status == Status::unsupported || comparison.status == Status::skipped) return false;
  if (comparison.status != Status::passed) return true;
  return std::any_of(comparison.metrics.begin(), comparison.metrics.end(),
                     [](const MetricComparison& metric) { return metric.difference == Difference::larger; });
}

Comparison compare(const std::array<Entry, kSides>& entries, const EngineCatalog& catalog, const Platform& platform,
                   const CompareOptions& options, std::vector<double> known_roundtrips, const CompareProgress& progress,
                   const LockWait& wait) {
  check(options);
  Comparison result;
  result.entries = entries;
  result.options = options;
  Comparer comparer(result, catalog, known_roundtrips);
  comparer.measure(progress, wait);

  const bool passed = result.status == Status::passed;
  if (!passed) result.replicates.clear();
  result.counted = counted_replicates(result.replicates, known_roundtrips);
  for (const Replicate& replicate : result.replicates) result.core_states.push_back(used_blocks(replicate, known_roundtrips).state);
  result.metrics = compare_replicates(result.replicates, {entries[0].batch, entries[1].batch}, options.metrics, known_roundtrips);
  for (std::size_t side = 0; side < kSides; ++side) {
    result.rows[side] =
        passed ? summarize(entries[side], starts_of(result, side, known_roundtrips), comparer.facts(side), known_roundtrips, platform.name)
               : settled_row(entries[side], result.status, result.reasons.front(), comparer.facts(side), platform.name);
    if (passed) judge_side(result, side);
  }
  if (passed) {
    note_surroundings(result);
    note_figures(result);
  }
  return result;
}

}  // namespace inferometer::measure
