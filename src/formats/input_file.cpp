#include "formats/input_file.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/files.h"
#include "formats/checkpoint_tensor.h"

namespace inferometer::formats {

InputFile::InputFile(std::filesystem::path path) : path_(std::move(path)) {
  require_readable_file(path_);
  descriptor_ = Descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!descriptor_ || ::fstat(descriptor_.number(), &status) != 0) fail_checkpoint(path_, std::system_category().message(errno));
  size_ = static_cast<std::uint64_t>(status.st_size);
}

void InputFile::read_into(std::uint64_t offset, char* to, std::uint64_t bytes) const {
  while (bytes > 0) {
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, std::uint64_t{1} << 30));
    const auto count = ::pread(descriptor_.number(), to, most, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_checkpoint(path_, std::system_category().message(errno));
    if (count == 0) fail_checkpoint(path_, "became shorter while it was read");
    to += count;
    offset += static_cast<std::uint64_t>(count);
    bytes -= static_cast<std::uint64_t>(count);
  }
}

std::vector<std::byte> InputFile::read(std::uint64_t offset, std::uint64_t bytes) const {
  if (!holds(offset, bytes)) fail_checkpoint(path_, fmt::format("is cut off: {} bytes at {} are beyond its end", bytes, offset));
  std::vector<std::byte> content(bytes);
  read_into(offset, reinterpret_cast<char*>(content.data()), bytes);
  return content;
}

std::string InputFile::read_text(std::uint64_t offset, std::uint64_t bytes) const {
  if (!holds(offset, bytes)) fail_checkpoint(path_, fmt::format("is cut off: {} bytes at {} are beyond its end", bytes, offset));
  std::string content(bytes, '\0');
  read_into(offset, content.data(), bytes);
  return content;
}

std::uint64_t InputFile::read_u64(std::uint64_t offset) const {
  return little_endian_at<std::uint64_t>(read_text(offset, sizeof(std::uint64_t)).data());
}

}  // namespace inferometer::formats
