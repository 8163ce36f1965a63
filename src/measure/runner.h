/// Measure a plan: every start of every entry, in a shuffled order, each in a worker of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "measure/engines_here.h"
#include "measure/entry.h"
#include "measure/plan.h"
#include "measure/platform.h"
#include "measure/row.h"
#include "measure/start.h"

namespace inferometer::measure {

/// Where starts and rows are kept. Implemented on the store; nothing here knows SQL. Every call is durable when it returns.
class Ledger {
 public:
  virtual ~Ledger() = default;
  /// One attempt at measuring an entry whole is a generation, counted from 1; 0: none yet.
  struct Newest {
    std::int64_t generation = 0;  ///< of the newest start or row
    std::optional<Row> row;       ///< newest row, of any generation
    std::int64_t row_generation = 0;
  };
  virtual Newest newest(const std::string& identity) = 0;
  virtual std::vector<StartRecord> starts(const std::string& identity, std::int64_t generation) = 0;
  virtual void keep_start(const std::string& identity, const Entry& entry, std::int64_t generation, const StartRecord& start) = 0;
  virtual void keep_row(const std::string& identity, std::int64_t generation, const Row& row) = 0;
  virtual std::vector<double> core_roundtrips() = 0;
};

/// Told what happens, for a progress bar. Called from the runner's thread.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void start_begins(const Entry& entry, int start_index, std::size_t starts_done, std::size_t starts_total) = 0;
  virtual void row_ready(const Entry& entry, const Row& row, bool fresh) = 0;  ///< fresh: measured now, not found in the store
  virtual void waits(const std::string& line) = 0;  ///< another process measures; base/file_lock.h says when this is told
};

struct RunnerOptions {
  bool again = false;            ///< measure what is in the store too
  bool retry_unstable = false;   ///< measure unstable rows again
  std::uint64_t order_seed = 1;  ///< of the shuffled order
};

struct RunResult {
  std::vector<Row> rows;  ///< in plan order; entries that an interrupt left unmeasured are absent
  bool interrupted = false;
};

/// True for a row that need not be measured again: it passed, is unsupported, or ran out of memory.
bool is_settled(const Row& row);
/// True when the row makes `run` exit with 1: failed, timed out, out of memory, or invalid.
bool is_bad(const Row& row);

/// Throws Error{io} when the store or the cache cannot be written (what was kept stays), Error{usage} for what the user asked for wrongly
/// and only a worker can see: a setting's value, pictures.
RunResult run_plan(const std::vector<PlannedEntry>& plan, const EngineCatalog& catalog, const Platform& platform, Ledger& ledger,
                   const RunnerOptions& options, RunObserver& observer);

}  // namespace inferometer::measure
