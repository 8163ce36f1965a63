/// Time the layers of an entry in a start of their own: profiling changes timing, so no other figure comes from it.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/file_lock.h"
#include "measure/engines_here.h"
#include "measure/layer_network.h"
#include "measure/layer_row.h"
#include "measure/measure_start.h"
#include "measure/models.h"
#include "measure/row.h"

namespace inferometer::measure {

/// What the profiled runs gave.
struct LayerProfile {
  std::vector<engine::LayerTime> times;
  std::int64_t runs = 0;  ///< after warming up
  bool means = false;     ///< of the runs, else medians
  double total_us = 0;    ///< of one request by our own clock, the same statistic
};

/// Inside the worker: load with profiling where the engine has it, warm up, and run until there are 20 runs and one second has passed
/// (at most kMostProfiledRuns). Throws Error; Error{unsupported} for more than one stream, whose times the frameworks mix.
LayerProfile profile_layers(const StartContext& context);
inline constexpr std::int64_t kLeastProfiledRuns = 20, kMostProfiledRuns = 2000;
inline constexpr double kProfiledSeconds = 1;

/// The rows of a profile: everything but what `subject`, the entry's own row, says. Pure.
/// @param batch  images of one request
std::vector<LayerRow> layer_rows(const Network& network, const LayerProfile& profile, std::int64_t batch);

/// What the worker answers: {"layers": [...]}; and back.
nlohmann::json layers_json(const std::vector<LayerRow>& rows);
std::vector<LayerRow> layers_from_json(const nlohmann::json& json);

/// How profiling an entry ended.
struct ProfiledEntry {
  Status status = Status::passed;
  std::string reason;  ///< when not passed
  std::vector<LayerRow> rows;
};

/// The parent's side: one worker, under the machine-wide lock.
/// @param row  the entry's own, which passed
/// @param wait  told when another process measures
/// Throws Error{interrupted}, Error{io}.
ProfiledEntry profile_entry(const Entry& entry, const EngineCatalog& catalog, const Row& row, const LockWait& wait = {});

}  // namespace inferometer::measure
