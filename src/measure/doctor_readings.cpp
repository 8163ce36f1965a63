#include "measure/doctor.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <thread>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "measure/cgroup.h"
#include "measure/core_distance.h"
#include "measure/meter.h"
#include "measure/platform.h"
#include "measure/processor_state.h"
#include "measure/sensors.h"
#include "measure/timed_loop.h"
#include "stats/sample.h"

namespace inferometer::measure {
namespace {

double now_s() { return static_cast<double>(steady_now().count()) * 1e-9; }

/// A value of /proc/meminfo or /proc/vmstat.
std::optional<double> keyed(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  std::string word;
  double value = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    std::istringstream rest(line.substr(key.size()));
    if (rest >> value) return value;
  }
  return std::nullopt;
}

std::optional<double> pages_swapped() {
  const auto in = keyed("/proc/vmstat", "pswpin "), out = keyed("/proc/vmstat", "pswpout ");
  return in && out ? std::optional(*in + *out) : std::nullopt;
}

/// Smallest step of the clock that was seen.
double timer_step_ns() {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  Nanoseconds last = steady_now();
  for (int i = 0; i < 20'000; ++i) {
    const Nanoseconds now = steady_now();
    if (now > last) least = std::min<std::int64_t>(least, (now - last).count());
    last = now;
  }
  return static_cast<double>(least);
}

/// What one process multiplied `count` times by 1 takes, s. Kept from being computed in advance.
double multiply_s(float value) {
  constexpr int kRounds = 20'000, kLanes = 8;
  volatile float one = 1.0F;
  float lanes[kLanes];
  for (float& lane : lanes) lane = value;
  const float factor = one;
  const double begin = now_s();
  for (int round = 0; round < kRounds; ++round) {
    for (float& lane : lanes) lane *= factor;
    // The compiler must not see that nothing changes.
    asm volatile("" : : "r"(lanes) : "memory");
  }
  const double elapsed = now_s() - begin;
  volatile float sink = lanes[0];
  (void)sink;
  return elapsed;
}

using ProcessTable = std::map<int, ProcessTimes>;
ProcessTable process_table() {
  ProcessTable table;
  for (ProcessTimes& process : all_processes()) table.emplace(process.pid, process);
  return table;
}

std::vector<ProcessLoad> loads_between(const ProcessTable& before, const ProcessTable& after, double seconds) {
  std::vector<ProcessLoad> loads;
  for (const auto& [pid, process] : after) {
    if (pid == getpid()) continue;
    const auto earlier = before.find(pid);
    // A pid of ours may have been given to another meanwhile: then its time is smaller.
    const double since = earlier != before.end() && earlier->second.cpu_s <= process.cpu_s ? earlier->second.cpu_s : 0;
    if (const double cores = (process.cpu_s - since) / seconds; cores > 0) loads.push_back({pid, process.name, cores});
  }
  std::sort(loads.begin(), loads.end(), [](const ProcessLoad& a, const ProcessLoad& b) { return a.cores > b.cores; });
  return loads;
}

void fill_platform(MachineReadings& m) {
  const auto details = nlohmann::json::parse(read_platform().details_json);
  const auto text = [&](const char* key) {
    const std::string value = details.at(key).get<std::string>();
    return value == "unknown" ? std::string() : value;
  };
  m.physical_cores = details.at("physical_cores").get<int>();
  m.logical_cpus = details.at("logical_cpus").get<int>();
  m.usable_cpus = static_cast<int>(usable_cpus().size());
  m.governor = text("governor");
  m.boost = text("boost");
  m.no_turbo = text("intel_no_turbo");
  m.smt = text("smt");
  m.huge_pages = text("transparent_huge_pages");
  const auto all = keyed("/proc/meminfo", "MemTotal:"), available = keyed("/proc/meminfo", "MemAvailable:");
  if (all && available && *all > 0) m.memory_available_ratio = *available / *all;
}

void fill_speeds(MachineReadings& m) {
  m.timer_step_ns = timer_step_ns();
  m.timer_cost_ns = timer_overhead_ns();
  m.denormal_slowdown = denormal_slowdown();
}

}  // namespace

double spin_ms() {
  constexpr int kSteps = 400'000;
  volatile std::uint64_t seed = 1;
  std::uint64_t state = seed;
  const Nanoseconds begin = steady_now();
  // Each step needs the one before; constants of Knuth's MMIX generator.
  for (int i = 0; i < kSteps; ++i) state = state * 6364136223846793005u + 1442695040888963407u;
  const Nanoseconds end = steady_now();
  seed = state;
  return static_cast<double>((end - begin).count()) * 1e-6;
}

double denormal_slowdown() {
  constexpr int kTimes = 15;
  std::vector<double> ratios;
  for (int i = 0; i < kTimes; ++i) {
    const double ordinary = multiply_s(1.5F), denormal = multiply_s(std::numeric_limits<float>::min() / 8);
    if (ordinary > 0) ratios.push_back(denormal / ordinary);
  }
  return stats::median(ratios).value_or(1);
}

MachineReadings watch_machine(double seconds, bool (*interrupted)(), const std::function<void(double)>& progress) {
  constexpr double kStep_s = 0.25;
  MachineReadings m;
  fill_platform(m);
  fill_speeds(m);
  const std::vector<int> cpus = usable_cpus();
  const ProcessorSensors sensors(cpus, static_cast<int>(cpus.size()));
  std::vector<ProcessorSample> processor;

  const CgroupCpu group_before = read_cgroup_cpu();
  const auto pages_before = pages_swapped();
  const ProcessTable table_before = process_table();
  const auto times_before = read_cpu_times();
  const double begin = now_s();
  do {
    m.spins_ms.push_back(spin_ms());
    if (cpus.size() > 1) {
      if (const auto roundtrip = core_roundtrip_ns(cpus[0], cpus[1])) m.core_roundtrips_ns.push_back(*roundtrip);
    }
    if (sensors.any()) processor.push_back(sensors.read(now_s()));
    if (interrupted != nullptr && interrupted()) throw Error(ErrorCode::interrupted, "interrupted", "nothing was kept");
    if (progress) progress(std::min(1.0, (now_s() - begin) / seconds));
    std::this_thread::sleep_for(std::chrono::duration<double>(std::min(kStep_s, seconds)));
  } while (now_s() < begin + seconds);

  const auto times_after = read_cpu_times();
  const ProcessTable table_after = process_table();
  m.watched_s = now_s() - begin;
  Surroundings around;
  compare_cpu_times(times_before, times_after, around);
  m.foreign_ratio = around.foreign_load_ratio;
  m.stolen_ratio = around.stolen_ratio;
  m.throttle_events = around.throttle_events;
  m.processes = loads_between(table_before, table_after, m.watched_s);
  const CgroupCpu group_after = read_cgroup_cpu();
  m.quota_cpus = group_after.quota_cpus;
  if (group_before.throttled_s && group_after.throttled_s) m.throttled_s = *group_after.throttled_s - *group_before.throttled_s;
  const auto pages_after = pages_swapped();
  if (pages_before && pages_after) m.swapped_pages = static_cast<std::int64_t>(*pages_after - *pages_before);
  const ProcessorSpan span = processor_over(processor, {begin, begin + m.watched_s});
  m.cpu_mhz_mean = span.mhz_mean;
  m.cpu_mhz_min = span.mhz_min;
  m.temperature_c = span.temperature_c;
  return m;
}

}  // namespace inferometer::measure
