/// Read what the kernel tells about this process and the machine. Missing files read as nullopt or 0, never as an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "measure/start.h"

namespace inferometer::measure {

std::int64_t resident_bytes();       ///< VmRSS of this process
std::int64_t peak_resident_bytes();  ///< VmHWM of this process (ru_maxrss is inherited through exec, this is not)

/// Processor time so far, in seconds, summed over cores.
struct CpuTimes {
  double busy_s = 0;    ///< everybody's user, nice, system, interrupts
  double stolen_s = 0;  ///< taken by the hypervisor
  double own_s = 0;     ///< this process's share of busy_s
  double wall_s = 0;    ///< steady clock
  int cores = 1;        ///< online
  std::optional<std::int64_t> throttle_events;
};
std::optional<CpuTimes> read_cpu_times(const std::string& root = "/");

/// A process: its parent, its name as the kernel cuts it, and processor time so far.
struct ProcessTimes {
  int pid = 0, parent = 0;
  std::string name;
  double cpu_s = 0;
};
/// Every process there is. Those that end meanwhile are left out.
std::vector<ProcessTimes> all_processes(const std::string& root = "/");
/// All processes below `pid`, children of children included. Those that end meanwhile are left out.
std::vector<ProcessTimes> descendants(int pid, const std::string& root = "/");
/// VmHWM of another process, bytes; 0: it is gone.
std::int64_t peak_resident_bytes_of(int pid);

/// Fill foreign_load_ratio, stolen_ratio and throttle_events from two readings. Intervals under 0.1 s say nothing: the
/// kernel counts in ticks of 10 ms.
void compare_cpu_times(const std::optional<CpuTimes>& before, const std::optional<CpuTimes>& after, Surroundings& around);

/// Kills by the kernel for lack of memory so far, of our cgroup or else the machine.
std::optional<std::int64_t> oom_kills(const std::string& root = "/");

/// min(installed memory, cgroup limit), bytes.
std::int64_t memory_available_at_most(const std::string& root = "/");

}  // namespace inferometer::measure
