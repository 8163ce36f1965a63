#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace inferometer::train {

double learning_rate(const LearningRates& rates, std::int64_t step, std::int64_t steps_per_epoch, std::int64_t epochs) {
  const std::int64_t all = steps_per_epoch * epochs;
  const std::int64_t warmup = std::min<std::int64_t>(all, std::llround(rates.warmup_epochs * static_cast<double>(steps_per_epoch)));
  if (step < warmup) return rates.rate * static_cast<double>(step + 1) / static_cast<double>(warmup);
  switch (rates.schedule) {
    case Schedule::constant: break;
    case Schedule::cosine:
      return rates.rate * (1 + std::cos(std::numbers::pi * static_cast<double>(step - warmup) / static_cast<double>(all - warmup))) / 2;
    case Schedule::step: {
      const std::int64_t epoch = step / steps_per_epoch;
      const auto passed = std::count_if(rates.step_epochs.begin(), rates.step_epochs.end(), [&](std::int64_t at) { return epoch >= at; });
      return rates.rate * std::pow(rates.step_factor, static_cast<double>(passed));
    }
  }
  return rates.rate;
}

}  // namespace inferometer::train
