#include "measure/power_row.h"

#include <algorithm>

#include <fmt/format.h>

#include "stats/sample.h"

namespace inferometer::measure {
namespace {

/// Sums over starts; a figure that one start lacks is null, with that start's reason.
struct Sums {
  std::optional<double> energy_j{0}, above_idle_j{0};
  std::vector<double> idle_w;
  double window_s = 0;
  double images = 0;  ///< several requests in flight: those that the window cuts count in part
  std::string problem, idle_problem;
};

Sums sum_up(const Entry& entry, const std::vector<const StartRecord*>& starts) {
  Sums sums;
  for (const StartRecord* start : starts) {
    const StartPower& power = *start->power;
    const double length = start->timed_span ? start->timed_span->length_s() : 0;
    sums.window_s += length;
    const double requests = start->window ? start->window->requests : static_cast<double>(start->samples_ns.size());
    sums.images += requests * static_cast<double>(entry.batch);
    if (power.idle_power_w) sums.idle_w.push_back(*power.idle_power_w);
    if (!power.energy_j) {
      sums.energy_j.reset();
      if (sums.problem.empty()) sums.problem = power.problem;
    } else if (sums.energy_j) {
      *sums.energy_j += *power.energy_j;
    }
    if (!power.idle_power_w) {
      sums.above_idle_j.reset();
      if (sums.idle_problem.empty()) sums.idle_problem = power.idle_problem;
    } else if (sums.above_idle_j && power.energy_j) {
      *sums.above_idle_j += *power.energy_j - *power.idle_power_w * length;
    }
  }
  if (!sums.energy_j) sums.above_idle_j.reset();
  return sums;
}

void add_energy(const Entry& entry, const std::vector<const StartRecord*>& starts, Row& row) {
  const StartPower& first = *starts.front()->power;
  if (first.meter.empty()) {
    row.notes.push_back("no energy: " + first.problem);
    return;
  }
  row.power_meter = fmt::format("{} ({})", first.meter, first.covers);
  const Sums sums = sum_up(entry, starts);
  if (!sums.problem.empty()) row.notes.push_back("no energy: " + sums.problem);
  if (sums.idle_w.size() == starts.size()) row.idle_power_w = stats::mean(sums.idle_w);
  if (!sums.idle_problem.empty()) row.notes.push_back("no idle power: " + sums.idle_problem);
  if (!sums.energy_j || !(sums.window_s > 0)) return;
  row.energy_j = sums.energy_j;
  row.power_w = *sums.energy_j / sums.window_s;
  if (row.images_per_s && *row.power_w > 0) row.images_per_s_per_w = *row.images_per_s / *row.power_w;
  row.energy_above_idle_j = sums.above_idle_j;
  if (!sums.above_idle_j) return;
  if (*sums.above_idle_j > 0) {
    row.images_per_j = sums.images / *sums.above_idle_j;
  } else {
    row.notes.push_back("no images_per_j: the power was not above the idle power");
  }
}

}  // namespace

void add_power(const Entry& entry, const std::vector<StartRecord>& starts, const std::vector<bool>& pooled, Row& row) {
  std::vector<const StartRecord*> with_power;
  std::vector<double> clocks;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (!pooled[i]) continue;
    ++kept;
    const Surroundings& around = starts[i].surroundings;
    if (starts[i].power) with_power.push_back(&starts[i]);
    if (around.cpu_mhz_mean) clocks.push_back(*around.cpu_mhz_mean);
    if (around.cpu_mhz_min) row.cpu_mhz_min = std::min(row.cpu_mhz_min.value_or(*around.cpu_mhz_min), *around.cpu_mhz_min);
    if (around.temperature_c) row.temperature_c = std::max(row.temperature_c.value_or(*around.temperature_c), *around.temperature_c);
  }
  row.cpu_mhz_mean = stats::mean(clocks);
  if (entry.power == Entry{}.power || kept == 0) return;
  if (with_power.empty()) {
    row.notes.push_back("no energy: there was no power meter to read");
    return;
  }
  const std::string& meter = with_power.front()->power->meter;
  const bool same = std::all_of(with_power.begin(), with_power.end(), [&](const StartRecord* s) { return s->power->meter == meter; });
  if (with_power.size() != kept || !same) {
    row.notes.push_back("no energy: not every start was measured with the same meter");
    return;
  }
  add_energy(entry, with_power, row);
}

}  // namespace inferometer::measure
