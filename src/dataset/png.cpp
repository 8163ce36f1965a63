#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <vector>

#include <fmt/format.h>
#include <png.h>

#include "base/error.h"
#include "base/text.h"
#include "dataset/decoders.h"

namespace inferometer::dataset {
namespace {

/// What the library's callbacks see; it must outlive the read structure.
struct Reader {
  std::span<const std::uint8_t> rest;
  char message[200] = "";
  std::jmp_buf escape;
};

[[noreturn]] void leave(png_structp png, png_const_charp message) {
  auto* reader = static_cast<Reader*>(png_get_error_ptr(png));
  std::snprintf(reader->message, sizeof reader->message, "%s", message);
  std::longjmp(reader->escape, 1);
}

void say_nothing(png_structp, png_const_charp) {}

void give_bytes(png_structp png, png_bytep out, std::size_t count) {
  auto* reader = static_cast<Reader*>(png_get_io_ptr(png));
  if (count > reader->rest.size()) png_error(png, "the file is cut short");
  std::memcpy(out, reader->rest.data(), count);
  reader->rest = reader->rest.subspan(count);
}

/// The library's two structures.
class Handles {
 public:
  explicit Handles(Reader& reader) : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, leave, say_nothing)) {
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) {
      png_destroy_read_struct(&png, nullptr, nullptr);
      throw Error(ErrorCode::out_of_memory, "memory ran out while a PNG was opened");
    }
  }
  ~Handles() { png_destroy_read_struct(&png, &info, nullptr); }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  png_structp png;
  png_infop info = nullptr;
};

/// Only trivial objects live in the functions that the library may jump out of.
bool read_header(Reader& reader, png_structp png, png_infop info, const PictureLimits& limits) {
  if (setjmp(reader.escape) != 0) return false;
  png_set_read_fn(png, &reader, give_bytes);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);  // sizes are checked by require_size, whose message names the picture
  png_set_chunk_malloc_max(png, limits.ancillary_bytes);
  png_set_chunk_cache_max(png, 128);
  png_read_info(png, info);
  return true;
}

bool read_rows(Reader& reader, png_structp png, png_bytepp rows) {
  if (setjmp(reader.escape) != 0) return false;
  png_read_image(png, rows);
  return true;
}

/// Ask for 8 bits a channel, grey or RGB, without alpha. False when the library refuses.
bool choose_output(Reader& reader, png_structp png, png_infop info) {
  if (setjmp(reader.escape) != 0) return false;
  png_set_strip_16(png);
  png_set_packing(png);
  const png_byte type = png_get_color_type(png, info);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
  // Transparency from a tRNS chunk is not expanded, so only real alpha channels are there to drop.
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return true;
}

}  // namespace

bool is_png(std::span<const std::uint8_t> bytes) { return bytes.size() >= 8 && png_sig_cmp(bytes.data(), 0, 8) == 0; }

Picture decode_png(std::span<const std::uint8_t> bytes, const std::string& name, const PictureLimits& limits) {
  Reader reader;
  reader.rest = bytes;
  const Handles handles(reader);
  const auto require = [&](bool well) {
    if (!well) throw Error(ErrorCode::input, fmt::format("{}: not a readable PNG: {}", name, one_line(reader.message, 200)));
  };
  require(read_header(reader, handles.png, handles.info, limits));
  Picture picture;
  picture.width = png_get_image_width(handles.png, handles.info);
  picture.height = png_get_image_height(handles.png, handles.info);
  require_size(picture.width, picture.height, name, limits);
  require(choose_output(reader, handles.png, handles.info));
  picture.channels = png_get_channels(handles.png, handles.info);
  const std::size_t row_bytes = png_get_rowbytes(handles.png, handles.info);
  if ((picture.channels != 1 && picture.channels != 3) || row_bytes != static_cast<std::size_t>(picture.width * picture.channels)) {
    throw Error(ErrorCode::internal,
                fmt::format("{}: a PNG was read with {} channels and {} bytes a row", name, picture.channels, row_bytes));
  }
  picture.pixels.resize(row_bytes * static_cast<std::size_t>(picture.height));
  std::vector<png_bytep> rows(static_cast<std::size_t>(picture.height));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = picture.pixels.data() + y * row_bytes;
  require(read_rows(reader, handles.png, rows.data()));
  return picture;
}

}  // namespace inferometer::dataset
