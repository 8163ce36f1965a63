/// The kinds of meters, one class each. Internal to meter*.cpp and their tests.
///
/// Every find_ function lists the meters of its kind, in a fixed order; open_ makes one of them by its name, or returns null.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "measure/meter.h"

namespace inferometer::measure {

/// Intel's and AMD's energy counters: /sys/class/powercap/intel-rapl*. "rapl" is the sum of all packages and of the memory beside
/// them, "rapl:package-0" or "rapl:psys" one domain.
/// https://docs.kernel.org/power/powercap/powercap.html
std::vector<MeterFound> find_rapl(const MeterPlaces& places);
std::unique_ptr<Meter> open_rapl(std::string_view name, const MeterPlaces& places);

/// Sensors of /sys/class/hwmon: "ina3221:VDD_IN", "hwmon:CHIP:LABEL". Power is read in microwatts, or is voltage (mV) times
/// current (mA). Jetson's older kernels: /sys/bus/i2c/drivers/ina3221x. https://docs.kernel.org/hwmon/sysfs-interface.html
std::vector<MeterFound> find_hwmon(const MeterPlaces& places);
std::unique_ptr<Meter> open_hwmon(std::string_view name, const MeterPlaces& places);

/// "battery:BAT0": what a discharging battery gives. https://docs.kernel.org/power/power_supply_class.html
std::vector<MeterFound> find_batteries(const MeterPlaces& places);
std::unique_ptr<Meter> open_battery(std::string_view name, const MeterPlaces& places);

/// "nvml:0": an NVIDIA GPU's board.
std::vector<MeterFound> find_nvml(const MeterPlaces& places);
std::unique_ptr<Meter> open_nvml(std::string_view name, const MeterPlaces& places);

/// "file:PATH[:offset_s=S]": a growing file of lines `unix_time_s,watts`. The offset is added to its times.
/// Throws Error{usage} for a file that cannot be read or whose lines are none such.
std::unique_ptr<Meter> open_power_file(std::string_view name, const MeterPlaces& places);

/// Names in a folder, sorted; empty when there is none.
std::vector<std::string> names_in(const std::string& folder);
/// A whole number in a small file; nullopt for anything else.
std::optional<std::int64_t> number_in(const MeterPlaces& places, const std::string& path);
/// "PATH: permission denied; ..." with what allows it.
std::string why_unreadable(const std::string& path, int error);

}  // namespace inferometer::measure
