/// Read a zip archive: stored and deflated entries.
///
/// Internal to formats. Layout: PKWARE's APPNOTE.TXT 6.3, with its 64-bit fields. Archives of several disks, encryption and
/// other compressions are refused. What the directory says is compared with the file before anything is allocated.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/input_file.h"

namespace inferometer::formats {

inline constexpr std::string_view kZipMagic = "PK\x03\x04";

struct ZipEntry {
  std::string name;
  bool deflated = false;
  std::uint32_t crc = 0;
  std::uint64_t stored_bytes = 0;  ///< in the file
  std::uint64_t bytes = 0;         ///< of the content
  std::uint64_t header = 0;        ///< offset of the local header
};

/// Threads: reading is safe. Throws Error{input} naming the file and what is wrong.
class ZipReader {
 public:
  /// Reads the directory. All entries together may have at most `most_bytes` of content. `file` must outlive the reader.
  ZipReader(const InputFile& file, std::uint64_t most_bytes);
  const std::vector<ZipEntry>& entries() const { return entries_; }
  const ZipEntry* find(const std::string& name) const;  ///< nullptr: none
  /// The content, checked against its checksum.
  std::vector<std::byte> read(const ZipEntry& entry) const;

 private:
  struct Directory {
    std::uint64_t offset, bytes;
  };
  Directory find_directory() const;
  void read_directory(const Directory& directory, std::uint64_t most_bytes);
  [[noreturn]] void fail(std::string_view message) const;

  const InputFile& file_;
  std::vector<ZipEntry> entries_;
  std::unordered_map<std::string, std::size_t> by_name_;
};

/// Unpack a raw deflate stream (RFC 1951) that must give exactly as many bytes as there is room for, from exactly those given.
bool inflate_exactly(std::span<const std::byte> packed, std::span<std::byte> unpacked);

}  // namespace inferometer::formats
