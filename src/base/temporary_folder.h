/// A folder for a while.
#pragma once

#include <filesystem>

namespace inferometer {

/// A folder of its own under TMPDIR (else /tmp), for this user alone; removed with what is in it.
class TemporaryFolder {
 public:
  /// Throws Error{io} naming where none can be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace inferometer
