#include "dataset/preprocess.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "dataset/resample.h"

namespace inferometer::dataset {
namespace {

using zoo::ChannelOrder;
using zoo::Interpolation;
using zoo::Preprocessing;
using zoo::ResizeRule;

constexpr std::int64_t kMostSide = 16384;

struct Size {
  std::int64_t width = 0, height = 0;
};

/// A height that was not given is the width.
std::int64_t or_width(std::int64_t height, std::int64_t width) { return height == 0 ? width : height; }

Size resized(const Preprocessing& how, const Picture& picture) {
  switch (how.resize) {
    case ResizeRule::none: return {picture.width, picture.height};
    case ResizeRule::warp: return {how.resize_to, or_width(how.resize_height, how.resize_to)};
    case ResizeRule::short_side: break;
  }
  const std::int64_t to = how.resize_to, shorter = std::min(picture.width, picture.height);
  return {picture.width * to / shorter, picture.height * to / shorter};
}

/// Where a crop of one dimension reads and writes.
struct CropSpan {
  std::int64_t from = 0;   ///< first pixel of the resized picture
  std::int64_t count = 0;  ///< pixels taken
  std::int64_t to = 0;     ///< first pixel of the result; around it is black
};

CropSpan crop_span(std::int64_t size, std::int64_t crop) {
  if (crop == 0) return {0, size, 0};
  if (size < crop) return {0, size, (crop - size) / 2};
  return {(size - crop) / 2, crop, 0};
}

void require(bool well, std::string message) {
  if (!well) throw Error(ErrorCode::usage, message, "see docs/evaluating.md for what the preprocessing options take");
}

/// "224", or "320x240".
std::string size_text(std::int64_t width, std::int64_t height) {
  return or_width(height, width) == width ? fmt::format("{}", width) : fmt::format("{}x{}", width, height);
}

const char* name_of(Interpolation interpolation) {
  constexpr const char* kNames[] = {"nearest", "bilinear", "bicubic", "area", "lanczos4"};
  return kNames[static_cast<int>(interpolation)];
}

}  // namespace

Preprocessor::Preprocessor(const Preprocessing& preprocessing, const InputGeometry& input) : how_(preprocessing), input_(input) {
  const bool is_grey = how_.channels == ChannelOrder::grey;
  require(input.channels == 1 || input.channels == 3, fmt::format("the network's input has {} channels, a picture 3 or 1", input.channels));
  require(is_grey == (input.channels == 1), fmt::format("--channels {}: the network's input has {}", is_grey ? "grey" : "of colour",
                                                        input.channels == 1 ? "one channel" : "three"));
  for (const std::int64_t side : {how_.resize_to, or_width(how_.resize_height, how_.resize_to)}) {
    require(how_.resize == ResizeRule::none || (side >= 1 && side <= kMostSide),
            fmt::format("--resize: {} pixels; 1 to {} can be", side, kMostSide));
  }
  require(how_.resize != ResizeRule::short_side || how_.resize_height == 0, "--resize short: takes one length, not width and height");
  require(how_.crop == 0 || (how_.crop == input.width && or_width(how_.crop_height, how_.crop) == input.height),
          fmt::format("--crop {}: the network's input is {} x {}", size_text(how_.crop, how_.crop_height), input.width, input.height));
  require(std::isfinite(how_.scale) && how_.scale > 0, fmt::format("--scale {}: must be a positive number", how_.scale));
  for (std::size_t c = 0; c < 3; ++c) {
    require(std::isfinite(how_.mean[c]), fmt::format("--mean: {} is no finite number", how_.mean[c]));
    require(std::isfinite(how_.standard_deviation[c]) && how_.standard_deviation[c] > 0,
            fmt::format("--std: {} is no positive number", how_.standard_deviation[c]));
    for (std::size_t value = 0; value < 256; ++value) {
      values_[c][value] = static_cast<float>((static_cast<double>(value) * how_.scale - how_.mean[c]) / how_.standard_deviation[c]);
    }
  }
}

struct Preprocessor::Placed {
  Picture resized;                 ///< without pixels where the picture has that size already
  std::int64_t left = 0, top = 0;  ///< first pixel that is taken
  CropSpan across, down;
  const Picture& source(const Picture& original) const { return resized.pixels.empty() ? original : resized; }
};

Preprocessor::Placed Preprocessor::place(const Picture& picture, const std::string& name) const {
  const Size whole = resized(how_, picture);
  // A very long strip would still be one picture, but no classifier's.
  if (whole.width > (std::int64_t{1} << 20) || whole.height > (std::int64_t{1} << 20)) {
    throw Error(ErrorCode::input,
                fmt::format("{}: {} x {} resizes to {} x {}", name, picture.width, picture.height, whole.width, whole.height));
  }
  Placed placed;
  placed.across = crop_span(whole.width, how_.crop);
  placed.down = crop_span(whole.height, or_width(how_.crop_height, how_.crop));
  if (how_.crop == 0 && (whole.width != input_.width || whole.height != input_.height)) {
    throw Error(
        ErrorCode::input,
        fmt::format("{}: {} x {} pixels where the network takes {} x {}", name, whole.width, whole.height, input_.width, input_.height),
        "let --resize and --crop bring pictures to the network's size");
  }
  placed.left = placed.across.from;
  placed.top = placed.down.from;
  if (whole.width != picture.width || whole.height != picture.height) {
    placed.resized =
        resize(picture, {whole.width, whole.height, placed.left, placed.top, placed.across.count, placed.down.count}, how_.interpolation);
    placed.left = placed.top = 0;
  }
  return placed;
}

void Preprocessor::run(const Picture& picture, const std::string& name, std::span<float> out) const {
  if (input_.channels == 1 && picture.channels == 3) return run(to_grey(picture), name, out);
  write(place(picture, name), picture, out);
}

Picture Preprocessor::fitted(const Picture& picture, const std::string& name) const {
  if (input_.channels == 1 && picture.channels == 3) return fitted(to_grey(picture), name);
  const Placed placed = place(picture, name);
  const Picture& source = placed.source(picture);
  const std::int64_t channels = source.channels;
  Picture result{input_.width, input_.height, channels, {}};
  result.pixels.resize(static_cast<std::size_t>(input_.width * input_.height * channels));
  for (std::int64_t y = 0; y < placed.down.count; ++y) {
    const std::uint8_t* row = source.pixels.data() + ((placed.top + y) * source.width + placed.left) * channels;
    std::copy_n(row, placed.across.count * channels,
                result.pixels.data() + ((placed.down.to + y) * input_.width + placed.across.to) * channels);
  }
  return result;
}

void Preprocessor::to_floats(const Picture& fitted, std::span<float> out) const {
  if (fitted.width != input_.width || fitted.height != input_.height || (input_.channels == 1 && fitted.channels != 1)) {
    throw Error(ErrorCode::internal, fmt::format("a picture of {} x {} x {} is not fitted", fitted.width, fitted.height, fitted.channels));
  }
  write({{}, 0, 0, {0, fitted.width, 0}, {0, fitted.height, 0}}, fitted, out);
}

void Preprocessor::write(const Placed& placed, const Picture& picture, std::span<float> out) const {
  const Picture& source = placed.source(picture);
  const CropSpan &across = placed.across, &down = placed.down;
  const std::int64_t plane = input_.height * input_.width;
  if (static_cast<std::int64_t>(out.size()) != plane * input_.channels) {
    throw Error(ErrorCode::internal, fmt::format("room for {} values, {} are needed", out.size(), plane * input_.channels));
  }
  const bool padded = across.count < input_.width || down.count < input_.height;
  for (std::int64_t c = 0; c < input_.channels; ++c) {
    const std::array<float, 256>& values = values_[static_cast<std::size_t>(c)];
    float* target = out.data() + c * plane;
    if (padded) std::fill_n(target, plane, values[0]);
    const std::int64_t from = source.channels == 1 ? 0 : how_.channels == ChannelOrder::bgr ? 2 - c : c;
    for (std::int64_t y = 0; y < down.count; ++y) {
      const std::uint8_t* pixel = source.pixels.data() + ((placed.top + y) * source.width + placed.left) * source.channels + from;
      float* row = target + (down.to + y) * input_.width + across.to;
      for (std::int64_t x = 0; x < across.count; ++x) row[x] = values[pixel[x * source.channels]];
    }
  }
}

Preprocessing changed(Preprocessing own, const PreprocessingChanges& changes) {
  if (changes.resize) {
    own.resize = *changes.resize;
    own.resize_to = changes.resize_to;
    own.resize_height = changes.resize_height;
  }
  own.interpolation = changes.interpolation.value_or(own.interpolation);
  if (changes.crop) {
    own.crop = *changes.crop;
    own.crop_height = changes.crop_height;
  }
  own.channels = changes.channels.value_or(own.channels);
  own.scale = changes.scale.value_or(own.scale);
  own.mean = changes.mean.value_or(own.mean);
  own.standard_deviation = changes.standard_deviation.value_or(own.standard_deviation);
  return own;
}

Preprocessing scaled_to(const Preprocessing& own, std::int64_t own_input, std::int64_t input) {
  Preprocessing scaled = own;
  if (input == own_input) return scaled;
  const std::int64_t base = own.crop != 0 ? own.crop : own_input;
  const auto grown = [&](std::int64_t length) { return (2 * length * input + base) / (2 * base); };  // 0 stays 0
  if (own.resize != ResizeRule::none) {
    scaled.resize_to = grown(own.resize_to);
    scaled.resize_height = grown(own.resize_height);
  }
  if (own.crop != 0) {
    scaled.crop = input;
    scaled.crop_height = grown(own.crop_height);
  }
  return scaled;
}

Preprocessing default_preprocessing(const InputGeometry& input) {
  Preprocessing how;
  const std::int64_t side = std::min(input.height, input.width);
  constexpr std::int64_t kLeastOfPhotographs = 128;
  if (side < kLeastOfPhotographs || input.height != input.width) {
    how.resize = ResizeRule::none;
    how.crop = 0;
  } else {
    how = scaled_to(how, how.crop, side);
  }
  if (input.channels == 1) {
    how.channels = ChannelOrder::grey;
    how.mean = {0, 0, 0};
    how.standard_deviation = {1, 1, 1};
  }
  return how;
}

std::string to_options(const Preprocessing& how) {
  const char* rule = how.resize == ResizeRule::warp ? "warp" : "short";
  constexpr const char* kChannels[] = {"rgb", "bgr", "grey"};
  std::string text = how.resize == ResizeRule::none ? "--resize none"
                                                    : fmt::format("--resize {}:{} --interpolation {}", rule,
                                                                  size_text(how.resize_to, how.resize_height), name_of(how.interpolation));
  const auto list = [&](const std::array<double, 3>& values) {
    return how.channels == ChannelOrder::grey ? fmt::format("{}", values[0]) : fmt::format("{},{},{}", values[0], values[1], values[2]);
  };
  text += fmt::format(" --crop {} --channels {} --scale {} --mean {} --std {}", size_text(how.crop, how.crop_height),
                      kChannels[static_cast<int>(how.channels)], how.scale, list(how.mean), list(how.standard_deviation));
  return text;
}

}  // namespace inferometer::dataset
