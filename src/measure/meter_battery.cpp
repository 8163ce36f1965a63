#include "measure/meter_readers.h"

#include <cmath>

#include <fmt/format.h>

#include "base/text.h"

namespace inferometer::measure {
namespace {

constexpr std::string_view kPrefix = "battery:";

/// Power that a battery gives now, W, or why it tells nothing of the machine.
struct BatteryReading {
  double watts = 0;
  std::string problem;
};

BatteryReading read_battery(const std::string& folder, const MeterPlaces& places) {
  const FileText status = places.read(folder + "status");
  if (status.error != 0) return {0, why_unreadable(folder + "status", status.error)};
  // On mains its figure is what charges it.
  if (status.text != "Discharging") return {0, fmt::format("the battery is not discharging ({}): unplug the machine", lower(status.text))};
  // Some drivers give the current a sign.
  if (const auto power = number_in(places, folder + "power_now")) return {std::abs(static_cast<double>(*power)) * 1e-6, {}};
  const auto current = number_in(places, folder + "current_now"), voltage = number_in(places, folder + "voltage_now");
  if (current && voltage) return {std::abs(static_cast<double>(*current)) * static_cast<double>(*voltage) * 1e-12, {}};
  return {0, why_unreadable(folder + "power_now", places.read(folder + "power_now").error)};
}

class Battery final : public Meter {
 public:
  Battery(std::string name, std::string folder, MeterPlaces places)
      : name_(std::move(name)), folder_(std::move(folder)), places_(std::move(places)) {}
  // The kernel asks the battery's firmware once a second at most.
  MeterInfo info() const override { return {name_, "the whole machine, from its battery", PowerQuantity::watts, 1}; }
  std::string problem() const override { return problem_; }
  void sample(double now_s, std::vector<PowerSample>& samples) override {
    const BatteryReading reading = read_battery(folder_, places_);
    if (reading.problem.empty()) {
      samples.push_back({now_s, reading.watts});
    } else if (problem_.empty()) {
      problem_ = reading.problem;
    }
  }

 private:
  std::string name_, folder_, problem_;
  MeterPlaces places_;
};

std::string supplies(const MeterPlaces& places) { return places.root + "sys/class/power_supply/"; }

bool is_battery(const MeterPlaces& places, const std::string& supply) {
  const std::string folder = supplies(places) + supply + "/";
  // A mouse's battery has the scope "Device".
  return places.read(folder + "type").text == "Battery" && places.read(folder + "scope").text != "Device";
}

}  // namespace

std::vector<MeterFound> find_batteries(const MeterPlaces& places) {
  constexpr int kRank = 3;
  std::vector<MeterFound> found;
  for (const std::string& supply : names_in(supplies(places))) {
    if (!is_battery(places, supply)) continue;
    const std::string problem = read_battery(supplies(places) + supply + "/", places).problem;
    found.push_back({std::string(kPrefix) + supply, "the whole machine, from its battery", problem.empty(), problem, kRank});
  }
  return found;
}

std::unique_ptr<Meter> open_battery(std::string_view name, const MeterPlaces& places) {
  if (!name.starts_with(kPrefix)) return nullptr;
  for (const std::string& supply : names_in(supplies(places))) {
    if (name.substr(kPrefix.size()) == supply && is_battery(places, supply))
      return std::make_unique<Battery>(std::string(name), supplies(places) + supply + "/", places);
  }
  return nullptr;
}

}  // namespace inferometer::measure
