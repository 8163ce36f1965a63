/// Let one process after the other use what they share.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <sys/types.h>

#include "base/descriptor.h"

namespace inferometer {

/// The process that a lock waits for.
struct LockHolder {
  pid_t process = 0;
  std::string program;   ///< its name; empty: unknown
  bool stopped = false;  ///< by Ctrl-Z, a debugger or SIGSTOP: it frees nothing until it goes on

  /// "process 1234 (inferometer), which is stopped: `kill -CONT 1234` lets it go on".
  std::string text() const;
};

/// Who has flock(2) on this file, as /proc tells; nullopt: nobody, or a process that cannot be seen from here: of another
/// container, or one that inherited the lock from a process that has ended.
std::optional<LockHolder> lock_holder(const std::filesystem::path& path);

/// Told whom a lock waits for.
struct LockWait {
  std::function<void(const std::string& line)> say;  ///< may be empty; called from the waiting thread
  std::chrono::milliseconds patience{5000};          ///< said first after this, and once more where the holder is stopped later
};

/// Exclusive lock between processes, held until destruction; the file stays. Creates it, for all users. Advisory: flock(2),
/// so the kernel frees it when the holder ends in any way. A child process does not inherit it.
/// In turns: who wants it holds PATH.queue until it has it, so that who frees it and wants it again at once stands behind who waited.
/// Of several who wait, any may be next.
class FileLock {
 public:
  /// Waits; `interrupted` (may be null) is polled at least every 100 ms and ends the wait with Error{interrupted}.
  /// Throws Error{io} when the file cannot be opened or is a symbolic link.
  FileLock(const std::filesystem::path& path, bool (*interrupted)(), const LockWait& wait = {});
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  Descriptor file_;
};

/// Exclusive use of a folder between processes, held until destruction, with no file to show for it. Advisory, as FileLock; where a file
/// system knows no locks on folders (NFS), it holds nobody off. A child process does not inherit it.
class FolderLock {
 public:
  /// Waits no longer than `patience`, which lets a process that was just killed end.
  /// Throws Error{input} naming who has the folder; Error{io} when it cannot be opened.
  explicit FolderLock(const std::filesystem::path& folder, std::chrono::milliseconds patience = std::chrono::seconds(3));

 private:
  Descriptor folder_;
};

}  // namespace inferometer
