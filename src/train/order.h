/// Choose pictures, and the order in which they are seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stats/random.h"
#include "train/task.h"

namespace inferometer::train {

/// What random numbers are drawn for; each has streams of its own.
enum class Draw : std::uint8_t { order = 1, augmentation = 2, validation = 3 };

/// The generator of one thing at one place: nothing of what was drawn before matters, so a training can go on from any step.
/// @param epoch  below 2^24  @param position  below 2^32
stats::CounterRandom generator(std::uint64_t seed, Draw draw, std::int64_t epoch = 0, std::size_t position = 0);

/// 0 ... count - 1 in random order (Fisher & Yates).
std::vector<std::size_t> shuffled(std::size_t count, stats::CounterRandom random);

/// Pictures of a data set, in its order, from 0.
struct Selection {
  std::vector<std::size_t> training;
  std::vector<std::size_t> validation;  ///< of the validation pictures' own data set, where the task has one
};

/// @param training_images, validation_images  in the data sets; without a validation set of its own the second is not read
/// Throws Error{usage} naming the option: a range beyond the pictures, ranges that overlap, nothing left to train on.
Selection select(const TrainTask& task, std::size_t training_images, std::size_t validation_images);

}  // namespace inferometer::train
