/// Find what makes this machine unsteady.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inferometer::measure {

/// What one process other than ours used.
struct ProcessLoad {
  int pid = 0;
  std::string name;
  double cores = 0;  ///< mean over the time watched
};

/// What was read of the machine; nullopt or "": it cannot be told here.
struct MachineReadings {
  double watched_s = 0;
  int physical_cores = 1, logical_cpus = 1, usable_cpus = 1;
  std::string governor, boost, no_turbo, smt, huge_pages;  ///< as the kernel's files have them
  double quota_cpus = 0;                                   ///< of the control group; 0: no limit
  std::optional<double> throttled_s;                       ///< by the control group, while we watched
  std::optional<double> foreign_ratio, stolen_ratio;       ///< of all cores' time
  std::vector<ProcessLoad> processes;                      ///< others, the busiest first
  std::optional<std::int64_t> throttle_events;             ///< of the processor, while we watched
  std::optional<double> cpu_mhz_mean, cpu_mhz_min, temperature_c;
  std::vector<double> core_roundtrips_ns;   ///< between the first two cores, in order of time
  std::vector<double> spins_ms;             ///< the same work again and again
  std::optional<double> denormal_slowdown;  ///< time with denormal numbers / with ordinary ones
  std::optional<double> timer_step_ns, timer_cost_ns;
  std::optional<double> memory_available_ratio;
  std::optional<std::int64_t> swapped_pages;  ///< in and out, while we watched
  std::string starts_of;                      ///< which entry was started, "resnet18 onnxruntime ..."; or why none was
  std::vector<double> start_medians_ms;
};

enum class FindingLevel : std::uint8_t {
  ok,
  unknown,  ///< cannot be told here
  note,     ///< disturbs nothing by itself, but is worth knowing when figures are compared
  warning,  ///< may disturb
  fault,    ///< disturbs now: rows measured like this are unstable by docs/measuring.md's thresholds
};
std::string_view name_of(FindingLevel level);

struct Finding {
  std::string check;  ///< "other programs"
  FindingLevel level = FindingLevel::ok;
  std::string figure;          ///< what was found, with its unit
  std::string effect, remedy;  ///< on measurements; empty when all is well
};

/// One finding for every check, in a fixed order. Pure.
std::vector<Finding> diagnose(const MachineReadings& readings);

/// Watch the machine for so long and fill in everything but the starts. Uses about a hundredth of one core.
/// Throws Error{interrupted} when `interrupted` says so. @param progress  told the share done; may be empty
MachineReadings watch_machine(double seconds, bool (*interrupted)(), const std::function<void(double)>& progress = {});

/// The time that work of a fixed length takes now, ms: about a millisecond of dependent integer operations.
double spin_ms();
/// How much longer multiplications take when their numbers are denormal: 1 where they cost nothing, or are flushed to zero.
double denormal_slowdown();

}  // namespace inferometer::measure
