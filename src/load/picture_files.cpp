#include "load/picture_files.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <fmt/format.h>
#include <jpeglib.h>

#include "base/files.h"
#include "measure/images.h"

namespace inferometer::load {
namespace {

constexpr int kChannels = 3;

/// Rows of RGB pixels as a JPEG. The library's own error handler ends the process; with pixels of ours nothing can go wrong but memory.
std::string encode(const std::vector<std::uint8_t>& pixels) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = static_cast<JDIMENSION>(kPictureWidth);
  info.image_height = static_cast<JDIMENSION>(kPictureHeight);
  info.input_components = kChannels;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 90, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPROW>(pixels.data() + static_cast<std::size_t>(info.next_scanline) * kPictureWidth * kChannels);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const std::unique_ptr<unsigned char, void (*)(void*)> owner(bytes, std::free);
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

std::vector<std::filesystem::path> write_pictures(const std::filesystem::path& folder, std::size_t count, std::uint64_t seed) {
  const auto plane = static_cast<std::size_t>(kPictureWidth * kPictureHeight);
  std::vector<float> pattern(plane * kChannels);
  std::vector<std::uint8_t> pixels(plane * kChannels);
  std::vector<std::filesystem::path> files;
  for (std::size_t index = 0; index < count; ++index) {
    measure::smooth_pattern(seed, index, kChannels, kPictureHeight, kPictureWidth, pattern);
    for (std::size_t pixel = 0; pixel < plane; ++pixel) {
      for (std::size_t channel = 0; channel < kChannels; ++channel) {
        // Patterns lie about -2 to 2.
        const float value = 128.0F + 60.0F * pattern[channel * plane + pixel];
        pixels[pixel * kChannels + channel] = static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F));
      }
    }
    files.push_back(folder / fmt::format("{:03}.jpg", index));
    write_file_atomically(files.back(), encode(pixels));
  }
  return files;
}

}  // namespace inferometer::load
