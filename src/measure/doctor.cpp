#include "measure/doctor.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "measure/core_distance.h"
#include "stats/sample.h"

namespace inferometer::measure {
namespace {

using enum FindingLevel;

// The verdict's own thresholds (docs/measuring.md).
constexpr double kForeignLoad = 0.10, kStolen = 0.02, kStartsApart = 0.05;
constexpr double kSomeLoad = 0.02, kThrottledShare = 0.01, kSpinSpread = 0.05, kDenormals = 2, kTimerStep_ns = 1000, kHot_c = 90,
                 kLittleMemory = 0.10, kClockFall = 0.20;
constexpr std::size_t kProcessesNamed = 3;

Finding good(const char* check, std::string figure) { return {check, ok, std::move(figure), "", ""}; }
Finding not_known(const char* check, const char* why) { return {check, unknown, why, "", ""}; }

std::string percent(double ratio) { return fmt::format("{:.1f} %", 100 * ratio); }

std::string busiest(const MachineReadings& m) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kProcessesNamed, m.processes.size()); ++i) {
    const ProcessLoad& process = m.processes[i];
    if (process.cores < 0.005) break;
    text += fmt::format("{}{} (pid {}) {:.2f} cores", text.empty() ? "" : ", ", process.name, process.pid, process.cores);
  }
  return text;
}

Finding other_programs(const MachineReadings& m) {
  constexpr const char* kCheck = "other programs";
  if (!m.foreign_ratio) return not_known(kCheck, "no /proc/stat");
  double named = 0;
  for (const ProcessLoad& process : m.processes) named += process.cores;
  std::string figure = percent(*m.foreign_ratio) + " of the cores";
  if (const std::string names = busiest(m); !names.empty()) figure += ": " + names;
  // What began and ended while we watched has no name left.
  if (const double rest = *m.foreign_ratio * m.logical_cpus - named; rest > 0.05)
    figure += fmt::format("; {:.2f} cores by programs that came and went", rest);
  if (*m.foreign_ratio <= kSomeLoad) return good(kCheck, figure);
  return {kCheck, *m.foreign_ratio > kForeignLoad ? fault : warning, figure, "threads wait for their core; rows above 10 % are unstable",
          "end these programs, or measure while they rest"};
}

Finding stolen_time(const MachineReadings& m) {
  constexpr const char* kCheck = "stolen time";
  if (!m.stolen_ratio) return not_known(kCheck, "no /proc/stat");
  const std::string figure = percent(*m.stolen_ratio) + " of the cores' time";
  if (*m.stolen_ratio <= kStolen / 4) return good(kCheck, figure);
  return {kCheck, *m.stolen_ratio > kStolen ? fault : warning, figure, "the host runs others on these cores; rows above 2 % are unstable",
          "measure when the host is quiet, or on a machine of your own"};
}

Finding quota(const MachineReadings& m) {
  constexpr const char* kCheck = "control group";
  const bool limits = m.quota_cpus > 0 && m.quota_cpus < m.usable_cpus;
  const double throttled = m.throttled_s.value_or(0);
  const bool stopped = throttled > kThrottledShare * m.watched_s;
  std::string figure = m.quota_cpus > 0 ? fmt::format("{:.4g} of {} cores allowed", m.quota_cpus, m.usable_cpus) : std::string("no limit");
  if (m.throttled_s) figure += fmt::format("; its cores stood still for {:.2f} s together in {:.0f} s", throttled, m.watched_s);
  if (!limits && !stopped) return good(kCheck, figure);
  return {kCheck, stopped ? fault : warning, figure, "threads beyond the quota stand still until the next period, often for 50 ms and more",
          fmt::format("raise the quota, or use --threads {}", std::max(1, static_cast<int>(m.quota_cpus)))};
}

Finding governor(const MachineReadings& m) {
  constexpr const char* kCheck = "governor";
  if (m.governor.empty()) return not_known(kCheck, "the kernel does not tell: on a virtual machine the host decides");
  if (m.governor == "performance") return good(kCheck, m.governor);
  return {kCheck, warning, m.governor, "the clock rises only after a while of load, so short loops run slower",
          "sudo cpupower frequency-set -g performance"};
}

