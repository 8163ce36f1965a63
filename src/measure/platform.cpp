#include "measure/platform.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>

#include "base/hash.h"
#include "base/text.h"
#include "measure/cgroup.h"
#include "measure/core_distance.h"
#include "measure/plan.h"
#include "measure/sensors.h"

namespace inferometer::measure {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  std::erase(line, '\0');  // ends the device tree's texts
  return std::string(trim(line));
}

std::string known_or_unknown(const std::string& text) { return text.empty() ? "unknown" : text; }

/// Value of "key : value" lines; "" when missing.
std::string keyed_text(const std::string& path, const std::string& key, char separator) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t at = line.find(separator);
    if (at == std::string::npos || trim(std::string_view(line).substr(0, at)) != key) continue;
    std::string value(trim(std::string_view(line).substr(at + 1)));
    std::erase(value, '"');
    return value;
  }
  return "";
}

/// CPUs of a kernel list such as "0-3,8"; those that the library counts when the file is not there.
std::vector<int> online_cpus(const std::string& root) {
  constexpr std::int64_t kMost = 1 << 16;
  std::vector<int> cpus;
  for (const std::string& range : split(first_line(root + "sys/devices/system/cpu/online"), ',')) {
    const std::vector<std::string> ends = split(range, '-');
    const auto first = parse_integer(ends.front()), last = parse_integer(ends.back());
    if (!first || !last || *first < 0 || *last > kMost) continue;
    for (std::int64_t cpu = *first; cpu <= *last; ++cpu) cpus.push_back(static_cast<int>(cpu));
  }
  if (!cpus.empty()) return cpus;
  cpus.resize(std::max(1u, std::thread::hardware_concurrency()));
  std::iota(cpus.begin(), cpus.end(), 0);
  return cpus;
}

/// Distinct (package, core) pairs of these CPUs; all of them when the kernel does not tell.
int physical_cores(const std::string& root, const std::vector<int>& cpus) {
  std::set<std::string> cores;
  for (const int cpu : cpus) {
    const std::string folder = fmt::format("{}sys/devices/system/cpu/cpu{}/topology/", root, cpu);
    const std::string core = first_line(folder + "core_id");
    cores.insert(core.empty() ? fmt::format("cpu{}", cpu) : first_line(folder + "physical_package_id") + ":" + core);
  }
  return static_cast<int>(cores.size());
}

std::vector<std::string> accelerators(const std::string& root) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& gpu : std::filesystem::directory_iterator(root + "proc/driver/nvidia/gpus", ignored)) {
    found.push_back(known_or_unknown(keyed_text(gpu.path() / "information", "Model", ':')));
  }
  for (const char* folder : {"sys/class/drm", "sys/class/accel"}) {
    for (const auto& device : std::filesystem::directory_iterator(root + folder, ignored)) {
      const std::string name = device.path().filename();
      if (name.starts_with("renderD") || name.starts_with("accel")) {
        found.push_back(fmt::format("{} {}:{}", name.starts_with("accel") ? "accel" : "render", first_line(device.path() / "device/vendor"),
                                    first_line(device.path() / "device/device")));
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string sorted_flags(const std::string& text) {
  std::vector<std::string> flags = split(text, ' ');
  std::sort(flags.begin(), flags.end());
  return join(flags, " ");
}

bool has_flag(const std::string& flags, std::string_view flag) {
  const std::vector<std::string> all = split(flags, ' ');
  return std::find(all.begin(), all.end(), flag) != all.end();
}

}  // namespace

Platform read_platform(const std::string& root) {
  const std::string cpuinfo = root + "proc/cpuinfo";
  std::string model = keyed_text(cpuinfo, "model name", ':');
  if (model.empty()) model = keyed_text(cpuinfo, "Model", ':');  // boards with Arm cores
  if (model.empty()) model = first_line(root + "proc/device-tree/model");
  const std::string x86_flags = sorted_flags(keyed_text(cpuinfo, "flags", ':'));
  std::string flags = x86_flags;
  if (flags.empty()) flags = sorted_flags(keyed_text(cpuinfo, "Features", ':'));

  const std::vector<int> cpus = online_cpus(root);
  const int cores = physical_cores(root, cpus);
  const std::int64_t memory = memory_available_at_most(root);
  const std::vector<std::string> extra = accelerators(root);

  // Memory is rounded: the kernel's own share differs from boot to boot.
  const nlohmann::json identity{
      {"cpu", model},         {"flags", flags}, {"cores", cores}, {"cpus", cpus.size()}, {"memory_gib", (memory + (1 << 29)) >> 30},
      {"accelerators", extra}};
  utsname system{};
  uname(&system);
  const std::string cpu0 = root + "sys/devices/system/cpu/";
  const nlohmann::json details{
      {"cpu", known_or_unknown(model)},
      {"cpu_flags", known_or_unknown(flags)},
      {"physical_cores", cores},
      {"logical_cpus", cpus.size()},
      {"usable_cpus", usable_cpus()},
      {"cgroup_quota_cpus", read_cgroup_cpu(root).quota_cpus},
      {"memory_bytes", memory},
      {"accelerators", extra},
      {"kernel", fmt::format("{} {}", system.sysname, system.release)},
      {"architecture", system.machine},
      {"distribution", known_or_unknown(keyed_text(root + "etc/os-release", "PRETTY_NAME", '='))},
      {"hypervisor", x86_flags.empty() ? nlohmann::json("unknown") : nlohmann::json(has_flag(x86_flags, "hypervisor"))},
      {"governor", known_or_unknown(first_line(cpu0 + "cpu0/cpufreq/scaling_governor"))},
      {"boost", known_or_unknown(first_line(cpu0 + "cpufreq/boost"))},
      {"intel_no_turbo", known_or_unknown(first_line(cpu0 + "intel_pstate/no_turbo"))},
      {"smt", known_or_unknown(first_line(cpu0 + "smt/active"))},
      {"transparent_huge_pages", known_or_unknown(first_line(root + "sys/kernel/mm/transparent_hugepage/enabled"))},
  };
  Platform platform;
  platform.identity = sha256_hex(identity.dump());
  platform.name = fmt::format("{} x{} {} GiB", known_or_unknown(model), cores, (memory + (1 << 29)) >> 30);
  platform.details_json = details.dump();
  return platform;
}

int default_threads() {
  const int cores = physical_cores("/", usable_cpus());
  const double quota = read_cgroup_cpu().quota_cpus;
  const int allowed = quota > 0 ? std::max(1, static_cast<int>(quota)) : cores;
  return std::max(1, std::min(cores, allowed));
}

}  // namespace inferometer::measure
