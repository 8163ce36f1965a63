#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>

#include <fmt/format.h>
#include <jpeglib.h>
// After jpeglib.h, which it needs.
#include <jerror.h>

#include "base/error.h"
#include "base/text.h"
#include "dataset/decoders.h"

namespace inferometer::dataset {
namespace {

/// The library reports errors by a call that must not return. It jumps back to decode(), whose frame holds nothing to destroy.
struct ErrorManager {
  jpeg_error_mgr base;  // first, so that the library's pointer is ours
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* manager = reinterpret_cast<ErrorManager*>(info->err);
  info->err->format_message(info, manager->message);
  std::longjmp(manager->escape, 1);
}

void say_nothing(j_common_ptr) {}

/// Counts scans: a progressive file may hold any number of them, each as costly as the whole picture.
struct ScanLimit {
  jpeg_progress_mgr base;  // first, as above
  int most;
};

void check_scans(j_common_ptr info) {
  if (info->is_decompressor == 0) return;
  const auto* limit = reinterpret_cast<const ScanLimit*>(info->progress);
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > limit->most) ERREXIT(info, JERR_BAD_PROGRESSION);
}

// The source is one block of memory. At its end the library is told to wait ("suspended"), so that a file cut short is seen;
// its own memory source would append an end of image and go on with grey.
void source_begins(j_decompress_ptr) {}
boolean source_is_dry(j_decompress_ptr) { return FALSE; }
void skip_source(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  const std::size_t step = std::min(info->src->bytes_in_buffer, static_cast<std::size_t>(count));
  info->src->next_input_byte += step;
  info->src->bytes_in_buffer -= step;
}
void source_ends(j_decompress_ptr) {}

struct Decoder {
  jpeg_decompress_struct info;
  ErrorManager errors;
  jpeg_source_mgr source;
  ScanLimit scans;
};

enum class Outcome : std::uint8_t { well, failed, cut_short };

/// Read the header. Only trivial objects live here and in decode(), so that a jump out of the library skips no destructor.
Outcome read_header(Decoder& decoder, std::span<const std::uint8_t> bytes, int most_scans) {
  decoder.info.err = jpeg_std_error(&decoder.errors.base);
  decoder.errors.base.error_exit = leave;
  decoder.errors.base.output_message = say_nothing;
  decoder.errors.message[0] = '\0';
  if (setjmp(decoder.errors.escape) != 0) return Outcome::failed;
  jpeg_create_decompress(&decoder.info);
  decoder.source = {};
  decoder.source.next_input_byte = bytes.data();
  decoder.source.bytes_in_buffer = bytes.size();
  decoder.source.init_source = source_begins;
  decoder.source.fill_input_buffer = source_is_dry;
  decoder.source.skip_input_data = skip_source;
  decoder.source.resync_to_restart = jpeg_resync_to_restart;
  decoder.source.term_source = source_ends;
  decoder.info.src = &decoder.source;
  decoder.scans = {};
  decoder.scans.base.progress_monitor = check_scans;
  decoder.scans.most = most_scans;
  decoder.info.progress = &decoder.scans.base;
  if (jpeg_read_header(&decoder.info, TRUE) != JPEG_HEADER_OK) return Outcome::cut_short;
  switch (decoder.info.jpeg_color_space) {
    case JCS_GRAYSCALE: decoder.info.out_color_space = JCS_GRAYSCALE; break;
    case JCS_CMYK:
    case JCS_YCCK: decoder.info.out_color_space = JCS_CMYK; break;
    default: decoder.info.out_color_space = JCS_RGB; break;
  }
  jpeg_calc_output_dimensions(&decoder.info);
  return Outcome::well;
}

/// Read all rows into `pixels`, which has room for them.
Outcome decode(Decoder& decoder, std::uint8_t* pixels) {
  if (setjmp(decoder.errors.escape) != 0) return Outcome::failed;
  if (jpeg_start_decompress(&decoder.info) == FALSE) return Outcome::cut_short;
  const std::size_t row_bytes =
      static_cast<std::size_t>(decoder.info.output_width) * static_cast<std::size_t>(decoder.info.output_components);
  while (decoder.info.output_scanline < decoder.info.output_height) {
    JSAMPROW row = pixels + row_bytes * decoder.info.output_scanline;
    if (jpeg_read_scanlines(&decoder.info, &row, 1) != 1) return Outcome::cut_short;
  }
  return Outcome::well;
}

/// Ends the library's object also when a check of ours throws.
class DecoderScope {
 public:
  explicit DecoderScope(Decoder& decoder) : decoder_(decoder) {}
  ~DecoderScope() { jpeg_destroy_decompress(&decoder_.info); }
  DecoderScope(const DecoderScope&) = delete;
  DecoderScope& operator=(const DecoderScope&) = delete;

 private:
  Decoder& decoder_;
};

void require_well(Outcome outcome, const Decoder& decoder, const std::string& name) {
  if (outcome == Outcome::failed) {
    throw Error(ErrorCode::input, fmt::format("{}: not a readable JPEG: {}", name, one_line(decoder.errors.message, 200)));
  }
  if (outcome == Outcome::cut_short) throw Error(ErrorCode::input, fmt::format("{}: the JPEG is cut short", name));
}

/// Adobe stores 255 minus the ink; the conversion is Pillow's, without a colour profile.
void cmyk_to_rgb(std::vector<std::uint8_t>& pixels) {
  const std::size_t count = pixels.size() / 4;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* ink = pixels.data() + 4 * i;
    const int light = ink[3];
    std::uint8_t* pixel = pixels.data() + 3 * i;
    std::uint8_t values[3];
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - ink[c]) * light + 128;
      values[c] = static_cast<std::uint8_t>(std::clamp(light - ((product + (product >> 8)) >> 8), 0, 255));
    }
    std::copy_n(values, 3, pixel);
  }
  pixels.resize(count * 3);
}

}  // namespace

bool is_jpeg(std::span<const std::uint8_t> bytes) { return bytes.size() >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF; }

Picture decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name, const PictureLimits& limits) {
  Decoder decoder{};
  const DecoderScope scope(decoder);
  require_well(read_header(decoder, bytes, limits.progressive_scans), decoder, name);
  Picture picture;
  picture.width = decoder.info.output_width;
  picture.height = decoder.info.output_height;
  require_size(picture.width, picture.height, name, limits);
  const std::int64_t components = decoder.info.out_color_components;
  picture.pixels.resize(static_cast<std::size_t>(picture.width * picture.height * components));
  require_well(decode(decoder, picture.pixels.data()), decoder, name);
  picture.channels = components == 1 ? 1 : 3;
  if (components == 4) cmyk_to_rgb(picture.pixels);
  return picture;
}

}  // namespace inferometer::dataset
