#include "measure/runner.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/child_process.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "measure/launcher.h"
#include "measure/meter.h"
#include "measure/models.h"
#include "measure/start_task.h"
#include "measure/start_watch.h"
#include "measure/summary.h"

namespace inferometer::measure {
namespace {

/// Starts of one entry that may be measured again because the cores were far apart.
constexpr int kMostRepeats = 3;

/// One entry on its way to a row.
struct Job {
  const PlannedEntry* planned = nullptr;
  std::string identity;
  std::string all_but_batch;  ///< identity without the batch
  std::int64_t generation = 0;
  std::map<int, StartRecord> starts;
  int repeats_left = kMostRepeats;
  std::optional<Row> row;
  bool is_published = false;
  const Entry& entry() const { return planned->entry; }
};

std::string identity_without_batch(Entry entry, const std::string& machine) {
  entry.batch = 0;
  return identity(entry, machine);
}

/// Fisher-Yates on a SplitMix64 sequence: std::shuffle differs between libraries, a stored seed must not.
template <class T>
void shuffle(std::vector<T>& items, std::uint64_t seed) {
  const auto next = [&seed] {
    seed += 0x9e3779b97f4a7c15u;
    std::uint64_t x = seed;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  };
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[next() % i]);
}

void pause(double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end && !interrupt_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

class Runner {
 public:
  Runner(const EngineCatalog& catalog, const Platform& platform, Ledger& ledger, const RunnerOptions& options, RunObserver& observer)
      : catalog_(catalog),
        platform_(platform),
        ledger_(ledger),
        options_(options),
        observer_(observer),
        expected_(catalog),
        roundtrips_(ledger.core_roundtrips()) {}

  RunResult run(const std::vector<PlannedEntry>& plan) {
    prepare(plan);
    RunResult result;
    try {
      int rounds = 0;
      for (const Job& job : jobs_) rounds = std::max(rounds, job.entry().starts);
      // Once is enough, unless another run on the same store made an entry begin anew halfway.
      const auto unfinished = [this] { return std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return !job.row; }); };
      std::size_t done_before = 0;
      do {
        done_before = starts_done_;
        for (int round = 0; round < rounds; ++round) run_round(round);
      } while (unfinished() && starts_done_ > done_before);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::interrupted) throw;
      result.interrupted = true;
    }
    for (Job& job : jobs_) {
      if (job.row) result.rows.push_back(*job.row);
    }
    return result;
  }

 private:
  void prepare(const std::vector<PlannedEntry>& plan) {
    jobs_.reserve(plan.size());
    for (const PlannedEntry& planned : plan) {
      Job& job = jobs_.emplace_back();
      job.planned = &planned;
      job.identity = identity(planned.entry, platform_.identity);
      job.all_but_batch = identity_without_batch(planned.entry, platform_.identity);
    }
    // A meter that is named and cannot be read ends the run before anything is measured.
    for (const Job& job : jobs_) {
      if (!job.planned->settled) choose_meter(job.entry().power, job.entry().device);
    }
    // All rows are found before any is published: one that ran out of memory must not skip a larger batch that has passed.
    for (Job& job : jobs_) {
      if (!job.planned->settled) look_up(job);
    }
    for (Job& job : jobs_) {
      if (job.row) {
        if (!job.is_published) publish(job, Row(*job.row), false);
      } else if (job.planned->settled) {
        settle(job, *job.planned->settled, job.planned->reason);
      }
    }
    for (const Job& job : jobs_) {
      if (!job.row) starts_total_ += static_cast<std::size_t>(job.entry().starts) - job.starts.size();
    }
  }

  /// Take what the store has: a finished row, or the starts of an attempt that was interrupted.
  void look_up(Job& job) {
    const Ledger::Newest newest = ledger_.newest(job.identity);
    const bool attempt_is_open = newest.generation > newest.row_generation;
    if (attempt_is_open) {
      job.generation = newest.generation;
      for (StartRecord& start : ledger_.starts(job.identity, job.generation)) job.starts[start.index] = std::move(start);
      return;
    }
    const bool wanted_again = options_.again || (options_.retry_unstable && newest.row && newest.row->verdict == "unstable");
    if (newest.row && is_settled(*newest.row) && !wanted_again) {
      job.row = *newest.row;
      return;
    }
    job.generation = newest.generation + 1;
  }

  /// Measure start `round` of every entry that lacks it, then again those whose cores were far apart.
  void run_round(int round) {
    std::vector<Job*> due;
    for (Job& job : jobs_) {
      if (!job.row && round < job.entry().starts && !job.starts.contains(round)) due.push_back(&job);
    }
    shuffle(due, options_.order_seed * 1000003 + static_cast<std::uint64_t>(round));
    for (Job* job : due) {
      if (!job->row) run_start(*job, round);
      if (!job->row && is_complete(*job) && far_starts(*job).empty()) finish(*job);
    }
    for (;;) {
      std::vector<std::pair<Job*, int>> again;
      for (Job& job : jobs_) {
        if (job.row) continue;
        for (const int index : far_starts(job)) {
          if (job.repeats_left-- > 0) again.emplace_back(&job, index);
        }
      }
      if (again.empty()) break;
      for (const auto& [job, index] : again) repeat_start(*job, index);
    }
    for (Job& job : jobs_) {
      if (!job.row && is_complete(job)) finish(job);
    }
  }

  bool is_complete(const Job& job) const { return static_cast<int>(job.starts.size()) >= job.entry().starts; }

  /// Starts whose cores were far apart, as far as is known by now, while repeats are left.
  std::vector<int> far_starts(const Job& job) const {
    std::vector<int> result;
    if (job.repeats_left <= 0) return result;
    for (const auto& [index, start] : job.starts) {
      if (start.status != Status::passed) continue;
      const CoreState state = state_of(start.surroundings, roundtrips_);
      if (state == CoreState::far || state == CoreState::changed) result.push_back(index);
    }
    return result;
  }

  void repeat_start(Job& job, int index) {
    if (job.row) return;
    const int repeats = job.starts.at(index).repeats + 1;
    ++starts_total_;
    measure(job, index, repeats);
  }

  void run_start(Job& job, int index) { measure(job, index, 0); }

  void measure(Job& job, int index, int repeats) {
    observer_.start_begins(job.entry(), index, starts_done_, starts_total_);
    {
      const FileLock lock(machine_lock_path(), interrupt_requested, {[this](const std::string& line) { observer_.waits(line); }});
      if (done_by_another(job, index, repeats)) {
        ++starts_done_;
        return;
      }
      pause(job.entry().pause_s);
      StartRecord start = run_watched(job, index);
      start.repeats = repeats;
      start.order_seed = options_.order_seed;
      note_roundtrips(start);
      ledger_.keep_start(job.identity, job.entry(), job.generation, start);
      job.starts[index] = std::move(start);
    }
    ++starts_done_;
    if (job.starts.at(index).status != Status::passed) finish(job);
  }

  /// Another run on the same store may have measured this start, or the whole entry, while we waited for the lock.
  bool done_by_another(Job& job, int index, int repeats) {
    const Ledger::Newest newest = ledger_.newest(job.identity);
    if (newest.row && newest.row_generation >= job.generation && is_settled(*newest.row)) {
      publish(job, *newest.row, false);
      return true;
    }
    if (newest.row_generation >= job.generation) {
      // It failed there: ours is an attempt of its own.
      job.generation = newest.generation + 1;
      starts_total_ += job.starts.size();
      job.starts.clear();
      return false;
    }
    if (newest.generation < job.generation) return false;
    for (StartRecord& start : ledger_.starts(job.identity, job.generation)) {
      if (start.index == index && start.repeats < repeats) continue;
      job.starts[start.index] = std::move(start);
    }
    const auto found = job.starts.find(index);
    return found != job.starts.end() && found->second.repeats >= repeats;
  }

  StartRecord run_watched(const Job& job, int index) {
    Entry entry = job.entry();
    MeterChoice choice = choose_meter(entry.power, entry.device);
    if (choice.meter) entry.stop = with_time_for(choice.meter->info(), entry.stop);
    StartWatch watch(std::move(choice.meter), ProcessorSensors(entry.cpus.empty() ? usable_cpus() : entry.cpus, entry.threads));
    watch.rest(interrupt_requested);
    StartRecord start = run_worker_for(entry, index);
    watch.finish(start);
    if (!choice.reason.empty()) start.power = StartPower{"", "", {}, {}, choice.reason, choice.reason};
    return start;
  }

  StartRecord run_worker_for(const Entry& entry, int index) {
    WorkerTask task;
    try {
      task = start_task(entry, catalog_, facts_of(entry), index);
    } catch (const Error& error) {
      // A model that cannot be had in this precision is this entry's outcome, not the run's.
      if (error.code() != ErrorCode::unsupported) throw;
      WorkerOutcome refused;
      refused.status = Status::unsupported;
      refused.reason = error.what();
      refused.hint = error.hint();
      return start_record(refused, index);
    }
    if (index == 0) {
      add_agreement(task, expected_);
      task.probe_caching = true;
    }
    return start_record(run_worker(task, limits_of(entry.limits)), index);
  }

  void note_roundtrips(const StartRecord& start) {
    for (const auto& value : {start.surroundings.core_roundtrip_before_ns, start.surroundings.core_roundtrip_after_ns}) {
      if (value) roundtrips_.push_back(*value);
    }
  }

  /// Make the row of an entry whose starts have ended.
  void finish(Job& job) {
    std::vector<StartRecord> starts;
    for (const auto& [index, start] : job.starts) starts.push_back(start);
    if (starts.empty()) return;
    const Row row = summarize(job.entry(), starts, facts_of(job.entry()), roundtrips_, platform_.name);
    ledger_.keep_row(job.identity, job.generation, row);
    publish(job, row, true);
  }

  void settle(Job& job, Status status, const std::string& reason) {
    const Row row = settled_row(job.entry(), status, reason, facts_of(job.entry()), platform_.name);
    const Ledger::Newest newest = ledger_.newest(job.identity);
    const bool known = newest.row && newest.row->status == row.status && newest.row->reasons == row.reasons;
    if (!known) ledger_.keep_row(job.identity, newest.generation + 1, row);
    publish(job, known ? *newest.row : row, !known);
  }

  void publish(Job& job, const Row& row, bool fresh) {
    job.row = row;
    job.is_published = true;
    observer_.row_ready(job.entry(), row, fresh);
    if (row.status != name_of(Status::out_of_memory)) return;
    for (Job& other : jobs_) {
      if (other.row || other.all_but_batch != job.all_but_batch || other.entry().batch <= job.entry().batch) continue;
      settle(other, Status::skipped, fmt::format("batch {} ran out of memory", job.entry().batch));
    }
  }

  const ModelFacts& facts_of(const Entry& entry) {
    const std::string key = entry.model.name + " " + entry.model.sha256;
    const auto found = facts_.find(key);
    return found != facts_.end() ? found->second : facts_[key] = model_facts(entry.model);
  }

  const EngineCatalog& catalog_;
  const Platform& platform_;
  Ledger& ledger_;
  const RunnerOptions& options_;
  RunObserver& observer_;
  ExpectedOutputsSource expected_;
  std::vector<double> roundtrips_;
  std::vector<Job> jobs_;
  std::map<std::string, ModelFacts> facts_;
  std::size_t starts_done_ = 0, starts_total_ = 0;
};

}  // namespace

bool is_settled(const Row& row) {
  return row.status == name_of(Status::passed) || row.status == name_of(Status::unsupported) ||
         row.status == name_of(Status::out_of_memory);
}

bool is_bad(const Row& row) {
  return row.status == name_of(Status::failed) || row.status == name_of(Status::timed_out) ||
         row.status == name_of(Status::out_of_memory) || row.verdict == "invalid";
}

RunResult run_plan(const std::vector<PlannedEntry>& plan, const EngineCatalog& catalog, const Platform& platform, Ledger& ledger,
                   const RunnerOptions& options, RunObserver& observer) {
  return Runner(catalog, platform, ledger, options, observer).run(plan);
}

}  // namespace inferometer::measure
