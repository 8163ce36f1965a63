/// Read parts of a file.
///
/// Internal to formats: what is inside a checkpoint says where its parts lie, and is not to be trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/descriptor.h"

namespace inferometer::formats {

/// An open regular file. Threads: reading is safe.
class InputFile {
 public:
  /// Throws Error{input} naming path and cause.
  explicit InputFile(std::filesystem::path path);
  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  bool holds(std::uint64_t offset, std::uint64_t bytes) const { return offset <= size_ && bytes <= size_ - offset; }
  /// Bytes that the file must hold, else Error{input} "is cut off"; nothing is allocated for bytes that it does not hold.
  std::vector<std::byte> read(std::uint64_t offset, std::uint64_t bytes) const;
  std::string read_text(std::uint64_t offset, std::uint64_t bytes) const;
  std::uint64_t read_u64(std::uint64_t offset) const;  ///< little-endian

 private:
  void read_into(std::uint64_t offset, char* to, std::uint64_t bytes) const;

  std::filesystem::path path_;
  Descriptor descriptor_;
  std::uint64_t size_ = 0;
};

/// A little-endian unsigned number at a place that must be there.
template <typename Number>
Number little_endian_at(const char* bytes) {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    value |= static_cast<Number>(static_cast<Number>(static_cast<unsigned char>(bytes[i])) << (8 * i));
  return value;
}

}  // namespace inferometer::formats
