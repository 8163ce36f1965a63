#include "train/augment.h"

#include <algorithm>
#include <utility>

namespace inferometer::train {

dataset::Picture shifted(const dataset::Picture& picture, std::int64_t padding, std::int64_t left, std::int64_t top) {
  dataset::Picture result{picture.width, picture.height, picture.channels, std::vector<std::uint8_t>(picture.pixels.size())};
  // Of a row of the result, pixel x is pixel x + left - padding of the picture.
  const std::int64_t right = left - padding, down = top - padding;
  const std::int64_t begin = std::max<std::int64_t>(0, -right), end = std::min(picture.width, picture.width - right);
  for (std::int64_t y = std::max<std::int64_t>(0, -down); y < std::min(picture.height, picture.height - down); ++y) {
    if (begin >= end) break;
    const std::uint8_t* source = picture.pixels.data() + ((y + down) * picture.width + begin + right) * picture.channels;
    std::copy_n(source, (end - begin) * picture.channels, result.pixels.data() + (y * picture.width + begin) * picture.channels);
  }
  return result;
}

dataset::Picture flipped(dataset::Picture picture) {
  for (std::int64_t y = 0; y < picture.height; ++y) {
    std::uint8_t* row = picture.pixels.data() + y * picture.width * picture.channels;
    for (std::int64_t x = 0; x < picture.width / 2; ++x)
      std::swap_ranges(row + x * picture.channels, row + (x + 1) * picture.channels, row + (picture.width - 1 - x) * picture.channels);
  }
  return picture;
}

dataset::Picture augmented(dataset::Picture picture, const Augmentation& how, stats::CounterRandom random) {
  if (how.crop_padding > 0) {
    const auto places = static_cast<std::uint64_t>(2 * how.crop_padding + 1);
    const auto left = static_cast<std::int64_t>(random.below(places));
    const auto top = static_cast<std::int64_t>(random.below(places));
    picture = shifted(picture, how.crop_padding, left, top);
  }
  if (how.flip && random.below(2) == 1) picture = flipped(std::move(picture));
  return picture;
}

}  // namespace inferometer::train
