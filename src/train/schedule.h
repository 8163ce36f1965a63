/// Give every step its learning rate.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace inferometer::train {

enum class Schedule : std::uint8_t {
  constant,
  cosine,  ///< from the rate to 0 along half a cosine (Loshchilov & Hutter 2017, SGDR without restarts), step by step
  step,    ///< times a factor at the end of certain epochs
};
inline constexpr std::string_view kScheduleNames[] = {"constant", "cosine", "step"};

struct LearningRates {
  double rate = 0.1;
  Schedule schedule = Schedule::cosine;
  double warmup_epochs = 0;               ///< at first the rate grows in equal parts: (i + 1) / w of it in step i of w
  std::vector<std::int64_t> step_epochs;  ///< step: after so many epochs, warm-up included
  double step_factor = 0.1;
};

/// The rate of step `step` of steps_per_epoch x epochs, from 0. Of w warm-up steps: cosine gives step i >= w
/// rate x (1 + cos(pi (i - w) / (all - w))) / 2. Pure.
double learning_rate(const LearningRates& rates, std::int64_t step, std::int64_t steps_per_epoch, std::int64_t epochs);

}  // namespace inferometer::train
