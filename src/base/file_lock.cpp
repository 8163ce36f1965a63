#include "base/file_lock.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"

namespace inferometer {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

Error lock_failure(const fs::path& path, int cause) {
  return {ErrorCode::io, "cannot lock " + path.string() + ": " + std::system_category().message(cause)};
}

void create_folder_of(const fs::path& path) {
  const fs::path folder = path.parent_path();
  std::error_code cause;
  if (!folder.empty() && !fs::is_directory(folder, cause)) fs::create_directories(folder, cause);
  if (cause) throw lock_failure(path, cause.value());
}

/// Open, creating it where it is missing. An existing one is opened without O_CREAT: in a sticky folder such as /tmp Linux
/// refuses that flag for a file of another user (fs.protected_regular). Links are refused, since others may write there.
Descriptor open_lock_file(const fs::path& path) {
  while (true) {
    for (const int access : {O_RDWR, O_RDONLY}) {
      Descriptor existing(::open(path.c_str(), access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
      if (existing) return existing;
      if (errno == ENOENT) break;
      if (errno != EACCES || access == O_RDONLY) throw lock_failure(path, errno);
    }
    Descriptor created(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (created) {
      ::fchmod(created.number(), 0666);  // the mask of this user must not shut others out
      return created;
    }
    if (errno != EEXIST) throw lock_failure(path, errno);
  }
}

/// False when somebody has removed or replaced the file meanwhile: then a lock on it excludes nobody.
bool is_still_at(int descriptor, const fs::path& path) {
  struct stat held {
  }, there{};
  return ::fstat(descriptor, &held) == 0 && ::lstat(path.c_str(), &there) == 0 && held.st_dev == there.st_dev &&
         held.st_ino == there.st_ino;
}

/// One line of /proc/locks: `1: FLOCK  ADVISORY  WRITE 4711 fe:00:10897780 0 EOF`. Those that wait have `->` before the kind.
struct LockLine {
  pid_t process = 0;
  dev_t device = 0;
  ino_t inode = 0;
};

std::optional<LockLine> parse_lock_line(const std::string& line) {
  std::istringstream words(line);
  std::string number, kind, mode, access;
  LockLine lock;
  unsigned int major_number = 0, minor_number = 0;
  char colon = 0;
  words >> number >> kind >> mode >> access >> lock.process >> std::hex >> major_number >> colon >> minor_number >> colon >> std::dec >>
      lock.inode;
  if (!words || kind != "FLOCK" || lock.process <= 0) return std::nullopt;
  lock.device = makedev(major_number, minor_number);
  return lock;
}

/// 0: none that can be seen.
pid_t locking_process(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return 0;
  std::ifstream locks("/proc/locks");
  std::vector<pid_t> alike;
  for (std::string text; std::getline(locks, text);) {
    const std::optional<LockLine> lock = parse_lock_line(text);
    if (!lock || lock->inode != status.st_ino) continue;
    if (lock->device == status.st_dev) return lock->process;
    alike.push_back(lock->process);
  }
  // Layered file systems tell stat(2) another device than they lock on; the number of the file is the same.
  return alike.size() == 1 ? alike.front() : 0;
}

/// nullopt where the process has ended: one that it started holds its lock on, and that one is named nowhere.
std::optional<LockHolder> holder_of(pid_t process) {
  LockHolder holder;
  holder.process = process;
  // `4711 (name) T ...`: the name may hold anything, so the state is looked for behind the last bracket.
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string facts;
  std::getline(file, facts);
  const std::size_t open = facts.find('('), close = facts.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close + 2 >= facts.size()) return std::nullopt;
  holder.program = facts.substr(open + 1, close - open - 1);
  holder.stopped = facts[close + 2] == 'T' || facts[close + 2] == 't';
  return holder;
}

/// Says once whom it waits for, and once of each process that it is stopped.
class Patience {
 public:
  Patience(const fs::path& path, const LockWait& wait) : path_(path), wait_(wait), next_(Clock::now() + wait.patience) {}

  /// Called at every poll.
  void look() {
    if (!wait_.say || Clock::now() < next_) return;
    const std::optional<LockHolder> holder = lock_holder(path_);
    // Between one holder and the next there is none for as long as a poll: that is not a holder who cannot be seen.
    if (!holder && ++looks_without_holder_ < 3) return;
    looks_without_holder_ = 0;
    next_ = Clock::now() + wait_.patience;
    const bool newly_stopped = holder && holder->stopped && holder->process != stopped_;
    if (said_ && !newly_stopped) return;
    said_ = true;
    if (newly_stopped) stopped_ = holder->process;
    wait_.say("waiting for " + path_.string() + ", held by " + (holder ? holder->text() : "a process that cannot be seen from here"));
  }

 private:
  const fs::path& path_;
  const LockWait& wait_;
  Clock::time_point next_;
  bool said_ = false;
  pid_t stopped_ = 0;  ///< the one that was last said to be stopped
  int looks_without_holder_ = 0;
};

/// Lock the file, polling. @param at_each_poll  called after each vain try; false gives up, which an empty descriptor tells.
template <class AtEachPoll>
Descriptor lock_by_polling(const fs::path& path, const AtEachPoll& at_each_poll) {
  constexpr std::chrono::milliseconds kPause{20};
  Descriptor file = open_lock_file(path);
  while (true) {
    if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0) {
      if (is_still_at(file.number(), path)) return file;
      file = open_lock_file(path);
      continue;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) throw lock_failure(path, errno);
    if (!at_each_poll()) return {};
    std::this_thread::sleep_for(kPause);
    // A waiter must not sit on a file that has been replaced.
    if (!is_still_at(file.number(), path)) file = open_lock_file(path);
  }
}

/// Wait until nobody else is next. Empty where one goes without: turns are a courtesy, and who is excluded does not depend on them. So
/// one who is next and stopped is passed by, and a queue that cannot be opened or made here makes nobody fail.
template <class AtEachPoll>
Descriptor be_next(const fs::path& queue, const AtEachPoll& at_each_poll) {
  constexpr int kPollsBetweenLooks = 25;
  int polls = 0;
  try {
    return lock_by_polling(queue, [&] {
      at_each_poll();
      if (polls++ % kPollsBetweenLooks != 0) return true;
      const std::optional<LockHolder> next = lock_holder(queue);
      return !next || !next->stopped;
    });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::io) throw;
    return {};
  }
}

}  // namespace

