/// Write a file piece by piece.
///
/// Internal to formats. The file appears whole at finish(), or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/files.h"

namespace inferometer::formats {

/// One thread at a time. Every method throws Error{io} naming the path and the cause.
class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& path);
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  std::uint64_t position() const { return position_; }  ///< bytes written so far
  void finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  [[noreturn]] void fail(int cause) const;

  std::filesystem::path path_;
  PendingFile pending_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t position_ = 0;
};

/// Append an unsigned number as little-endian bytes, as zip, pickle and safetensors all have them.
template <typename Number>
void append_little_endian(std::string& text, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
}

}  // namespace inferometer::formats
