/// Tell how far apart the cores are: the round trip of one cache line.
///
/// On virtual machines the host moves cores between L3 domains; a two-thread inference may take 1.5 times as long after
/// such a move, with nothing else to see. The round trip shows it.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace inferometer::measure {

/// Median of several runs of a few thousand round trips between threads pinned to two cores, nanoseconds per round trip;
/// about 2 ms. nullopt when a thread cannot be pinned or one core is all there is.
std::optional<double> core_roundtrip_ns(int core_a, int core_b);

/// CPUs that this process may use, ascending.
std::vector<int> usable_cpus();

enum class CoreState {
  unknown,  ///< one thread, no reading, or only one state known on this machine
  near,
  far,
  changed,  ///< from one to the other during the start
};

/// The state of one reading, given all readings known on this machine (spec: two clusters more than 1.5 apart).
CoreState core_state(double roundtrip_ns, std::span<const double> known);

/// Readings before and after a loop that belong to different states: more than this apart.
inline constexpr double kStateRatio = 1.5;

}  // namespace inferometer::measure