Finding turbo(const MachineReadings& m) {
  constexpr const char* kCheck = "turbo";
  if (m.boost.empty() && m.no_turbo.empty()) return not_known(kCheck, "the kernel does not tell: on a virtual machine the host decides");
  const bool is_on = m.no_turbo.empty() ? m.boost != "0" : m.no_turbo == "0";
  if (!is_on) return good(kCheck, "off");
  return {kCheck, note, "on", "the clock depends on heat and on how many cores are busy",
          m.no_turbo.empty() ? "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"
                             : "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"};
}

Finding cores(const MachineReadings& m) {
  const std::string figure = fmt::format("{} physical, {} logical, {} usable here", m.physical_cores, m.logical_cpus, m.usable_cpus);
  if (m.smt == "1" || m.logical_cpus > m.physical_cores) {
    return {"cores", warning, figure + "; siblings share a core", "two threads on one core take up to twice as long as on two",
            "pin to one sibling of each core with --cpus, or switch SMT off"};
  }
  return good("cores", figure);
}

Finding core_distance(const MachineReadings& m) {
  constexpr const char* kCheck = "core distance";
  const std::vector<double>& all = m.core_roundtrips_ns;
  if (all.size() < 2) return not_known(kCheck, "two usable cores are needed");
  const auto [low, high] = std::minmax_element(all.begin(), all.end());
  std::string figure = fmt::format("round trip {:.0f} ns ({:.0f} to {:.0f}, {} readings)", *stats::median(all), *low, *high, all.size());
  std::size_t far = 0, changes = 0;
  bool was_far = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool is_far = core_state(all[i], all) == CoreState::far;
    far += is_far ? 1 : 0;
    changes += i > 0 && is_far != was_far ? 1 : 0;
    was_far = is_far;
  }
  if (far == 0) return good(kCheck, figure);
  figure += fmt::format("; far in {} of them, changed {} times", far, changes);
  return {kCheck, warning, figure, "work of two threads takes up to 1.5 times as long while cores are far apart",
          "--threads 1, or --retry unstable until they are near"};
}

Finding clock(const MachineReadings& m) {
  constexpr const char* kCheck = "clock";
  if (m.spins_ms.size() < 5) return not_known(kCheck, "watched too briefly");
  const double low = *stats::quantile_type7(m.spins_ms, 0.1), high = *stats::quantile_type7(m.spins_ms, 0.9);
  const double spread = high / low - 1;
  std::string figure = fmt::format("the same work took {:.3f} ms, its middle 80 % {} apart", *stats::median(m.spins_ms), percent(spread));
  if (m.cpu_mhz_mean && m.cpu_mhz_min) figure += fmt::format("; {:.0f} MHz, at least {:.0f}", *m.cpu_mhz_mean, *m.cpu_mhz_min);
  const bool fell = m.cpu_mhz_mean && m.cpu_mhz_min && *m.cpu_mhz_min < (1 - kClockFall) * *m.cpu_mhz_mean;
  if (spread <= kSpinSpread && !fell) return good(kCheck, figure);
  return {kCheck, warning, figure, "one thread's speed varies by as much from moment to moment",
          "fix the clock, let the machine cool, end other programs; on a virtual machine measure more starts"};
}

Finding heat(const MachineReadings& m) {
  constexpr const char* kCheck = "heat";
  if (!m.temperature_c && !m.throttle_events) return not_known(kCheck, "no sensor and no throttle counter here");
  std::string figure = m.temperature_c ? fmt::format("at most {:.0f} degrees C", *m.temperature_c) : std::string("no temperature");
  if (m.throttle_events) figure += fmt::format(", throttled {} times", *m.throttle_events);
  const bool throttled = m.throttle_events.value_or(0) > 0;
  if (!throttled && m.temperature_c.value_or(0) < kHot_c) return good(kCheck, figure);
  return {kCheck, throttled ? fault : warning, figure, "a hot processor lowers its clock; rows of throttled starts are unstable",
          "cool it, or pause between starts (--pause-s 10)"};
}

