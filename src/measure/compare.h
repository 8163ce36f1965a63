/// Measure two entries in turns, and say whether one is faster (docs/comparing.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_lock.h"
#include "measure/engines_here.h"
#include "measure/entry.h"
#include "measure/platform.h"
#include "measure/replicates.h"
#include "measure/row.h"

namespace inferometer::measure {

struct CompareOptions {
  std::size_t replicates = 10;  ///< that count; at least fewest_replicates()
  std::size_t blocks = 3;       ///< of each side in a replicate
  double block_s = 0.2;
  std::uint64_t seed = 1;  ///< of the order within pairs
  /// false: all replicates come from one pair of starts, whose interval says nothing of other starts. For showing what that does.
  bool fresh_starts = true;
  std::vector<Metric> metrics{Metric::per_image_ms};
};

/// One comparison with all that its tables and its figure show.
struct Comparison {
  std::array<Entry, kSides> entries;
  CompareOptions options;
  /// Settings obtained, agreement and each side's own figures over all replicates that count, as `run` would show them.
  std::array<Row, kSides> rows;
  Status status = Status::passed;
  bool invalid = false;              ///< outputs of a side are wrong: a fast wrong answer is not faster
  std::vector<std::string> reasons;  ///< of a status that is not passed, or of `invalid`
  std::vector<std::string> notes;
  std::vector<MetricComparison> metrics;
  std::vector<Replicate> replicates;   ///< all that were measured
  std::vector<bool> counted;           ///< one for each replicate
  std::vector<CoreState> core_states;  ///< one for each replicate
};

/// "faster", "slower" (of memory: "smaller", "larger"), "no difference shown", "invalid"; "" when the comparison did not pass.
std::string_view verdict_of(const Comparison& comparison, const MetricComparison& metric);
/// True when b is worse than a, an answer is wrong, or a side failed: what makes `compare` exit with 1.
bool is_bad(const Comparison& comparison);

/// Told before each replicate how many count so far.
using CompareProgress = std::function<void(std::size_t counted, std::size_t wanted)>;

/// Two workers are alive at once and never both busy. Replicates whose cores are far apart are measured again, up to twice as many as
/// asked.
/// The machine's lock is held while a replicate runs. A side that fails ends the comparison; its status and reason say how.
/// @param entries  latency mode; their engines are in the catalogue
/// @param known_roundtrips  readings of this machine so far, ns
/// @param wait  told when another process measures
/// Throws Error{usage} for an engine setting's value, and too few replicates or metrics of starts where starts are not fresh;
/// Error{interrupted}.
Comparison compare(const std::array<Entry, kSides>& entries, const EngineCatalog& catalog, const Platform& platform,
                   const CompareOptions& options, std::vector<double> known_roundtrips, const CompareProgress& progress = {},
                   const LockWait& wait = {});

}  // namespace inferometer::measure
