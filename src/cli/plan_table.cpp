#include "cli/plan_table.h"

#include <fmt/format.h>

namespace inferometer::cli {
namespace {

/// What only one that is timed has.
struct TimedCells {
  Cell requests, protocol, starts;
};

std::vector<Cell> cells(const measure::PlannedEntry& planned, const std::string& mode, const TimedCells& timed, const std::string& fate) {
  const measure::Entry& entry = planned.entry;
  std::string settings = measure::engine_text(entry).substr(entry.engine.size());
  if (!settings.empty()) settings.erase(0, 1);
  Cell input;
  if (entry.model.height > 0) input = entry.model.height;
  const std::string status = planned.settled ? fmt::format("{} ({})", name_of(*planned.settled), planned.reason) : fate;
  return {entry.model.name,
          entry.engine,
          settings,
          entry.device,
          entry.precision,
          input,
          std::int64_t{entry.threads},
          std::int64_t{entry.streams},
          timed.requests,
          entry.batch,
          mode,
          timed.protocol,
          timed.starts,
          status};
}

}  // namespace

Table plan_table(const std::vector<measure::PlannedEntry>& entries, const std::vector<PlannedEvaluation>& evaluations) {
  Table table;
  table.columns = {"model",        "engine",   "engine_settings", "device",   "precision_requested",
                   "input_height", "threads",  "streams",         "requests", "batch",
                   "mode",         "protocol", "starts",          "status"};
  for (const measure::PlannedEntry& planned : entries) {
    const measure::Entry& entry = planned.entry;
    const TimedCells timed{std::int64_t{entry.requests}, std::string(name_of(entry.protocol)), std::int64_t{entry.starts}};
    table.rows.push_back(cells(planned, std::string(name_of(entry.mode)), timed, "to measure"));
  }
  for (const PlannedEvaluation& evaluation : evaluations) {
    const std::string fate = evaluation.data ? "to evaluate" : fmt::format("skipped ({})", kNoPictures);
    for (const measure::PlannedEntry& planned : evaluation.entries) table.rows.push_back(cells(planned, "evaluate", {}, fate));
  }
  return table;
}

}  // namespace inferometer::cli
