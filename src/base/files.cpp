#include "base/files.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"

namespace inferometer {
namespace {

namespace fs = std::filesystem;

Error failure(ErrorCode code, std::string_view verb, const fs::path& path, const std::string& cause, std::string hint = {}) {
  return {code, "cannot " + std::string(verb) + " " + path.string() + ": " + cause, std::move(hint)};
}

std::string cause_of(int error_number) {
  switch (error_number) {
    case ENOENT: return "does not exist";
    case EACCES:
    case EPERM: return "permission denied";
    case EISDIR: return "is a folder";
    case ENOSPC: return "the disk is full";
    case EDQUOT: return "the disk quota is used up";
    case EROFS: return "the file system is read-only";
    default: return std::system_category().message(error_number);
  }
}

Error failure(ErrorCode code, std::string_view verb, const fs::path& path, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return failure(code, verb, path, cause_of(error_number), full ? "free some space or write elsewhere" : "");
}

/// The whole content, or the cause of the failure.
void write_all(int descriptor, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const auto count = ::write(descriptor, content.data(), content.size());
    if (count >= 0)
      content.remove_prefix(static_cast<std::size_t>(count));
    else if (errno != EINTR)
      throw failure(ErrorCode::io, "write", path, errno);
  }
}

void sync_file(int descriptor, const fs::path& path) {
  // Not every file system can; only a real failure to store the bytes counts.
  if (::fsync(descriptor) != 0 && errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) {
    throw failure(ErrorCode::io, "write", path, errno);
  }
}

/// A name nobody else has, in the same folder, with the same extension for writers that look at it. Random rather than
/// counted: processes of several containers may share the folder and a process number.
fs::path temporary_beside(const fs::path& destination) {
  std::random_device random;
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%08x%08x", random(), random());
  const auto extension = destination.extension().string();
  return destination.parent_path() / (".pending-" + std::string(digits.data()) + (extension.size() <= 32 ? extension : ""));
}

/// A destination that is a link stays one: what it points to is replaced.
fs::path resolve_link(const fs::path& path) {
  std::error_code ignored;
  return fs::is_symlink(path, ignored) ? fs::weakly_canonical(path, ignored) : path;
}

void create_parent(const fs::path& path) {
  if (const auto folder = path.parent_path(); !folder.empty()) create_folder(folder);
}

bool is_other_than_file(const fs::path& path) {
  std::error_code ignored;
  const auto status = fs::status(path, ignored);
  return fs::exists(status) && !fs::is_regular_file(status);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::optional<std::string> environment_value(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

fs::path home_folder() {
  if (const auto home = environment_value("HOME")) return *home;
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_dir;
  throw Error(ErrorCode::io, "no cache folder: HOME is not set", "set INFEROMETER_CACHE_DIR");
}

}  // namespace

std::string read_file(const fs::path& path, std::int64_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.number(), &status) != 0) throw failure(ErrorCode::io, "read", path, errno);
  const auto too_large = [&] { return failure(ErrorCode::io, "read", path, "is larger than " + std::to_string(most) + " bytes"); };
  if (S_ISREG(status.st_mode) && status.st_size > most) throw too_large();

  // The size is a hint alone: files under /proc say 0, and others may grow while they are read.
  std::string content(S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) + 1 : 4096, '\0');
  std::size_t length = 0;
  while (true) {
    if (length == content.size()) content.resize(content.size() * 2);
    const auto count = ::read(file.number(), content.data() + length, content.size() - length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure(ErrorCode::io, "read", path, errno);
    if (count == 0) break;
    length += static_cast<std::size_t>(count);
    if (length > static_cast<std::size_t>(most)) throw too_large();
  }
  content.resize(length);
  return content;
}

void require_readable_file(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw failure(ErrorCode::input, "read", path, errno);
  if (S_ISDIR(status.st_mode)) throw failure(ErrorCode::input, "read", path, EISDIR);
  if (!S_ISREG(status.st_mode)) throw failure(ErrorCode::input, "read", path, "is not a regular file");
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw failure(ErrorCode::input, "read", path, errno);
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  if (is_folder(path)) throw failure(ErrorCode::io, "write", path, EISDIR);
  if (is_other_than_file(path)) {
    // A device or a pipe is written to; a rename would replace it.
    const Descriptor device(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!device) throw failure(ErrorCode::io, "write", path, errno);
    write_all(device.number(), content, path);
    return;
  }
  PendingFile pending(path);
  {
    const Descriptor file(::open(pending.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file) throw failure(ErrorCode::io, "write", path, errno);
    write_all(file.number(), content, path);
  }
  pending.commit();
}

PendingFile::PendingFile(fs::path destination) : destination_(resolve_link(std::move(destination))) {
  if (is_folder(destination_)) throw failure(ErrorCode::io, "write", destination_, EISDIR);
  if (is_other_than_file(destination_)) throw failure(ErrorCode::io, "write", destination_, "is not a regular file");
  create_parent(destination_);
  temporary_ = temporary_beside(destination_);
  // Tried at once, so that the message names the destination, and nothing is computed in vain.
  const Descriptor file(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  const int cause = errno;
  if (!file) {
    temporary_.clear();
    throw failure(ErrorCode::io, "write", destination_, cause);
  }
  ::unlink(temporary_.c_str());
}

PendingFile::~PendingFile() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove(temporary_, ignored);
}

void PendingFile::commit() {
  {
    const Descriptor file(::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw failure(ErrorCode::io, "write", destination_, errno);
    sync_file(file.number(), destination_);
  }
  if (::rename(temporary_.c_str(), destination_.c_str()) != 0) throw failure(ErrorCode::io, "write", destination_, errno);
  temporary_.clear();
  // The new name, too, should survive a power cut; where folders cannot be synced, nothing can be done.
  const auto folder = destination_.parent_path().empty() ? fs::path(".") : destination_.parent_path();
  const Descriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent) ::fsync(parent.number());
}

void create_folder(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return;
  fs::create_directories(path, error);
  if (error) throw failure(ErrorCode::io, "create the folder", path, cause_of(error.value()));
}

fs::path executable_path() {
  std::error_code error;
  auto path = fs::read_symlink("/proc/self/exe", error);
  if (error) throw Error(ErrorCode::io, "cannot find the path of this program: " + error.message());
  return path;
}

fs::path cache_folder() {
  fs::path folder;
  const auto xdg = environment_value("XDG_CACHE_HOME");
  if (const auto own = environment_value("INFEROMETER_CACHE_DIR"))
    folder = fs::absolute(*own);
  else if (xdg && fs::path(*xdg).is_absolute())
    folder = fs::path(*xdg) / "inferometer";  // the standard ignores relative ones
  else
    folder = home_folder() / ".cache" / "inferometer";
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw failure(ErrorCode::io, "create the cache folder", folder, cause_of(error.value()),
                  "set INFEROMETER_CACHE_DIR to a folder that can be written to");
  }
  return folder;
}

}  // namespace inferometer
