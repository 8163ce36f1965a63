#include <zlib.h>

#include <array>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "dataset/sources.h"

namespace inferometer::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{4} << 30;

[[noreturn]] void reject(const fs::path& file, const std::string& problem, const std::string& hint = {}) {
  throw Error(ErrorCode::input, fmt::format("{}: {}", file.string(), problem), hint);
}

/// A file's content, unpacked when it is gzip. Throws Error{input} for one that is cut short, damaged or beyond 4 GiB.
std::vector<std::uint8_t> read_unpacked(const fs::path& file) {
  require_readable_file(file);
  struct Close {
    void operator()(gzFile_s* handle) const { gzclose(handle); }
  };
  const std::unique_ptr<gzFile_s, Close> handle(gzopen(file.c_str(), "rb"));
  if (!handle) throw Error(ErrorCode::io, fmt::format("{}: cannot be opened", file.string()));
  std::vector<std::uint8_t> bytes;
  std::array<std::uint8_t, 1 << 16> block;
  for (;;) {
    const int got = gzread(handle.get(), block.data(), block.size());
    int code = Z_OK;
    const char* cause = gzerror(handle.get(), &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) reject(file, fmt::format("cannot be unpacked: {}", cause));
    if (got == 0) return bytes;
    bytes.insert(bytes.end(), block.begin(), block.begin() + got);
    if (bytes.size() > kMostBytes) reject(file, "holds more than 4 GiB");
  }
}

/// An IDX file: two zero bytes, the type (8: bytes), the number of dimensions, each dimension in 32 bits big-endian, the elements.
struct Idx {
  std::vector<std::size_t> dimensions;
  std::size_t offset = 0;  ///< of the first element
  std::vector<std::uint8_t> bytes;
};

Idx read_idx(const fs::path& file) {
  Idx idx;
  idx.bytes = read_unpacked(file);
  const auto& bytes = idx.bytes;
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0 || bytes[3] == 0) reject(file, "is no IDX file");
  if (bytes[2] != 8) reject(file, fmt::format("holds elements of type {:#04x}; pictures and labels are bytes (0x08)", bytes[2]));
  idx.offset = 4 + 4 * std::size_t{bytes[3]};
  if (bytes.size() < idx.offset) reject(file, "ends within its header");
  std::size_t count = 1;
  for (std::size_t d = 0; d < bytes[3]; ++d) {
    const std::uint8_t* at = bytes.data() + 4 + 4 * d;
    const std::size_t size = std::size_t{at[0]} << 24 | std::size_t{at[1]} << 16 | std::size_t{at[2]} << 8 | at[3];
    if (size != 0 && count > kMostBytes / size) reject(file, "declares more than 4 GiB");
    count *= size;
    idx.dimensions.push_back(size);
  }
  if (bytes.size() - idx.offset != count) {
    reject(file, fmt::format("holds {} bytes of elements, its header says {}", bytes.size() - idx.offset, count));
  }
  return idx;
}

/// Side of a square picture that `values` make, with its channels; nullopt when they make none.
std::optional<Picture> square_of(std::size_t values) {
  for (const std::int64_t channels : {std::int64_t{3}, std::int64_t{1}}) {
    for (std::int64_t side = 1; side <= 4096; ++side) {
      const std::int64_t needed = side * side * channels;
      if (needed == static_cast<std::int64_t>(values)) return Picture{side, side, channels, {}};
      if (needed > static_cast<std::int64_t>(values)) break;
    }
  }
  return std::nullopt;
}

/// Whole numbers of one line, separated by commas. Throws Error{input} naming file, line and column.
void read_numbers(const fs::path& file, std::size_t line_number, const char* at, const char* end, std::vector<std::int64_t>& numbers) {
  numbers.clear();
  for (std::size_t column = 1;; ++column) {
    while (at != end && (*at == ' ' || *at == '\t')) ++at;
    std::int64_t value = 0;
    const auto [next, problem] = std::from_chars(at, end, value);
    if (problem != std::errc() || value < 0) {
      reject(file, fmt::format("line {}, column {}: is no whole number of 0 or more", line_number, column),
             "a line is a label and the picture's values 0 to 255; there is no header");
    }
    numbers.push_back(value);
    at = next;
    while (at != end && (*at == ' ' || *at == '\t')) ++at;
    if (at == end) return;
    if (*at != ',') reject(file, fmt::format("line {}, column {}: a comma is expected after the number", line_number, column));
    ++at;
  }
}

}  // namespace

PixelSource::PixelSource(std::vector<std::uint8_t> bytes, std::size_t offset, std::size_t skip, Picture shape, Layout layout)
    : bytes_(std::move(bytes)), offset_(offset), skip_(skip), shape_(std::move(shape)), layout_(layout) {}

std::span<const std::uint8_t> PixelSource::pixels(std::size_t index) const {
  const auto size = static_cast<std::size_t>(shape_.width * shape_.height * shape_.channels);
  return std::span(bytes_).subspan(offset_ + index * (skip_ + size) + skip_, size);
}

