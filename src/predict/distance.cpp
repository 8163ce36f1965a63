#include "predict/distance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "predict/fit.h"

namespace inferometer::predict {
namespace {

double beyond(double value, const Range& range) {
  if (value <= 0) return 0;
  if (value > range.high) return std::log(value / range.high);
  if (value < range.low) return std::log(range.low / value);
  return 0;
}

}  // namespace

void extend(Ranges& ranges, const NetworkUnits& network) {
  for (const Unit& unit : network.units) {
    auto& known = ranges[unit.kind];
    for (const auto& [name, value] : unit.extents) {
      const bool from_zero = name == kMegabytesExtent || name == kWorkExtent;
      const auto [place, added] = known.try_emplace(name, Range{from_zero ? 0 : value, value});
      place->second.low = std::min(place->second.low, value);
      place->second.high = std::max(place->second.high, value);
    }
  }
}

double distance_of(const Unit& unit, const Ranges& ranges) {
  const auto known = ranges.find(unit.kind);
  if (known == ranges.end()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (const auto& [name, value] : unit.extents) {
    const auto range = known->second.find(name);
    if (range != known->second.end()) worst = std::max(worst, beyond(value, range->second));
  }
  return worst;
}

std::string outside_text(const Unit& unit, const Ranges& ranges) {
  const auto known = ranges.find(unit.kind);
  if (known == ranges.end()) return fmt::format("no {} was timed", unit.kind);
  for (const auto& [name, value] : unit.extents) {
    const auto range = known->second.find(name);
    if (range == known->second.end() || beyond(value, range->second) == 0) continue;
    return fmt::format("{} {:.6g}, timed {:.6g} to {:.6g}", name, value, range->second.low, range->second.high);
  }
  return {};
}

double distance_of(const NetworkUnits& network, const std::map<std::string, double>& coefficients, const Ranges& ranges) {
  double total = 0, weighted = 0;
  for (const Unit& unit : network.units) {
    const double cost = cost_of(unit.amounts, coefficients);
    if (cost <= 0) continue;
    total += cost;
    weighted += cost * distance_of(unit, ranges);
  }
  return total > 0 ? weighted / total : 0;
}

}  // namespace inferometer::predict
