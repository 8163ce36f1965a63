/// Tell how far apart the cores are: the round trip of one cache line.
///
/// On virtual machines the host moves cores between L3 domains; a two-thread inference may take 1.5 times as long after
/// such a move, with nothing else to see. The round trip shows it.
#pragma once

#include <cstddef>
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

/// The state of one reading, given all readings known on this machine: two clusters whose medians are more than kStateRatio apart, with
/// a gap of at least kStateGap between them and in the lower one kFewestNear readings and kNearShare of all; else unknown. Readings
/// scatter by a factor of 2 within one state (seen: 110 to 220 ns over 10 minutes), states differ by 2 to 3.
CoreState core_state(double roundtrip_ns, std::span<const double> known);
inline constexpr double kStateRatio = 1.5;
inline constexpr double kStateGap = 1.25;
inline constexpr std::size_t kFewestNear = 2;  ///< a start in the near state gives two readings
inline constexpr double kNearShare = 0.1;

/// Readings before and after a loop that are more than this apart show a change even where no states are known yet.
inline constexpr double kChangeRatio = 2;

}  // namespace inferometer::measure
