#include "train/picture_set.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "train/augment.h"
#include "train/order.h"

namespace inferometer::train {

PictureSet::PictureSet(dataset::DataSet data, std::vector<std::size_t> chosen, const zoo::Preprocessing& preprocessing,
                       const dataset::InputGeometry& input, std::int64_t classes)
    : data_(std::move(data)), chosen_(std::move(chosen)), input_(input), preprocessor_(preprocessing, input) {
  for (const std::size_t index : chosen_) {
    const dataset::Image& image = data_.images[index];
    if (!image.label) {
      throw Error(ErrorCode::usage, fmt::format("nothing says what {} shows", image.name),
                  "give --labels FILE, or name a folder with one folder for each class");
    }
    if (*image.label < 0 || *image.label >= classes) {
      throw Error(ErrorCode::input, fmt::format("{} has the label {}, and the network {} classes", image.name, *image.label, classes),
                  "labels are counted from 0; --classes says how many there are");
    }
  }
  keep_ = static_cast<std::int64_t>(chosen_.size()) <= kMostKeptBytes / (input.channels * input.height * input.width);
  if (keep_) kept_.resize(chosen_.size());
}

const dataset::Picture& PictureSet::picture(std::size_t index) {
  dataset::Picture& place = keep_ ? kept_[index] : latest_;
  if (keep_ && !place.pixels.empty()) return place;
  const std::size_t image = chosen_[index];
  place = preprocessor_.fitted(data_.source->load(image), data_.images[image].name);
  return place;
}

Batch PictureSet::training_batch(std::span<const std::size_t> order, std::size_t begin, std::size_t batch, const Augmentation& augmentation,
                                 std::uint64_t seed, std::int64_t epoch) {
  Batch made{std::vector<float>(batch * values()), std::vector<std::int64_t>(batch)};
  for (std::size_t place = 0; place < batch; ++place) {
    const std::size_t index = order[begin + place];
    made.labels[place] = label(index);
    preprocessor_.to_floats(augmented(picture(index), augmentation, generator(seed, Draw::augmentation, epoch, begin + place)),
                            std::span(made.images).subspan(place * values(), values()));
  }
  return made;
}

Batch PictureSet::plain_batch(std::size_t begin, std::size_t batch) {
  Batch made{std::vector<float>(batch * values()), std::vector<std::int64_t>(batch, engine::kNoLabel)};
  for (std::size_t place = 0; place < batch && begin + place < size(); ++place) {
    made.labels[place] = label(begin + place);
    preprocessor_.to_floats(picture(begin + place), std::span(made.images).subspan(place * values(), values()));
  }
  return made;
}

}  // namespace inferometer::train
