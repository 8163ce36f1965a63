#include "measure/processor_state.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "measure/meter_readers.h"

namespace inferometer::measure {
namespace {

/// Sensors of the processor itself; a board's other sensors (acpitz, nvme, wifi) say nothing of it.
constexpr std::array<std::string_view, 6> kChips{"coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu0_thermal", "soc_thermal"};
bool is_of_the_processor(std::string_view zone) {
  const std::string type = lower(zone);
  return type.find("cpu") != std::string::npos || type.find("pkg") != std::string::npos || type.find("soc") != std::string::npos;
}

std::vector<std::string> temperature_files(const std::string& root) {
  std::vector<std::string> files;
  const std::string hwmon = root + "sys/class/hwmon/";
  for (const std::string& name : names_in(hwmon)) {
    const std::string chip = read_small_file(hwmon + name + "/name").text;
    if (std::find(kChips.begin(), kChips.end(), chip) == kChips.end()) continue;
    for (const std::string& file : names_in(hwmon + name)) {
      if (file.starts_with("temp") && file.ends_with("_input")) files.push_back(hwmon + name + "/" + file);
    }
  }
  const std::string thermal = root + "sys/class/thermal/";
  for (const std::string& zone : names_in(thermal)) {
    if (zone.starts_with("thermal_zone") && is_of_the_processor(read_small_file(thermal + zone + "/type").text))
      files.push_back(thermal + zone + "/temp");
  }
  return files;
}

/// The kernel counts the clock's real cycles only where the processor has the counters; else it prints the nominal clock.
bool cpuinfo_has_real_clocks(const std::string& root) {
  std::ifstream file(root + "proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with("flags")) continue;
    const std::vector<std::string> flags = split(line, ' ');
    return std::find(flags.begin(), flags.end(), "aperfmperf") != flags.end();
  }
  return false;
}

}  // namespace

ProcessorSensors::ProcessorSensors(std::vector<int> cpus, int threads, std::string root)
    : root_(std::move(root)),
      cpus_(std::move(cpus)),
      threads_(static_cast<std::size_t>(std::max(1, threads))),
      temperature_files_(temperature_files(root_)) {
  for (const int cpu : cpus_) {
    const std::string file = fmt::format("{}sys/devices/system/cpu/cpu{}/cpufreq/scaling_cur_freq", root_, cpu);
    if (const FileText text = read_small_file(file); text.error == 0 && parse_integer(text.text)) clock_files_.push_back(file);
  }
  cpuinfo_ = clock_files_.empty() && cpuinfo_has_real_clocks(root_);
}

std::vector<double> ProcessorSensors::read_clocks() const {
  std::vector<double> clocks;
  for (const std::string& file : clock_files_) {
    if (const auto khz = parse_integer(read_small_file(file).text)) clocks.push_back(static_cast<double>(*khz) * 1e-3);
  }
  if (!cpuinfo_) return clocks;
  const std::set<int> wanted(cpus_.begin(), cpus_.end());
  std::ifstream file(root_ + "proc/cpuinfo");
  std::string line;
  std::int64_t cpu = -1;
  while (std::getline(file, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string_view key = trim(std::string_view(line).substr(0, colon)), value = trim(std::string_view(line).substr(colon + 1));
    if (key == "processor") cpu = parse_integer(value).value_or(-1);
    if (key != "cpu MHz" || !wanted.contains(static_cast<int>(cpu))) continue;
    if (const auto mhz = parse_number(value)) clocks.push_back(*mhz);
  }
  return clocks;
}

ProcessorSample ProcessorSensors::read(double now_s) const {
  ProcessorSample sample;
  sample.time_s = now_s;
  std::vector<double> clocks = read_clocks();
  if (!clocks.empty()) {
    std::sort(clocks.rbegin(), clocks.rend());
    clocks.resize(std::min(clocks.size(), threads_));
    double sum = 0;
    for (const double mhz : clocks) sum += mhz;
    sample.mhz = sum / static_cast<double>(clocks.size());
  }
  for (const std::string& file : temperature_files_) {
    const auto millidegrees = parse_integer(read_small_file(file).text);
    if (millidegrees) sample.temperature_c = std::max(sample.temperature_c.value_or(-273.15), static_cast<double>(*millidegrees) * 1e-3);
  }
  return sample;
}

ProcessorSpan processor_over(const std::vector<ProcessorSample>& samples, const TimeSpan& span) {
  ProcessorSpan result;
  double sum = 0;
  std::size_t clocks = 0;
  for (const ProcessorSample& sample : samples) {
    if (sample.time_s < span.begin_s || sample.time_s > span.end_s) continue;
    if (sample.mhz) {
      sum += *sample.mhz;
      ++clocks;
      result.mhz_min = std::min(result.mhz_min.value_or(*sample.mhz), *sample.mhz);
    }
    if (sample.temperature_c) result.temperature_c = std::max(result.temperature_c.value_or(*sample.temperature_c), *sample.temperature_c);
  }
  if (clocks > 0) result.mhz_mean = sum / static_cast<double>(clocks);
  return result;
}

}  // namespace inferometer::measure
