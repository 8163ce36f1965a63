/// Hand a fuzzer's bytes to a reader of files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

namespace inferometer::fuzz {

/// A file in memory that is filled anew for every input. Its path has no ending.
class File {
 public:
  explicit File(const char* name) : descriptor_(memfd_create(name, 0)), path_("/proc/self/fd/" + std::to_string(descriptor_)) {}
  const std::string& path() const { return path_; }
  void fill(const std::uint8_t* data, std::size_t size) const {
    if (ftruncate(descriptor_, 0) != 0 || pwrite(descriptor_, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  }

 private:
  int descriptor_;
  std::string path_;
};

/// Read; an Error must be one line that names the file, and of a kind that the file can cause.
template <class Read>
void run(const std::string& path, const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.empty() || message.find('\n') != std::string::npos || message.find(path) == std::string::npos) std::abort();
    if (error.code() != ErrorCode::input && error.code() != ErrorCode::unsupported) std::abort();
  }
}

}  // namespace inferometer::fuzz
