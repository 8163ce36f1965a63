#include "charts/gif.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gif_lib.h>
#include <libimagequant.h>

#include "base/error.h"

namespace inferometer::charts {
namespace {

constexpr int kColors = 255;  // the 256th is transparent: "as before"
constexpr GifByteType kUnchanged = 255;

struct Destroy {
  void operator()(liq_attr* settings) const { liq_attr_destroy(settings); }
  void operator()(liq_histogram* histogram) const { liq_histogram_destroy(histogram); }
  void operator()(liq_result* result) const { liq_result_destroy(result); }
};

[[noreturn]] void complain(const std::string& what) { throw Error(ErrorCode::internal, "writing a GIF: " + what); }

void check(int outcome, const char* what, const GifFileType* file) {
  if (outcome != GIF_OK) complain(fmt::format("{}: {}", what, GifErrorString(file->Error) ? GifErrorString(file->Error) : "unknown cause"));
}

void check(liq_error outcome, const char* what) {
  if (outcome != LIQ_OK) complain(fmt::format("{} (libimagequant: {})", what, static_cast<int>(outcome)));
}

int append(GifFileType* file, const GifByteType* bytes, int length) {
  static_cast<std::string*>(file->UserData)->append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  return length;
}

/// The colours that serve a frame best; counted first, since a drawing has few and they decide alone.
std::vector<GifColorType> palette_of(const Raster& frame) {
  std::unordered_map<std::uint32_t, unsigned> counted;
  for (const std::uint32_t pixel : frame.pixels) ++counted[pixel];
  std::vector<std::pair<std::uint32_t, unsigned>> colors(counted.begin(), counted.end());
  std::sort(colors.begin(), colors.end());  // a hash table's order is nobody's promise
  std::vector<liq_histogram_entry> entries;
  for (const auto& color : colors) {
    const auto part = [&](int shift) { return static_cast<unsigned char>(color.first >> shift & 0xff); };
    entries.push_back({{part(16), part(8), part(0), 255}, color.second});
  }
  const std::unique_ptr<liq_attr, Destroy> settings(liq_attr_create());
  if (!settings) complain("no memory for its colours");
  check(liq_set_max_colors(settings.get(), kColors), "setting the number of colours");
  const std::unique_ptr<liq_histogram, Destroy> histogram(liq_histogram_create(settings.get()));
  check(liq_histogram_add_colors(histogram.get(), settings.get(), entries.data(), static_cast<int>(entries.size()), 0), "counting colours");
  liq_result* raw = nullptr;
  check(liq_histogram_quantize(histogram.get(), settings.get(), &raw), "choosing colours");
  const std::unique_ptr<liq_result, Destroy> result(raw);
  const liq_palette* found = liq_get_palette(result.get());
  std::vector<GifColorType> palette;
  for (unsigned i = 0; i < found->count; ++i) palette.push_back({found->entries[i].r, found->entries[i].g, found->entries[i].b});
  return palette;
}

}  // namespace

struct GifWriter::State {
  std::size_t width = 0, height = 0;
  std::vector<GifColorType> palette;
  std::unordered_map<std::uint32_t, GifByteType> nearest;  ///< of the colours seen so far
  std::vector<GifByteType> shown;                          ///< what stands after the last frame
  std::string bytes;
  GifFileType* file = nullptr;

  GifByteType index_of(std::uint32_t pixel) {
    const auto [entry, is_new] = nearest.try_emplace(pixel);
    if (!is_new) return entry->second;
    const int red = static_cast<int>(pixel >> 16 & 0xff), green = static_cast<int>(pixel >> 8 & 0xff),
              blue = static_cast<int>(pixel & 0xff);
    int best = 1 << 30;
    for (std::size_t i = 0; i < palette.size(); ++i) {
      const int dr = red - palette[i].Red, dg = green - palette[i].Green, db = blue - palette[i].Blue;
      const int distance = 2 * dr * dr + 4 * dg * dg + 3 * db * db;  // the eye weighs green most
      if (distance < best) {
        best = distance;
        entry->second = static_cast<GifByteType>(i);
      }
    }
    return entry->second;
  }

