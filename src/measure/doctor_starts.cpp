#include "measure/doctor_starts.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "measure/plan.h"
#include "measure/runner.h"
#include "stats/sample.h"

namespace inferometer::measure {
namespace {

/// Remembers the starts of the one entry, for as long as they are looked at.
class KeptStarts final : public Ledger {
 public:
  Newest newest(const std::string&) override { return {starts_.empty() ? 0 : 1, std::nullopt, 0}; }
  std::vector<StartRecord> starts(const std::string&, std::int64_t) override { return kept(); }
  void keep_start(const std::string&, const Entry&, std::int64_t, const StartRecord& start) override { starts_[start.index] = start; }
  void keep_row(const std::string&, std::int64_t, const Row&) override {}
  std::vector<double> core_roundtrips() override { return {}; }

  std::vector<StartRecord> kept() const {
    std::vector<StartRecord> all;
    for (const auto& [index, start] : starts_) all.push_back(start);
    return all;
  }

 private:
  std::map<int, StartRecord> starts_;
};

class Silent final : public RunObserver {
 public:
  explicit Silent(const LockWait& wait) : wait_(wait) {}
  void start_begins(const Entry&, int, std::size_t, std::size_t) override {}
  void row_ready(const Entry&, const Row&, bool) override {}
  void waits(const std::string& line) override {
    if (wait_.say) wait_.say(line);
  }

 private:
  const LockWait& wait_;
};

/// One that reads files, as people use them, before one that executes graphs (the reference); then by rank.
const EngineHere* best_engine(const EngineCatalog& catalog) {
  const auto order = [](const EngineHere& here) { return std::pair(here.info.executes_graphs, here.info.rank); };
  const EngineHere* best = nullptr;
  for (const EngineHere& here : catalog.engines) {
    if (!here.info.usable || !here.info.computes) continue;
    if (best == nullptr || order(here) < order(*best)) best = &here;
  }
  return best;
}

}  // namespace

void measure_starts(const EngineCatalog& catalog, int count, MachineReadings& readings, const LockWait& wait) {
  const EngineHere* engine = best_engine(catalog);
  if (engine == nullptr) {
    readings.starts_of = "no engine that computes is usable here";
    return;
  }
  RunSpec spec;
  spec.models = {"squeezenet1_1"};
  spec.engines = {{engine->info.name, {}}};
  spec.starts = count;
  spec.stop.min_time_s = 0.2;
  spec.stop.max_time_s = 0.5;
  const std::vector<PlannedEntry> plan = expand({spec}, catalog.engines, MissingEngine::is_error);
  KeptStarts memory;
  Silent silent(wait);
  Platform platform;
  const RunResult result = run_plan(plan, catalog, platform, memory, {}, silent);
  if (result.interrupted) throw Error(ErrorCode::interrupted, "interrupted", "nothing was kept");
  readings.starts_of = describe(plan.front().entry);
  for (const StartRecord& start : memory.kept()) {
    if (start.status != Status::passed) {
      readings.starts_of += ": " + start.reason;
      continue;
    }
    const std::vector<double> samples(start.samples_ns.begin(), start.samples_ns.end());
    if (const auto median = stats::median(samples)) readings.start_medians_ms.push_back(*median * 1e-6);
  }
}

}  // namespace inferometer::measure
