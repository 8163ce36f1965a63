/// Turn pictures into a network's input, as a zoo::Preprocessing says.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "dataset/picture.h"
#include "zoo/preprocessing.h"

namespace inferometer::dataset {

/// What a network takes.
struct InputGeometry {
  std::int64_t channels = 3;  ///< 3 or 1
  std::int64_t height = 224;
  std::int64_t width = 224;
};

/// What the user asks for in place of a network's own preprocessing, part by part.
struct PreprocessingChanges {
  std::optional<zoo::ResizeRule> resize;
  std::int64_t resize_to = 0, resize_height = 0;  ///< with resize, unless it is none; see zoo::Preprocessing
  std::optional<zoo::Interpolation> interpolation;
  std::optional<std::int64_t> crop;
  std::int64_t crop_height = 0;  ///< with crop
  std::optional<zoo::ChannelOrder> channels;
  std::optional<double> scale;
  std::optional<std::array<double, 3>> mean, standard_deviation;
};
zoo::Preprocessing changed(zoo::Preprocessing own, const PreprocessingChanges& changes);

/// Carries out one preprocessing. Order: to grey where the network takes grey, resize, centre crop, x scale, - mean, / standard
/// deviation. Of an odd difference the crop leaves the larger half right and below (torchvision rounds halves to the even number, which is
/// one pixel more for every second odd difference). A crop larger than the picture pads it with black, as torchvision does.
/// Const members: any thread.
class Preprocessor {
 public:
  /// Throws Error{usage}: channels that do not fit the network's, a crop other than its input, a size, scale, mean or deviation that cannot
  /// be.
  Preprocessor(const zoo::Preprocessing& preprocessing, const InputGeometry& input);

  /// @param out  channels x height x width floats, planes one after the other, in the network's order of channels
  /// Throws Error{input} naming the picture when it does not come out in the network's size (no crop is done).
  void run(const Picture& picture, const std::string& name, std::span<float> out) const;

  /// The first half alone: the picture in the network's size, still of bytes; grey where the network takes grey. Throws as run() does.
  Picture fitted(const Picture& picture, const std::string& name) const;
  /// The other half: what run() makes of a picture that is fitted().
  void to_floats(const Picture& fitted, std::span<float> out) const;

 private:
  /// A picture resized, and the part of it that lies in the input.
  struct Placed;
  Placed place(const Picture& picture, const std::string& name) const;
  void write(const Placed& placed, const Picture& picture, std::span<float> out) const;
  zoo::Preprocessing how_;
  InputGeometry input_;
  std::array<std::array<float, 256>, 3> values_;  ///< of a byte, by the network's channel
};

/// The same preprocessing for a network at another input: crop becomes `input`, the resize keeps its proportion to the crop, rounded to the
/// nearest pixel (half up). Without a crop, warp goes to `input`, and short_side in proportion to `own_input`.
/// @param own_input  the input that `own` is meant for
zoo::Preprocessing scaled_to(const zoo::Preprocessing& own, std::int64_t own_input, std::int64_t input);

/// For a network that brings no preprocessing: the shorter side to input x 256/224, centre crop, and torchvision's scale, mean and
/// deviation; inputs under 128 pixels get neither resize nor crop; of one channel grey, x 1/255, without mean and deviation.
zoo::Preprocessing default_preprocessing(const InputGeometry& input);

/// The preprocessing as the options of the command line, each with its value: "--resize short:256 --interpolation bilinear ...".
std::string to_options(const zoo::Preprocessing& preprocessing);

}  // namespace inferometer::dataset
