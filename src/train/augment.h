/// Change training pictures at random.
#pragma once

#include <cstdint>

#include "dataset/picture.h"
#include "stats/random.h"
#include "train/task.h"

namespace inferometer::train {

/// A window of the picture's own size out of the picture with `padding` black pixels on each side. @param left, top  0 ... 2 padding
dataset::Picture shifted(const dataset::Picture& picture, std::int64_t padding, std::int64_t left, std::int64_t top);

dataset::Picture flipped(dataset::Picture picture);

/// Draws from `random` where to crop and whether to flip.
dataset::Picture augmented(dataset::Picture picture, const Augmentation& how, stats::CounterRandom random);

}  // namespace inferometer::train
