/// Resize pictures as Pillow does, to the last bit.
#pragma once

#include <cstdint>

#include "dataset/picture.h"
#include "zoo/preprocessing.h"

namespace inferometer::dataset {

/// A part of a picture that is being resized: its size when whole, and the rectangle of it that is wanted.
struct ResizeWindow {
  std::int64_t width = 0, height = 0;  ///< of the whole resized picture
  std::int64_t left = 0, top = 0;      ///< of the wanted part, within it
  std::int64_t part_width = 0, part_height = 0;
};

/// Compute the wanted part of `picture` resized to width x height; what is not wanted costs nothing.
/// Bilinear, bicubic (a = -0.5), area (a box) and lanczos4 (a Lanczos window of four lobes) are antialiased convolutions, first along rows,
/// then along columns, each rounded to 8 bits, with coefficients of 22 fractional bits, which is Pillow's arithmetic
/// (libImaging/Resample.c, described at pillow.readthedocs.io); a side that keeps its length is copied. Nearest takes the pixel under each
/// target's centre. Throws Error{internal} for a part that is not inside. Threads: safe.
Picture resize(const Picture& picture, const ResizeWindow& window, zoo::Interpolation interpolation);

}  // namespace inferometer::dataset
