#include "measure/meter_readers.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace inferometer::measure {
namespace {

/// One power sensor: a file of power, or of voltage and current.
struct Sensor {
  std::string name;  ///< "ina3221:VDD_IN"
  std::string power_path;
  double power_unit_w = 1e-6;
  std::string voltage_path, current_path;  ///< mV and mA, where power_path is empty
  double update_period_s = kAssumedPeriod_s;
  bool whole_board = false;

  static constexpr double kAssumedPeriod_s = 0.1;
};

/// The rail that everything on the board hangs on, by the names that Jetson boards give it.
bool is_whole_board(std::string_view label) { return label == "VDD_IN" || label == "POM_5V_IN"; }

Sensor named(const std::string& chip, const std::string& label, const std::string& file) {
  const bool is_rail = chip.starts_with("ina3221") || chip.starts_with("ina226");
  Sensor sensor;
  sensor.name = fmt::format("{}{}:{}", is_rail ? "" : "hwmon:", chip.empty() ? "unnamed" : chip, label.empty() ? file : label);
  sensor.whole_board = is_rail && is_whole_board(label);
  return sensor;
}

/// The number in "power3_input"; -1 for other names.
int index_of(const std::string& name, std::string_view begin, std::string_view end) {
  if (!name.starts_with(begin) || !name.ends_with(end) || name.size() <= begin.size() + end.size()) return -1;
  const auto number = parse_integer(std::string_view(name).substr(begin.size(), name.size() - begin.size() - end.size()));
  return number && *number >= 0 && *number < 100 ? static_cast<int>(*number) : -1;
}

/// The chip's own interval, ms; some drivers have one for each average.
double period_of(const MeterPlaces& places, const std::string& folder, const std::string& average_interval) {
  for (const std::string& file : {average_interval, std::string("update_interval")}) {
    if (file.empty()) continue;
    if (const auto ms = number_in(places, folder + file); ms && *ms > 0) return static_cast<double>(*ms) * 1e-3;
  }
  return Sensor::kAssumedPeriod_s;
}

void add_chip(const MeterPlaces& places, const std::string& folder, std::vector<Sensor>& sensors) {
  const std::string chip = places.read(folder + "name").text;
  const std::vector<std::string> files = names_in(folder);
  const auto has = [&](const std::string& name) { return std::find(files.begin(), files.end(), name) != files.end(); };
  for (const std::string& file : files) {
    if (const int i = std::max(index_of(file, "power", "_input"), index_of(file, "power", "_average")); i > 0) {
      const bool averages = file.ends_with("_average");
      if (averages && has(fmt::format("power{}_input", i))) continue;
      Sensor sensor = named(chip, places.read(fmt::format("{}power{}_label", folder, i)).text, fmt::format("power{}", i));
      sensor.power_path = folder + file;
      sensor.update_period_s = period_of(places, folder, averages ? fmt::format("power{}_average_interval", i) : "");
      sensors.push_back(sensor);
    } else if (const int rail = index_of(file, "curr", "_input"); rail > 0) {
      // ina3221 gives no power; its channels 1 to 3 have a voltage and a current each, the others are sums and shunts.
      if (!chip.starts_with("ina3221") || rail > 3 || !has(fmt::format("in{}_input", rail))) continue;
      Sensor sensor = named(chip, places.read(fmt::format("{}in{}_label", folder, rail)).text, fmt::format("rail{}", rail));
      sensor.voltage_path = fmt::format("{}in{}_input", folder, rail);
      sensor.current_path = folder + file;
      sensor.update_period_s = period_of(places, folder, "");
      sensors.push_back(sensor);
    }
  }
}

/// The driver of Jetson's older kernels: in_powerN_input in milliwatts beside rail_name_N.
void add_old_jetson(const MeterPlaces& places, std::vector<Sensor>& sensors) {
  const std::string drivers = places.root + "sys/bus/i2c/drivers/ina3221x/";
  for (const std::string& address : names_in(drivers)) {
    for (const std::string& device : names_in(drivers + address)) {
      if (!device.starts_with("iio")) continue;
      const std::string folder = drivers + address + "/" + device + "/";
      for (const std::string& file : names_in(folder)) {
        const int i = index_of(file, "in_power", "_input");
        if (i < 0) continue;
        Sensor sensor = named("ina3221", places.read(fmt::format("{}rail_name_{}", folder, i)).text, fmt::format("rail{}", i));
        sensor.power_path = folder + file;
        sensor.power_unit_w = 1e-3;
        sensors.push_back(sensor);
      }
    }
  }
}

std::vector<Sensor> sensors_of(const MeterPlaces& places) {
  std::vector<Sensor> sensors;
  const std::string hwmon = places.root + "sys/class/hwmon/";
  for (const std::string& chip : names_in(hwmon)) add_chip(places, hwmon + chip + "/", sensors);
  add_old_jetson(places, sensors);
  // Two chips of one kind give the same names; a number tells them apart.
  std::map<std::string, int> seen;
  for (Sensor& sensor : sensors) {
    if (const int n = ++seen[sensor.name]; n > 1) sensor.name += fmt::format("#{}", n);
  }
  return sensors;
}

std::string covers_of(const Sensor& sensor) {
  if (sensor.whole_board) return "the whole board";
  if (sensor.name.starts_with("hwmon:")) return "what the sensor's chip is wired to";
  return "one rail of the board";
}

/// Power now, or the errno and path of what cannot be read.
struct Reading {
  double watts = 0;
  std::string problem;
};
Reading read_sensor(const Sensor& sensor, const ReadFile& read) {
  const auto number = [&](const std::string& path, std::string& problem) {
    const FileText file = read(path);
    const auto value = file.error == 0 ? parse_integer(file.text) : std::nullopt;
    if (!value && problem.empty()) problem = why_unreadable(path, file.error);
    return static_cast<double>(value.value_or(0));
  };
  Reading reading;
  if (!sensor.power_path.empty()) {
    reading.watts = number(sensor.power_path, reading.problem) * sensor.power_unit_w;
  } else {
    reading.watts = number(sensor.voltage_path, reading.problem) * number(sensor.current_path, reading.problem) * 1e-6;
  }
  return reading;
}

class Hwmon final : public Meter {
 public:
  Hwmon(Sensor sensor, ReadFile read) : sensor_(std::move(sensor)), read_(std::move(read)) {}
  MeterInfo info() const override { return {sensor_.name, covers_of(sensor_), PowerQuantity::watts, sensor_.update_period_s}; }
  std::string problem() const override { return problem_; }
  void sample(double now_s, std::vector<PowerSample>& samples) override {
    const Reading reading = read_sensor(sensor_, read_);
    if (reading.problem.empty()) {
      samples.push_back({now_s, reading.watts});
    } else if (problem_.empty()) {
      problem_ = reading.problem;
    }
  }

 private:
  Sensor sensor_;
  ReadFile read_;
  std::string problem_;
};

}  // namespace

std::vector<MeterFound> find_hwmon(const MeterPlaces& places) {
  constexpr int kWholeBoard = 1;
  std::vector<MeterFound> found;
  for (const Sensor& sensor : sensors_of(places)) {
    const std::string problem = read_sensor(sensor, places.read).problem;
    // A sensor of unknown wiring is no figure of the machine: only who knows it names it.
    found.push_back({sensor.name, covers_of(sensor), problem.empty(), problem, sensor.whole_board ? kWholeBoard : 0});
  }
  return found;
}

std::unique_ptr<Meter> open_hwmon(std::string_view name, const MeterPlaces& places) {
  for (const Sensor& sensor : sensors_of(places)) {
    if (sensor.name == name) return std::make_unique<Hwmon>(sensor, places.read);
  }
  return nullptr;
}

}  // namespace inferometer::measure
