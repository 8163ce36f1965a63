/// Read and write files whole, find our folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace inferometer {

/// Throws Error{io} naming path and cause: missing, a folder, unreadable, larger than `most` bytes.
std::string read_file(const std::filesystem::path& path, std::int64_t most = std::int64_t{1} << 33);

/// Readable regular file, else Error{input} with the cause ("is a folder", "does not exist", "permission denied").
void require_readable_file(const std::filesystem::path& path);

/// Write to a temporary name in the same folder, sync, rename: the file is there whole or not at all. Throws Error{io}
/// naming the cause (disk full) and removes the temporary one. Creates parent folders. A link stays and its target is replaced;
/// a device or pipe (/dev/stdout) is written to directly.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// The same for content that is produced piecewise: write to path() (same folder, same extension, does not exist yet), close,
/// then commit(); the destructor removes what was not committed. Throws Error{io} for a destination that is a folder or a device.
class PendingFile {
 public:
  explicit PendingFile(std::filesystem::path destination);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  const std::filesystem::path& path() const { return temporary_; }
  void commit();  ///< sync and rename; throws Error{io}

 private:
  std::filesystem::path destination_, temporary_;
};

/// With its parents; one that is there is left as it is. Throws Error{io} naming the cause.
void create_folder(const std::filesystem::path& path);

std::filesystem::path executable_path();  ///< of this process
/// $INFEROMETER_CACHE_DIR, else $XDG_CACHE_HOME/inferometer, else ~/.cache/inferometer; created.
std::filesystem::path cache_folder();

}  // namespace inferometer
