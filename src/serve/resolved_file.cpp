#include "serve/resolved_file.h"

#include <array>
#include <cerrno>
#include <climits>
#include <string_view>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

namespace inferometer::serve {
namespace {

// Without waiting: the name may be a pipe by now.
constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

Descriptor open_resolved(const std::filesystem::path& path) {
  bool supported = true;
  Descriptor file = open_without_links(path, supported);
  return supported ? std::move(file) : open_and_look(path);
}

}  // namespace

Descriptor open_without_links(const std::filesystem::path& path, bool& supported) {
  open_how how{};
  how.flags = kFlags;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const long number = ::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how);
  // Old kernels lack the call; some sandboxes forbid calls that they do not know.
  supported = number >= 0 || (errno != ENOSYS && errno != EPERM);
  return Descriptor(static_cast<int>(number));
}

Descriptor open_and_look(const std::filesystem::path& path) {
  Descriptor file(::open(path.c_str(), kFlags | O_NOFOLLOW));
  if (!file) return file;
  std::array<char, PATH_MAX> target;
  const ssize_t length = ::readlink(fmt::format("/proc/self/fd/{}", file.number()).c_str(), target.data(), target.size());
  if (length < 0 || std::string_view(target.data(), static_cast<std::size_t>(length)) != path.native()) return {};
  return file;
}

ReadOutcome read_resolved_file(const std::filesystem::path& path, std::size_t most, std::string& content) {
  const Descriptor file = open_resolved(path);
  struct stat facts {};
  if (!file || ::fstat(file.number(), &facts) != 0 || !S_ISREG(facts.st_mode)) return ReadOutcome::not_readable;
  if (facts.st_size < 0 || static_cast<std::size_t>(facts.st_size) > most) return ReadOutcome::too_large;
  content.resize(static_cast<std::size_t>(facts.st_size));
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = ::read(file.number(), content.data() + done, content.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ReadOutcome::not_readable;
    if (count == 0) break;  // it was cut meanwhile
    done += static_cast<std::size_t>(count);
  }
  content.resize(done);
  return ReadOutcome::well;
}

}  // namespace inferometer::serve