Finding memory(const MachineReadings& m) {
  constexpr const char* kCheck = "memory";
  if (!m.memory_available_ratio) return not_known(kCheck, "no /proc/meminfo");
  std::string figure = percent(*m.memory_available_ratio) + " available";
  if (m.swapped_pages) figure += fmt::format(", {} pages swapped", *m.swapped_pages);
  const bool swaps = m.swapped_pages.value_or(0) > 0;
  if (!swaps && *m.memory_available_ratio >= kLittleMemory) return good(kCheck, figure);
  return {kCheck, swaps ? fault : warning, figure, "pages come back from disk in the middle of a request",
          "end programs, or switch swap off"};
}

Finding huge_pages(const MachineReadings& m) {
  constexpr const char* kCheck = "huge pages";
  if (m.huge_pages.empty()) return not_known(kCheck, "the kernel does not tell");
  // "always [madvise] never"
  const std::size_t open = m.huge_pages.find('['), close = m.huge_pages.find(']');
  const std::string chosen =
      open == std::string::npos || close == std::string::npos ? m.huge_pages : m.huge_pages.substr(open + 1, close - open - 1);
  if (chosen != "always") return good(kCheck, chosen);
  return {kCheck, note, chosen, "large tensors may be quicker than elsewhere, memory figures larger, and a start may meet compaction",
          "compare figures of machines with the same setting: echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"};
}

Finding denormals(const MachineReadings& m) {
  constexpr const char* kCheck = "denormals";
  if (!m.denormal_slowdown) return not_known(kCheck, "not measured");
  const std::string figure = fmt::format("arithmetic on them takes {:.3g} times as long", *m.denormal_slowdown);
  if (*m.denormal_slowdown < kDenormals) return good(kCheck, figure);
  return {kCheck, note, figure,
          "a network whose activations fade away is slower than its operations say, in engines that do not flush to zero",
          "measure with weights that are real: zero or constant ones hide it or bring it about"};
}

Finding timer(const MachineReadings& m) {
  constexpr const char* kCheck = "timer";
  if (!m.timer_step_ns || !m.timer_cost_ns) return not_known(kCheck, "not measured");
  const std::string figure = fmt::format("steps of {:.0f} ns, {:.0f} ns a reading", *m.timer_step_ns, *m.timer_cost_ns);
  if (std::max(*m.timer_step_ns, *m.timer_cost_ns) <= kTimerStep_ns) return good(kCheck, figure);
  return {kCheck, warning, figure, "requests under a tenth of a millisecond are not told apart; rows above 1 % are invalid",
          "raise --batch; see /sys/devices/system/clocksource/clocksource0/current_clocksource"};
}

Finding starts(const MachineReadings& m) {
  constexpr const char* kCheck = "starts";
  if (m.start_medians_ms.size() < 2) {
    Finding finding = not_known(kCheck, "");
    finding.figure = m.starts_of.empty() ? "not measured" : m.starts_of;
    return finding;
  }
  const auto [low, high] = std::minmax_element(m.start_medians_ms.begin(), m.start_medians_ms.end());
  const double apart = *high / *low - 1;
  const std::string figure = fmt::format("{} starts of {}: medians {:.3f} to {:.3f} ms, {} apart", m.start_medians_ms.size(), m.starts_of,
                                         *low, *high, percent(apart));
  if (apart <= kStartsApart) return good(kCheck, figure);
  return {kCheck, fault, figure, "one start's figure is not the entry's; rows above 5 % are unstable",
          "mend what stands above, raise --starts, compare with `compare` instead of by two rows"};
}

}  // namespace

std::string_view name_of(FindingLevel level) {
  switch (level) {
    case ok: return "ok";
    case unknown: return "unknown";
    case note: return "note";
    case warning: return "warning";
    case fault: return "fault";
  }
  return "unknown";
}

std::vector<Finding> diagnose(const MachineReadings& readings) {
  std::vector<Finding> findings;
  for (const auto check : {other_programs, stolen_time, quota, cores, core_distance, clock, governor, turbo, heat, memory, huge_pages,
                           denormals, timer, starts}) {
    findings.push_back(check(readings));
  }
  return findings;
}

}  // namespace inferometer::measure
