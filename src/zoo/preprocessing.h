/// Say how a picture becomes a network's input.
///
/// Plain data, carried out by dataset/: resize, centre crop, x scale, - mean, / standard deviation, in this order, on values
/// 0 to 255, channel by channel in the network's order.
#pragma once

#include <array>
#include <cstdint>

namespace inferometer::zoo {

enum class ResizeRule : std::uint8_t {
  none,        ///< as it is
  warp,        ///< to one size, whatever the shape was
  short_side,  ///< the shorter side to this length, the other in proportion (truncated, as torchvision does)
};
/// Antialiased (nearest apart), as Pillow computes them: area is its BOX; lanczos4 is its LANCZOS with four lobes in place of three.
enum class Interpolation : std::uint8_t { nearest, bilinear, bicubic, area, lanczos4 };
enum class ChannelOrder : std::uint8_t { rgb, bgr, grey };

/// The defaults are what torchvision's first ImageNet weights were evaluated with.
struct Preprocessing {
  ResizeRule resize = ResizeRule::short_side;
  std::int64_t resize_to = 256;    ///< pixels; of warp the width; unused for none
  std::int64_t resize_height = 0;  ///< of warp; 0: as wide
  Interpolation interpolation = Interpolation::bilinear;
  std::int64_t crop = 224;       ///< width of the central part; 0: none
  std::int64_t crop_height = 0;  ///< of it; 0: as wide
  ChannelOrder channels = ChannelOrder::rgb;
  double scale = 1.0 / 255;
  std::array<double, 3> mean{0.485, 0.456, 0.406};  ///< in the order of the channels; grey uses the first
  std::array<double, 3> standard_deviation{0.229, 0.224, 0.225};
};

}  // namespace inferometer::zoo
