#include "measure/meter.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/text.h"
#include "measure/meter_readers.h"

namespace inferometer::measure {
namespace {

struct Kind {
  std::string_view prefix;
  std::vector<MeterFound> (*find)(const MeterPlaces&);
  std::unique_ptr<Meter> (*open)(std::string_view, const MeterPlaces&);
  std::string_view absent;  ///< what is said where none is found
};

constexpr std::array kKinds{
    Kind{"rapl", find_rapl, open_rapl, "no /sys/class/powercap/intel-rapl*: this kernel or virtual machine has no energy counters"},
    Kind{"hwmon", find_hwmon, open_hwmon, "no power sensor in /sys/class/hwmon and no ina3221 rails"},
    Kind{"nvml", find_nvml, open_nvml, ""},
    Kind{"battery", find_batteries, open_battery, "no battery in /sys/class/power_supply"},
};

std::unique_ptr<Meter> open_by_name(std::string_view name, const MeterPlaces& places) {
  if (name.starts_with("file:")) return open_power_file(name, places);
  for (const Kind& kind : kKinds) {
    if (auto meter = kind.open(name, places)) return meter;
  }
  return nullptr;
}

bool is_nvidia(std::string_view device) { return lower(device).starts_with("cuda"); }

/// "nvml:1" of "cuda:1".
std::string nvml_name(std::string_view device) {
  const std::size_t colon = device.find(':');
  return fmt::format("nvml:{}", colon == std::string_view::npos ? "0" : device.substr(colon + 1));
}

MeterChoice choose_automatically(std::string_view device, const MeterPlaces& places) {
  std::vector<MeterFound> found = find_meters(places);
  std::stable_sort(found.begin(), found.end(), [](const MeterFound& a, const MeterFound& b) { return a.rank < b.rank; });
  std::vector<std::string> reasons;
  for (const MeterFound& meter : found) {
    const bool own = is_nvidia(device) && meter.name == nvml_name(device);
    // What covers another device tells nothing of this one.
    const bool whole_kind_absent = meter.covers.empty();
    const bool fits = is_nvidia(device) ? own : !meter.name.starts_with("nvml") && (meter.rank > 0 || whole_kind_absent);
    if (!fits) continue;
    if (meter.readable) {
      if (auto opened = open_by_name(meter.name, places)) return {std::move(opened), {}};
    }
    reasons.push_back(fmt::format("{}: {}", meter.name, meter.reason));
  }
  if (is_nvidia(device) && reasons.empty()) reasons.push_back(nvml_name(device) + " is not here");
  return {nullptr, reasons.empty() ? "no power meter here can be read" : "no power meter here can be read: " + join(reasons, "; ")};
}

}  // namespace

FileText read_small_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {{}, errno};
  char buffer[4096];
  const ssize_t got = ::read(file.number(), buffer, sizeof buffer);
  if (got < 0) return {{}, errno};
  return {std::string(trim(std::string_view(buffer, static_cast<std::size_t>(got)))), 0};
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) names.push_back(entry.path().filename());
  // By length first, so that hwmon10 follows hwmon9.
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
  return names;
}

std::optional<std::int64_t> number_in(const MeterPlaces& places, const std::string& path) {
  const FileText file = places.read(path);
  return file.error == 0 ? parse_integer(file.text) : std::nullopt;
}

std::string why_unreadable(const std::string& path, int error) {
  if (error == EACCES || error == EPERM)
    return fmt::format("{} may be read by root alone; allow it with: sudo chmod a+r {} (docs/power.md keeps it after a restart)", path,
                       path);
  if (error == 0) return fmt::format("{} holds no number", path);
  return fmt::format("{}: {}", path, std::strerror(error));
}

std::vector<MeterFound> find_meters(const MeterPlaces& places) {
  std::vector<MeterFound> all;
  for (const Kind& kind : kKinds) {
    std::vector<MeterFound> found = kind.find(places);
    if (found.empty()) found.push_back({std::string(kind.prefix), "", false, std::string(kind.absent), 0});
    all.insert(all.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  return all;
}

MeterChoice choose_meter(std::string_view name, std::string_view device, const MeterPlaces& places) {
  if (name == "none") return {};
  if (name == "auto") return choose_automatically(device, places);
  std::string reason;
  std::vector<std::string> known{"none", "auto"};
  for (const MeterFound& meter : name.starts_with("file:") ? std::vector<MeterFound>() : find_meters(places)) {
    if (meter.name == name) reason = meter.reason;
    if (meter.readable) known.push_back(meter.name);
  }
  if (reason.empty()) {
    if (auto meter = open_by_name(name, places)) return {std::move(meter), {}};
    reason = "there is no such meter";
  }
  throw Error(ErrorCode::usage, fmt::format("--power {}: {}", one_line(name, 80), reason),
              fmt::format("readable here: {}, file:PATH; `inferometer platform` lists all", join(known, ", ")));
}

}  // namespace inferometer::measure
