/// Write a zip archive of uncompressed entries.
///
/// Internal to formats: a torch checkpoint is such an archive. Nothing in it depends on when or where it is written.
/// Layout: PKWARE's APPNOTE.TXT 6.3.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/output_file.h"

namespace inferometer::formats {

/// Entries' data begin at multiples of this, as torch has them, so that a reader may map the file and use them in place.
inline constexpr std::uint64_t kZipAlignment = 64;
/// Sizes and offsets from here on need the 64-bit fields.
inline constexpr std::uint64_t kZip64From = 0xFFFFFFFF;

/// One thread at a time. Every method throws Error{io}.
class ZipWriter {
 public:
  /// @param zip64_from  lower in tests, which cannot write 4 GB
  explicit ZipWriter(const std::filesystem::path& path, std::uint64_t zip64_from = kZip64From);
  /// The data goes straight to the file: nothing of it is kept.
  void add(const std::string& name, std::span<const std::byte> data);
  void add(const std::string& name, std::string_view data) { add(name, std::as_bytes(std::span(data))); }
  /// Write the directory; the file is there now.
  void finish();

 private:
  struct Entry {
    std::string name;
    std::uint32_t crc;
    std::uint64_t size, offset;  ///< of the data; of the local header
  };
  std::string directory_record(const Entry& entry) const;

  OutputFile file_;
  std::uint64_t zip64_from_;
  std::vector<Entry> entries_;
};

}  // namespace inferometer::formats
