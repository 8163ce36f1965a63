/// Let parsers of files read bytes from memory.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

namespace inferometer {

/// One anonymous file whose content changes from run to run. Ends the process when the system has none.
class MemoryFile {
 public:
  const std::string& path() const { return path_; }
  void put(std::string_view content) {
    const auto bytes = static_cast<ssize_t>(content.size());
    if (ftruncate(descriptor_, 0) != 0 || pwrite(descriptor_, content.data(), content.size(), 0) != bytes) std::abort();
  }

 private:
  int descriptor_ = memfd_create("fuzz", 0);
  std::string path_ = "/proc/self/fd/" + std::to_string(descriptor_);
};

/// What any bytes may lead to: an Error of one line, its hint another, that names the file. Anything else is a finding.
inline void require_good_error(const Error& error, const std::string& path) {
  const std::string message = error.what();
  if (message.empty() || (message + error.hint()).find_first_of("\r\n") != std::string::npos) std::abort();
  const bool ours = error.code() == ErrorCode::input || error.code() == ErrorCode::unsupported;
  if (!ours || message.find(path) == std::string::npos) std::abort();
}

}  // namespace inferometer
