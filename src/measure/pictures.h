/// Give real pictures where synthetic ones would do: to check and to time a model on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataset/data_set.h"
#include "dataset/preprocess.h"
#include "engine/engine.h"
#include "measure/entry.h"

namespace inferometer::measure {

/// Of a data set, pictures that are used at most, and that it must have at least.
inline constexpr std::size_t kMostPictures = 64;
inline constexpr std::size_t kLeastPictures = 8;
/// Pictures that an int8 model is checked with.
inline constexpr std::size_t kInt8Pictures = 32;

/// A network's own preprocessing at this input, or that of a model which brings none.
/// @param own_input  the input that `own` is meant for
zoo::Preprocessing preprocessing_for(const std::optional<zoo::Preprocessing>& own, std::int64_t own_input,
                                     const dataset::InputGeometry& input);

/// What `--images` and `--labels` name, with its hash. Labels only choose the pictures and their order.
/// Throws Error{usage} below kLeastPictures, and what dataset::open_data_set() throws.
PictureReference reference_pictures(const std::string& images, const std::string& labels);

/// The pictures of an entry, prepared for its model: as the zoo network expects them, else by dataset::default_preprocessing().
class Pictures {
 public:
  /// @param inputs  of the session; the first is the picture
  /// Throws Error{usage} for a model that takes no picture, Error{input} when the data set is not there any more.
  Pictures(const Entry& entry, const std::vector<engine::TensorInfo>& inputs);
  /// Prepare picture `index` modulo their number. Throws Error{usage} naming one that is damaged.
  void fill(std::uint64_t index, std::span<float> elements) const;
  /// "64 pictures of val227, --resize ...", for the row.
  std::string description() const;

 private:
  dataset::DataSet data_;
  zoo::Preprocessing how_;
  dataset::Preprocessor preprocessor_;
};

}  // namespace inferometer::measure
