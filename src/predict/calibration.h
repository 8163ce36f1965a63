/// Time probes and whole networks on one engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/file_lock.h"
#include "measure/engines_here.h"
#include "measure/entry.h"
#include "predict/journal.h"
#include "predict/probes.h"

namespace inferometer::predict {

/// What is timed. Everything but limits is part of the journal's key.
struct CalibrationPlan {
  measure::Entry entry;  ///< engine, device, precision, threads, ...; the model and the batch are those of each timing
  std::vector<std::int64_t> batches{1, 8};
  std::size_t probes = kDefaultProbes;
  std::uint64_t seed = 1;
  std::vector<std::string> networks;  ///< of the zoo
};

/// Networks that are timed where none are named: small and middling ones of many families, so that minutes suffice.
const std::vector<std::string>& default_networks();

/// What a journal of this plan is of. @param machine  identity of the platform
nlohmann::json journal_key(const CalibrationPlan& plan, const std::string& machine);

/// A model is timed in so many workers at least; where the two lowest figures are further apart than kSteady allows, in more. Networks,
/// which set the scale and judge the fit, in more than probes.
inline constexpr int kProbePasses = 2, kMostProbePasses = 3, kNetworkPasses = 3, kMostNetworkPasses = 5;
inline constexpr double kSteady = 0.06;
/// A probe further apart is not fitted. Below, it is: what a tenth of the probes would have told is missed more than their scatter hurts.
inline constexpr double kUsable = 0.15;

/// The figure of one model at one batch, from its passes.
struct Measured {
  std::string name;
  bool network = false;
  std::int64_t batch = 1;
  double ms = 0;            ///< a request; mean of the two lowest passes
  double spread_ratio = 0;  ///< of these two: higher / lower - 1
  bool steady = false;      ///< spread_ratio <= kSteady, of near timings
  bool usable = false;      ///< spread_ratio <= kUsable, of near timings
  double peak_mb = 0;       ///< networks; 0: unknown
  std::string failure;      ///< why there is no figure
};
/// In the order of first appearance. Timings with cores far apart are left out where nearer ones are known.
std::vector<Measured> summarize_timings(const std::vector<Timing>& timings);

/// `done` of `all` timings are there; `what` is being timed.
using CalibrationProgress = std::function<void(const std::string& what, std::size_t done, std::size_t all)>;

/// Time what the journal lacks. The machine's lock is held while a worker lives. A model that an engine cannot run is noted in the journal
/// with the reason and asked for no more.
/// @param wait  told when another process measures
/// Throws Error{interrupted}, Error{io}, and what starting workers gives.
void time_missing(const CalibrationPlan& plan, const measure::EngineCatalog& catalog, Journal& journal, const CalibrationProgress& progress,
                  const LockWait& wait = {});

}  // namespace inferometer::predict
