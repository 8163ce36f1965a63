/// Hold the pictures of a training, and make batches of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataset/data_set.h"
#include "dataset/preprocess.h"
#include "train/task.h"

namespace inferometer::train {

/// What a trainer takes. Images: batch x channels x height x width.
struct Batch {
  std::vector<float> images;
  std::vector<std::int64_t> labels;
};

/// Pictures in the network's size are kept in memory as bytes where all of them fit kMostKeptBytes; else each is read when it is needed.
inline constexpr std::int64_t kMostKeptBytes = std::int64_t{1} << 30;

/// One thread at a time.
class PictureSet {
 public:
  /// @param chosen  of `data`, which moves in
  /// Throws Error{usage} naming a picture without a label, Error{input} naming one whose label is none of 0 ... classes - 1.
  PictureSet(dataset::DataSet data, std::vector<std::size_t> chosen, const zoo::Preprocessing& preprocessing,
             const dataset::InputGeometry& input, std::int64_t classes);

  std::size_t size() const { return chosen_.size(); }
  std::int64_t label(std::size_t index) const { return *data_.images[chosen_[index]].label; }

  /// Pictures order[begin] ... order[begin + batch - 1], each changed by numbers of its own (epoch, place in the order).
  /// Throws Error{input} naming a damaged picture.
  Batch training_batch(std::span<const std::size_t> order, std::size_t begin, std::size_t batch, const Augmentation& augmentation,
                       std::uint64_t seed, std::int64_t epoch);
  /// Pictures begin ... begin + batch - 1 as they are; beyond the last one black ones with engine::kNoLabel.
  Batch plain_batch(std::size_t begin, std::size_t batch);

 private:
  const dataset::Picture& picture(std::size_t index);
  std::size_t values() const { return static_cast<std::size_t>(input_.channels * input_.height * input_.width); }

  dataset::DataSet data_;
  std::vector<std::size_t> chosen_;
  dataset::InputGeometry input_;
  dataset::Preprocessor preprocessor_;
  bool keep_;
  std::vector<dataset::Picture> kept_;  ///< without pixels until it is first asked for
  dataset::Picture latest_;             ///< where none is kept
};

}  // namespace inferometer::train