std::string LockHolder::text() const {
  const std::string number = std::to_string(process);
  std::string text = "process " + number;
  if (!program.empty()) text += " (" + program + ")";
  if (stopped) text += ", which is stopped: `kill -CONT " + number + "` lets it go on";
  return text;
}

std::optional<LockHolder> lock_holder(const fs::path& path) {
  const pid_t process = locking_process(path);
  return process > 0 ? holder_of(process) : std::nullopt;
}

FileLock::FileLock(const fs::path& path, bool (*interrupted)(), const LockWait& wait) {
  create_folder_of(path);
  Patience patience(path, wait);
  const auto at_each_poll = [&] {
    if (interrupted != nullptr && interrupted()) {
      throw Error(ErrorCode::interrupted, "interrupted while waiting for the lock " + path.string());
    }
    patience.look();
    return true;
  };
  const Descriptor next = be_next(path.string() + ".queue", at_each_poll);
  file_ = lock_by_polling(path, at_each_poll);
}

FolderLock::FolderLock(const fs::path& folder, std::chrono::milliseconds patience)
    : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!folder_) throw lock_failure(folder, errno);
  const Clock::time_point end = Clock::now() + patience;
  while (::flock(folder_.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return;
    if (Clock::now() >= end) {
      const std::optional<LockHolder> holder = lock_holder(folder);
      throw Error(ErrorCode::input, folder.string() + " is in use by " + (holder ? holder->text() : "another process"),
                  "name another folder, or wait until it ends");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace inferometer
