#include "dataset/picture.h"

#include <fmt/format.h>

#include "base/error.h"
#include "dataset/decoders.h"

namespace inferometer::dataset {

void require_size(std::int64_t width, std::int64_t height, const std::string& name, const PictureLimits& limits) {
  if (width < 1 || height < 1) throw Error(ErrorCode::input, fmt::format("{}: the picture is empty ({} x {})", name, width, height));
  if (width > limits.side || height > limits.side || width * height > limits.pixels) {
    throw PictureTooLarge(fmt::format("{}: {} x {} pixels are too many; {} a side and {} altogether are the limit", name, width, height,
                                      limits.side, limits.pixels));
  }
}

Picture decode_picture(std::span<const std::uint8_t> bytes, const std::string& name, const PictureLimits& limits) {
  if (is_jpeg(bytes)) return decode_jpeg(bytes, name, limits);
  if (is_png(bytes)) return decode_png(bytes, name, limits);
  throw Error(ErrorCode::input, fmt::format("{}: is neither a JPEG nor a PNG", name), "other formats must be converted first");
}

Picture to_grey(Picture picture) {
  if (picture.channels == 1) return picture;
  const std::size_t count = picture.pixels.size() / 3;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* pixel = picture.pixels.data() + 3 * i;
    const std::uint32_t sum = 19595u * pixel[0] + 38470u * pixel[1] + 7471u * pixel[2] + 0x8000u;
    picture.pixels[i] = static_cast<std::uint8_t>(sum >> 16);
  }
  picture.pixels.resize(count);
  picture.channels = 1;
  return picture;
}

}  // namespace inferometer::dataset