  void begin() {
    int error = 0;
    file = EGifOpen(&bytes, append, &error);
    if (!file) complain(GifErrorString(error) ? GifErrorString(error) : "no memory");
    EGifSetGifVersion(file, true);
    std::array<GifColorType, 256> colors{};
    std::copy(palette.begin(), palette.end(), colors.begin());
    const std::unique_ptr<ColorMapObject, decltype(&GifFreeMapObject)> map(GifMakeMapObject(256, colors.data()), &GifFreeMapObject);
    if (!map) complain("no memory");
    check(EGifPutScreenDesc(file, static_cast<int>(width), static_cast<int>(height), 8, 0, map.get()), "its head", file);
    // The extension that every reader knows as "repeat for ever".
    const std::array<unsigned char, 3> repeat = {1, 0, 0};
    check(EGifPutExtensionLeader(file, APPLICATION_EXT_FUNC_CODE), "its head", file);
    check(EGifPutExtensionBlock(file, 11, "NETSCAPE2.0"), "its head", file);
    check(EGifPutExtensionBlock(file, 3, repeat.data()), "its head", file);
    check(EGifPutExtensionTrailer(file), "its head", file);
  }

  ~State() {
    int error = 0;
    if (file) EGifCloseFile(file, &error);
  }
};

GifWriter::GifWriter(const Raster& colors) : state_(std::make_unique<State>()) {
  state_->width = colors.width;
  state_->height = colors.height;
  state_->palette = palette_of(colors);
  state_->begin();
}

GifWriter::~GifWriter() = default;

void GifWriter::add(const Raster& frame, std::chrono::milliseconds delay) {
  State& state = *state_;
  if (frame.width != state.width || frame.height != state.height) complain("a frame has another size");
  std::vector<GifByteType> indices(frame.pixels.size());
  std::transform(frame.pixels.begin(), frame.pixels.end(), indices.begin(), [&](std::uint32_t pixel) { return state.index_of(pixel); });
  // The smallest rectangle that holds all changes.
  std::size_t left = 0, top = 0, right = frame.width, bottom = frame.height;
  if (!state.shown.empty()) {
    left = frame.width, top = frame.height, right = 1, bottom = 1;
    for (std::size_t y = 0; y < frame.height; ++y) {
      for (std::size_t x = 0; x < frame.width; ++x) {
        if (indices[y * frame.width + x] == state.shown[y * frame.width + x]) continue;
        left = std::min(left, x), right = std::max(right, x + 1), top = std::min(top, y), bottom = std::max(bottom, y + 1);
      }
    }
    if (left >= right) left = 0, right = 1;
    if (top >= bottom) top = 0, bottom = 1;
  }
  GraphicsControlBlock control{};
  control.DisposalMode = DISPOSE_DO_NOT;
  control.DelayTime = static_cast<int>(delay.count() / 10);
  control.TransparentColor = state.shown.empty() ? NO_TRANSPARENT_COLOR : kUnchanged;
  std::array<GifByteType, 4> packed{};
  EGifGCBToExtension(&control, packed.data());
  check(EGifPutExtension(state.file, GRAPHICS_EXT_FUNC_CODE, 4, packed.data()), "a frame", state.file);
  check(EGifPutImageDesc(state.file, static_cast<int>(left), static_cast<int>(top), static_cast<int>(right - left),
                         static_cast<int>(bottom - top), false, nullptr),
        "a frame", state.file);
  std::vector<GifByteType> line(right - left);
  for (std::size_t y = top; y < bottom; ++y) {
    for (std::size_t x = left; x < right; ++x) {
      const std::size_t place = y * frame.width + x;
      line[x - left] = !state.shown.empty() && indices[place] == state.shown[place] ? kUnchanged : indices[place];
    }
    check(EGifPutLine(state.file, line.data(), static_cast<int>(line.size())), "a frame", state.file);
  }
  state.shown = std::move(indices);
}

std::string GifWriter::finish() {
  int error = 0;
  GifFileType* file = std::exchange(state_->file, nullptr);
  if (EGifCloseFile(file, &error) != GIF_OK) complain(GifErrorString(error) ? GifErrorString(error) : "its end");
  return std::move(state_->bytes);
}

}  // namespace inferometer::charts
