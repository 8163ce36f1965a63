/// `run --search-throughput`: find, for each network and engine, the settings of most images a second.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "measure/plan.h"
#include "measure/row.h"
#include "measure/runner.h"

namespace inferometer::cli {

/// Measures a plan as `run` does, keeps it, and returns its rows.
using MeasurePlan = std::function<measure::RunResult(const std::vector<measure::PlannedEntry>&)>;

struct SearchedEntries {
  std::vector<measure::Row> rows;      ///< of the best few of each search, measured in full, the fastest first
  std::vector<std::string> summaries;  ///< one line for each search: what was tried, the best, its margin to the next
  bool interrupted = false;
};

/// Search the space that `spec`'s threads, streams, requests and batches span, or for those not in `is_given` (option names) their
/// defaults (measure/search.h): one short start for each point tried, then the best three as `spec` says. One search for each
/// network, engine, device, precision and input of the plan. Throws Error{usage} for another mode than throughput, and as measure::expand.
SearchedEntries search_entries(const measure::RunSpec& spec, const std::function<bool(const char*)>& is_given,
                               const std::vector<measure::EngineHere>& engines, const MeasurePlan& measure_plan);

/// Measurements that search_entries() makes at most. Throws as it does before it measures.
std::size_t most_measurements(const measure::RunSpec& spec, const std::function<bool(const char*)>& is_given,
                              const std::vector<measure::EngineHere>& engines);

}  // namespace inferometer::cli
