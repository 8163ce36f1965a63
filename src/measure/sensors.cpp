#include "measure/sensors.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

namespace inferometer::measure {
namespace {

/// A number after `key` on a line of a small kernel file; nullopt when file or key is not there.
std::optional<std::int64_t> keyed_number(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with(key)) continue;
    std::istringstream rest(line.substr(key.size()));
    std::int64_t value = 0;
    if (rest >> value) return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> only_number(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  if (!(file >> word)) return std::nullopt;
  return parse_integer(word);
}

std::optional<std::int64_t> throttle_events(const std::string& root) {
  std::optional<std::int64_t> total;
  for (int cpu = 0;; ++cpu) {
    const std::string folder = root + "sys/devices/system/cpu/cpu" + std::to_string(cpu);
    if (!std::filesystem::exists(folder)) break;
    if (const auto count = only_number(folder + "/thermal_throttle/core_throttle_count")) total = total.value_or(0) + *count;
  }
  return total;
}

/// From the kernel's one line: "PID (NAME) STATE PPID ...", where the name may hold anything; 14 and 15 are user and system ticks.
std::optional<ProcessTimes> process_times(const std::filesystem::path& stat, int pid) {
  std::ifstream file(stat);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const std::size_t name_ends = line.rfind(')');
  if (name_ends == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(name_ends + 1));
  std::string state, skipped;
  ProcessTimes process;
  process.pid = pid;
  if (const std::size_t begins = line.find('('); begins < name_ends) process.name = line.substr(begins + 1, name_ends - begins - 1);
  rest >> state >> process.parent;
  for (int field = 5; field < 14; ++field) rest >> skipped;
  double user = 0, system = 0;
  if (!(rest >> user >> system)) return std::nullopt;
  process.cpu_s = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return process;
}

}  // namespace

std::int64_t resident_bytes() { return keyed_number("/proc/self/status", "VmRSS:").value_or(0) * 1024; }
std::int64_t peak_resident_bytes() { return keyed_number("/proc/self/status", "VmHWM:").value_or(0) * 1024; }

std::int64_t peak_resident_bytes_of(int pid) { return keyed_number(fmt::format("/proc/{}/status", pid), "VmHWM:").value_or(0) * 1024; }

std::vector<ProcessTimes> all_processes(const std::string& root) {
  std::vector<ProcessTimes> all;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(root + "proc", failure)) {
    const auto number = parse_integer(entry.path().filename().string());
    if (!number) continue;
    if (const auto process = process_times(entry.path() / "stat", static_cast<int>(*number))) all.push_back(*process);
  }
  return all;
}

std::vector<ProcessTimes> descendants(int pid, const std::string& root) {
  const std::vector<ProcessTimes> all = all_processes(root);
  std::set<int> family{pid};
  std::vector<ProcessTimes> found;
  // Pids say nothing of who came first, so look until a round finds nobody new.
  for (bool grows = true; grows;) {
    grows = false;
    for (const ProcessTimes& process : all) {
      if (!family.contains(process.parent) || !family.insert(process.pid).second) continue;
      found.push_back(process);
      grows = true;
    }
  }
  return found;
}

std::optional<CpuTimes> read_cpu_times(const std::string& root) {
  std::ifstream file(root + "proc/stat");
  std::string word;
  if (!(file >> word) || word != "cpu") return std::nullopt;
  double user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  if (!(file >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal)) return std::nullopt;
  const auto ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
  CpuTimes times;
  times.busy_s = (user + nice + system + irq + softirq) / ticks_per_s;
  times.stolen_s = steal / ticks_per_s;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  times.own_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  times.wall_s = static_cast<double>(steady_now().count()) * 1e-9;
  times.cores = std::max(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
  times.throttle_events = throttle_events(root);
  return times;
}

void compare_cpu_times(const std::optional<CpuTimes>& before, const std::optional<CpuTimes>& after, Surroundings& around) {
  constexpr double kLeast_s = 0.1;
  if (!before || !after) return;
  if (before->throttle_events && after->throttle_events) {
    around.throttle_events = *after->throttle_events - *before->throttle_events;
  }
  const double wall = after->wall_s - before->wall_s;
  if (wall < kLeast_s) return;
  const double capacity = wall * after->cores;
  const double foreign = (after->busy_s - before->busy_s) - (after->own_s - before->own_s);
  around.foreign_load_ratio = std::max(0.0, foreign / capacity);
  around.stolen_ratio = std::max(0.0, (after->stolen_s - before->stolen_s) / capacity);
}

std::optional<std::int64_t> oom_kills(const std::string& root) {
  if (const auto kills = keyed_number(root + "sys/fs/cgroup/memory.events", "oom_kill ")) return kills;
  return keyed_number(root + "proc/vmstat", "oom_kill ");
}

std::int64_t memory_available_at_most(const std::string& root) {
  std::int64_t most = keyed_number(root + "proc/meminfo", "MemTotal:").value_or(0) * 1024;
  for (const char* file : {"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    const auto limit = only_number(root + file);  // "max" is no number
    if (limit && *limit > 0) most = most == 0 ? *limit : std::min(most, *limit);
  }
  return most;
}

}  // namespace inferometer::measure
