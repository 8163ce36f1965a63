/// Hold a decoded picture, and make one from the bytes of a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace inferometer::dataset {

/// Rows from the top, pixels from the left, one byte a channel: red, green, blue, or grey alone.
struct Picture {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t channels = 3;         ///< 3 or 1
  std::vector<std::uint8_t> pixels;  ///< height x width x channels
};

/// What a picture may be at most, so that a few bytes do not fill the memory.
struct PictureLimits {
  std::int64_t side = 65500;              ///< pixels; JPEG's own limit
  std::int64_t pixels = 178'956'970;      ///< where Pillow refuses too
  int progressive_scans = 500;            ///< of a JPEG; a few hundred bytes each can keep a decoder busy for hours
  std::size_t ancillary_bytes = 8 << 20;  ///< of one chunk of a PNG that holds no pixels
};

/// What a picture beyond PictureLimits throws, so that a server can tell it from a damaged one. Thrown by the header, before its memory is
/// taken.
class PictureTooLarge : public Error {
 public:
  explicit PictureTooLarge(const std::string& message) : Error(ErrorCode::input, message) {}
};

/// Decode a JPEG or PNG, told apart by its first bytes. Pixels are those that Pillow's open() and convert("RGB") give, by the same
/// libraries: EXIF orientation and colour profiles are left alone, alpha is dropped, palettes are looked up, CMYK and YCCK are taken as
/// Adobe writes them (inverted). Grey stays grey. Of 16 bits the upper eight are kept; there Pillow clips grey instead.
/// A JPEG that ends before its last row is an error, as in Pillow; other flaws that the decoder mends are not.
/// @param name  of the picture, for messages
/// Throws Error{input}: no JPEG or PNG, damaged, or beyond the limits (PictureTooLarge where these are of its size). Threads: safe.
Picture decode_picture(std::span<const std::uint8_t> bytes, const std::string& name, const PictureLimits& limits = {});

/// Pillow's convert("L"): (19595 R + 38470 G + 7471 B + 32768) / 65536, rounded down. A grey picture stays as it is.
Picture to_grey(Picture picture);

}  // namespace inferometer::dataset