Picture PixelSource::load(std::size_t index) const {
  const auto from = pixels(index);
  Picture picture = shape_;
  picture.pixels.assign(from.begin(), from.end());
  if (layout_ == Layout::interleaved) return picture;
  const auto channels = static_cast<std::size_t>(shape_.channels);
  const std::size_t plane = from.size() / channels;
  for (std::size_t i = 0; i < plane; ++i) {
    for (std::size_t c = 0; c < channels; ++c) picture.pixels[i * channels + c] = from[c * plane + i];
  }
  return picture;
}

std::string PixelSource::content_hash(std::size_t index) const {
  const auto from = pixels(index);
  return sha256_hex({reinterpret_cast<const char*>(from.data()), from.size()});
}

DataSet open_csv(const fs::path& file) {
  const std::vector<std::uint8_t> text = read_unpacked(file);
  DataSet data;
  std::vector<std::uint8_t> pixels;
  std::vector<std::int64_t> numbers;
  std::optional<Picture> shape;
  const char* at = reinterpret_cast<const char*>(text.data());
  const char* const end = at + text.size();
  for (std::size_t line_number = 1; at != end; ++line_number) {
    const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
    const char* line_end = found != nullptr ? static_cast<const char*>(found) : end;
    const char* next = line_end == end ? end : line_end + 1;
    if (line_end != at && line_end[-1] == '\r') --line_end;
    if (line_end != at) {
      read_numbers(file, line_number, at, line_end, numbers);
      const std::optional<Picture> here = square_of(numbers.size() - 1);
      if (!here || (shape && (shape->width != here->width || shape->channels != here->channels))) {
        reject(file,
               fmt::format("line {}: {} values after the label make no square picture{}", line_number, numbers.size() - 1,
                           shape ? " like the first line's" : ""),
               "a picture of 32 x 32 in colour has 3072 values, a grey one of 28 x 28 has 784");
      }
      shape = here;
      for (std::size_t i = 1; i < numbers.size(); ++i) {
        if (numbers[i] > 255) reject(file, fmt::format("line {}, column {}: {} is above 255", line_number, i + 1, numbers[i]));
        pixels.push_back(static_cast<std::uint8_t>(numbers[i]));
      }
      data.images.push_back({fmt::format("{}:{}", file.filename().string(), line_number), numbers.front()});
    }
    at = next;
  }
  data.source = std::make_unique<PixelSource>(std::move(pixels), 0, 0, shape.value_or(Picture{}), PixelSource::Layout::interleaved);
  return data;
}

DataSet open_idx(const fs::path& images, const fs::path& labels) {
  Idx pixels = read_idx(images);
  const auto& dimensions = pixels.dimensions;
  const bool has_colour = dimensions.size() == 4 && dimensions[3] == 3;
  if (dimensions.size() != 3 && !has_colour) {
    reject(images, fmt::format("has {} dimensions; pictures are count x height x width, or x 3 more", dimensions.size()));
  }
  if (dimensions[1] == 0 || dimensions[2] == 0) reject(images, "holds empty pictures");
  DataSet data;
  for (std::size_t i = 0; i < dimensions[0]; ++i)
    data.images.push_back({fmt::format("{}#{}", images.filename().string(), i), std::nullopt});
  if (!labels.empty()) {
    const Idx marks = read_idx(labels);
    if (marks.dimensions.size() != 1 || marks.dimensions[0] != dimensions[0]) {
      reject(labels, fmt::format("holds labels for another number of pictures than the {} of {}", dimensions[0], images.string()));
    }
    for (std::size_t i = 0; i < dimensions[0]; ++i) data.images[i].label = marks.bytes[marks.offset + i];
  }
  const Picture shape{static_cast<std::int64_t>(dimensions[2]), static_cast<std::int64_t>(dimensions[1]), has_colour ? 3 : 1, {}};
  data.source = std::make_unique<PixelSource>(std::move(pixels.bytes), pixels.offset, 0, shape, PixelSource::Layout::interleaved);
  return data;
}

DataSet open_cifar(const fs::path& file) {
  constexpr std::size_t kPixels = 3 * 32 * 32;
  std::vector<std::uint8_t> bytes = read_unpacked(file);
  const bool is_ten = !bytes.empty() && bytes.size() % (kPixels + 1) == 0, is_hundred = !bytes.empty() && bytes.size() % (kPixels + 2) == 0;
  if (!is_ten && !is_hundred) {
    reject(file, fmt::format("{} bytes are no whole number of CIFAR records (3073 bytes, CIFAR-100: 3074)", bytes.size()));
  }
  const std::size_t skip = is_ten ? 1 : 2;
  DataSet data;
  data.classes = is_ten ? 10 : 100;
  for (std::size_t i = 0; i < bytes.size() / (kPixels + skip); ++i) {
    const std::int64_t label = bytes[i * (kPixels + skip) + skip - 1];
    if (label >= *data.classes) reject(file, fmt::format("record {}: the label {} is not below {}", i, label, *data.classes));
    data.images.push_back({fmt::format("{}#{}", file.filename().string(), i), label});
  }
  data.source = std::make_unique<PixelSource>(std::move(bytes), 0, skip, Picture{32, 32, 3, {}}, PixelSource::Layout::planes);
  return data;
}

}  // namespace inferometer::dataset
