#include "base/file_lock.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <new>
#include <thread>

#include <gtest/gtest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace inferometer {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class FileLocks : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "inferometer_lock_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string error_of(const std::function<void()>& action, ErrorCode code) {
    try {
      action();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    return "no error";
  }

  fs::path folder_;
};

bool at_once() { return true; }

/// A process that holds a lock until it is killed, which the destructor does.
class Holder {
 public:
  explicit Holder(const fs::path& path) {
    int ready[2];
    if (pipe(ready) != 0) std::abort();
    process_ = fork();
    if (process_ == 0) {
      FileLock lock(path, nullptr);
      [[maybe_unused]] auto told = write(ready[1], "x", 1);
      while (true) pause();
    }
    char letter = 0;
    if (read(ready[0], &letter, 1) != 1) std::abort();
    close(ready[0]);
    close(ready[1]);
  }
  ~Holder() { end(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  pid_t process() const { return process_; }
  /// Returns when it has stopped.
  void stop() const {
    kill(process_, SIGSTOP);
    int status = 0;
    waitpid(process_, &status, WUNTRACED);
  }
  void end() {
    if (process_ == 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  pid_t process_ = 0;
};

/// What a waiting one said, and how often it was polled: without patience, so that no time matters.
struct Said {
  std::vector<std::string> lines;
  LockWait wait{[this](const std::string& line) { lines.push_back(line); }, 0ms};
};

int polls = 0;
bool at_the_fifth_look() { return ++polls >= 5; }

TEST_F(FileLocks, ExcludesAndIsFreedByDestruction) {
  const auto path = folder_ / "sub" / "lock";
  {
    FileLock lock(path, nullptr);
    EXPECT_NE(error_of([&] { FileLock second(path, at_once); }, ErrorCode::interrupted).find(path.string()), std::string::npos);
  }
  EXPECT_NO_THROW(FileLock(path, at_once));
  EXPECT_TRUE(fs::exists(path)) << "the file stays";
}

/// It says who has the folder, leaves nothing in it, and is free when its holder has ended in any way.
TEST_F(FileLocks, OfAFolderRefusesASecondAtOnce) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t process = fork();
  if (process == 0) {
    const FolderLock lock(folder_);
    [[maybe_unused]] auto told = write(ready[1], "x", 1);
    while (true) pause();
  }
  close(ready[1]);  // else a child that fails would be waited for
  char letter = 0;
  ASSERT_EQ(read(ready[0], &letter, 1), 1);
  close(ready[0]);
  const std::string said = error_of([&] { const FolderLock second(folder_, 0ms); }, ErrorCode::input);
  EXPECT_EQ(said.find(folder_.string() + " is in use by process " + std::to_string(process)), 0U) << said;
  EXPECT_TRUE(fs::is_empty(folder_));
  kill(process, SIGKILL);
  EXPECT_NO_THROW(FolderLock{folder_});  // waits while it ends
  waitpid(process, nullptr, 0);
  EXPECT_NE(error_of([&] { const FolderLock none(folder_ / "none"); }, ErrorCode::io).find("none"), std::string::npos);
}

TEST_F(FileLocks, FileIsForAllUsersWhateverTheMask) {
  const auto before = umask(077);
  { FileLock lock(folder_ / "lock", nullptr); }
  umask(before);
  EXPECT_EQ(fs::status(folder_ / "lock").permissions(), fs::perms(0666));
}

TEST_F(FileLocks, WaitsItsTurn) {
  std::atomic<bool> second_holds{false};
  std::thread waiter;
  {
    FileLock lock(folder_ / "lock", nullptr);
    waiter = std::thread([&] {
      FileLock second(folder_ / "lock", nullptr);
      second_holds = true;
    });
    std::this_thread::sleep_for(100ms);
    EXPECT_FALSE(second_holds);
  }
  waiter.join();
  EXPECT_TRUE(second_holds);
}

TEST_F(FileLocks, OfAKilledHolderIsFree) {
  Holder holder(folder_ / "lock");
  EXPECT_EQ(error_of([&] { FileLock second(folder_ / "lock", at_once); }, ErrorCode::interrupted).substr(0, 11), "interrupted");
  holder.end();
  EXPECT_NO_THROW(FileLock(folder_ / "lock", at_once));
}

TEST_F(FileLocks, IsTakenOnTheFileThatIsThere) {
  std::thread waiter;
  std::atomic<bool> holds{false}, release{false};
  {
    FileLock lock(folder_ / "lock", nullptr);
    waiter = std::thread([&] {
      FileLock second(folder_ / "lock", nullptr);
      holds = true;
      while (!release) std::this_thread::sleep_for(1ms);
    });
    std::this_thread::sleep_for(60ms);
    fs::remove(folder_ / "lock");  // somebody tidied up
    for (int i = 0; i < 5000 && !holds; ++i) std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(holds);
  }
  EXPECT_THROW(FileLock(folder_ / "lock", at_once), Error);
  release = true;
  waiter.join();
}

TEST_F(FileLocks, OnAFileRemovedJustBeforeIsNotEnough) {
  std::thread waiter;
  std::atomic<bool> holds{false}, release{false};
  {
    FileLock lock(folder_ / "lock", nullptr);
    waiter = std::thread([&] {
      FileLock second(folder_ / "lock", nullptr);
      holds = true;
      while (!release) std::this_thread::sleep_for(1ms);
    });
    std::this_thread::sleep_for(60ms);
    fs::remove(folder_ / "lock");
  }
  for (int i = 0; i < 5000 && !holds; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(holds);
  EXPECT_THROW(FileLock(folder_ / "lock", at_once), Error);
  release = true;
  waiter.join();
}

TEST_F(FileLocks, Errors) {
  EXPECT_NE(error_of([&] { FileLock lock(folder_, nullptr); }, ErrorCode::io).find("cannot lock"), std::string::npos);
  fs::create_symlink("elsewhere", folder_ / "link");
  EXPECT_NE(error_of([&] { FileLock lock(folder_ / "link", nullptr); }, ErrorCode::io).find("cannot lock"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ / "elsewhere"));
}

TEST_F(FileLocks, HolderIsKnownAndWhetherItIsStopped) {
  EXPECT_FALSE(lock_holder(folder_ / "none"));
  std::ofstream(folder_ / "free") << "";
  EXPECT_FALSE(lock_holder(folder_ / "free"));
  const Holder holder(folder_ / "lock");
  const auto found = lock_holder(folder_ / "lock");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->process, holder.process());
  EXPECT_EQ(found->program, "test_base");
  EXPECT_FALSE(found->stopped);
  holder.stop();
  EXPECT_TRUE(lock_holder(folder_ / "lock")->stopped);
  EXPECT_FALSE(lock_holder(folder_ / "free")) << "another file of the same folder";
}

/// As a shell's `flock 8` leaves it: the process that took the lock has ended, and who gave it the descriptor keeps it.
TEST_F(FileLocks, LockThatOutlivesItsProcessHasNoKnownHolder) {
  const auto path = folder_ / "lock";
  const int file = open(path.c_str(), O_RDWR | O_CREAT, 0666);
  const pid_t process = fork();
  if (process == 0) _exit(flock(file, LOCK_EX));
  int status = -1;
  ASSERT_EQ(waitpid(process, &status, 0), process);
  ASSERT_EQ(status, 0);
  EXPECT_THROW(FileLock(path, at_once), Error);
  EXPECT_FALSE(lock_holder(path));
  Said said;
  polls = 0;
  EXPECT_THROW(FileLock(path, at_the_fifth_look, said.wait), Error);
  ASSERT_EQ(said.lines.size(), 1u);
  EXPECT_NE(said.lines[0].find("a process that cannot be seen from here"), std::string::npos);
  close(file);
}

TEST_F(FileLocks, HolderInWords) {
  EXPECT_EQ((LockHolder{4711, "inferometer", false}.text()), "process 4711 (inferometer)");
  EXPECT_EQ((LockHolder{4711, "", true}.text()), "process 4711, which is stopped: `kill -CONT 4711` lets it go on");
}

TEST_F(FileLocks, WhoWaitsSaysForWhomOnce) {
  const Holder holder(folder_ / "lock");
  Said said;
  polls = 0;
  EXPECT_THROW(FileLock(folder_ / "lock", at_the_fifth_look, said.wait), Error);
  const std::string expected =
      "waiting for " + (folder_ / "lock").string() + ", held by process " + std::to_string(holder.process()) + " (test_base)";
  EXPECT_EQ(said.lines, std::vector<std::string>{expected});
}

TEST_F(FileLocks, WhoWaitsSaysThatTheHolderIsStopped) {
  const Holder holder(folder_ / "lock");
  Said said;
  polls = 0;
  const auto say = said.wait.say;
  said.wait.say = [&](const std::string& line) {
    say(line);
    if (said.lines.size() == 1) holder.stop();
  };
  EXPECT_THROW(FileLock(folder_ / "lock", at_the_fifth_look, said.wait), Error);
  ASSERT_EQ(said.lines.size(), 2u);
  EXPECT_EQ(said.lines[0].find("stopped"), std::string::npos);
  EXPECT_NE(said.lines[1].find("is stopped: `kill -CONT " + std::to_string(holder.process())), std::string::npos);
}

/// How often the greedy process below has had the lock; in memory that both processes see.
std::atomic<int>* rounds = nullptr;
int last_round = 0;
bool too_many_rounds() { return *rounds > last_round; }

TEST_F(FileLocks, WhoWaitsComesBeforeWhoHasJustHadIt) {
  constexpr int kTurns = 5, kMostRounds = 150;
  void* const shared = mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  rounds = new (shared) std::atomic<int>(0);
  const auto path = folder_ / "lock";
  const pid_t greedy = fork();
  if (greedy == 0) {
    while (true) {
      FileLock lock(path, nullptr);
      ++*rounds;
      std::this_thread::sleep_for(10ms);
    }
  }
  while (*rounds == 0) std::this_thread::sleep_for(1ms);
  last_round = *rounds + kMostRounds;
  int turns = 0;
  EXPECT_NO_THROW({
    for (; turns < kTurns; ++turns) {
      const FileLock lock(path, too_many_rounds);
      const int now = *rounds;
      std::this_thread::sleep_for(30ms);
      EXPECT_EQ(*rounds, now) << "both have it";
    }
  });
  EXPECT_EQ(turns, kTurns) << "in " << kMostRounds << " rounds of the other";
  kill(greedy, SIGKILL);
  waitpid(greedy, nullptr, 0);
  munmap(shared, sizeof(std::atomic<int>));
}

bool at_the_thousandth_look() { return ++polls >= 1000; }

TEST_F(FileLocks, WhoIsNextAndStoppedIsPassedBy) {
  const auto path = folder_ / "lock";
  Holder holder(path);
  const pid_t next = fork();
  if (next == 0) {
    FileLock lock(path, nullptr);
    _exit(0);
  }
  const auto is_next = [&] {
    const auto waiting = lock_holder(folder_ / "lock.queue");
    return waiting && waiting->process == next;
  };
  while (!is_next()) std::this_thread::sleep_for(1ms);
  kill(next, SIGSTOP);
  int status = 0;
  waitpid(next, &status, WUNTRACED);
  holder.end();
  polls = 0;
  EXPECT_NO_THROW(FileLock(path, at_the_thousandth_look));
  kill(next, SIGCONT);
  ASSERT_EQ(waitpid(next, &status, 0), next);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "it has its turn when it goes on";
}

TEST_F(FileLocks, WhoStandsInTheQueueNamesTheHolderOfTheLock) {
  const auto path = folder_ / "lock";
  const Holder holder(path);
  const Holder next(folder_ / "lock.queue");
  Said said;
  polls = 0;
  EXPECT_THROW(FileLock(path, at_the_fifth_look, said.wait), Error);
  const std::string expected = "waiting for " + path.string() + ", held by process " + std::to_string(holder.process()) + " (test_base)";
  EXPECT_EQ(said.lines, std::vector<std::string>{expected});
}

TEST_F(FileLocks, GoesWithoutTurnsWhereThereCanBeNone) {
  const auto path = folder_ / "lock";
  fs::create_symlink("elsewhere", folder_ / "lock.queue");
  EXPECT_NO_THROW(FileLock(path, at_once));
  EXPECT_FALSE(fs::exists(folder_ / "elsewhere"));
}

TEST_F(FileLocks, NothingIsSaidBeforePatienceEnds) {
  const Holder holder(folder_ / "lock");
  Said said;
  said.wait.patience = 1h;
  polls = 0;
  EXPECT_THROW(FileLock(folder_ / "lock", at_the_fifth_look, said.wait), Error);
  EXPECT_TRUE(said.lines.empty());
}

}  // namespace
}  // namespace inferometer
