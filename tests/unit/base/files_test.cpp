#include "base/files.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace inferometer {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "inferometer_files_XXXXXX").string();
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
  std::size_t files_here() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {})); }

  fs::path folder_;
};

TEST_F(Files, ReadGivesEveryByte) {
  const std::string content("a\0b\r\n\xFF", 6);
  std::ofstream(folder_ / "x", std::ios::binary) << content;
  EXPECT_EQ(read_file(folder_ / "x"), content);
  EXPECT_EQ(read_file(folder_ / "x", 6), content);
  std::ofstream(folder_ / "empty").flush();
  EXPECT_EQ(read_file(folder_ / "empty"), "");
  EXPECT_NE(read_file("/proc/self/status").find("VmRSS"), std::string::npos) << "a file whose size reads 0";
}

TEST_F(Files, ReadErrorsNameFileAndCause) {
  const auto missing = (folder_ / "missing").string();
  EXPECT_EQ(error_of([&] { read_file(missing); }, ErrorCode::io), "cannot read " + missing + ": does not exist");
  EXPECT_EQ(error_of([&] { read_file(folder_); }, ErrorCode::io), "cannot read " + folder_.string() + ": is a folder");
  std::ofstream(folder_ / "x") << "1234567";
  EXPECT_EQ(error_of([&] { read_file(folder_ / "x", 6); }, ErrorCode::io),
            "cannot read " + (folder_ / "x").string() + ": is larger than 6 bytes");
  std::ofstream(folder_ / "sparse").flush();
  fs::resize_file(folder_ / "sparse", std::uintmax_t{1} << 42U);
  EXPECT_NE(error_of([&] { read_file(folder_ / "sparse"); }, ErrorCode::io).find("larger"), std::string::npos);
  EXPECT_NE(error_of([] { read_file("/dev/zero", 100'000); }, ErrorCode::io).find("larger"), std::string::npos);
}

TEST_F(Files, RequireReadableFile) {
  std::ofstream(folder_ / "x") << "1";
  EXPECT_NO_THROW(require_readable_file(folder_ / "x"));
  const auto missing = (folder_ / "missing").string();
  EXPECT_EQ(error_of([&] { require_readable_file(missing); }, ErrorCode::input), "cannot read " + missing + ": does not exist");
  EXPECT_NE(error_of([&] { require_readable_file(folder_); }, ErrorCode::input).find("is a folder"), std::string::npos);
  EXPECT_NE(error_of([] { require_readable_file("/dev/null"); }, ErrorCode::input).find("regular file"), std::string::npos);
}

TEST_F(Files, UnreadableFileIsPermissionDenied) {
  std::ofstream(folder_ / "x") << "1";
  fs::permissions(folder_ / "x", fs::perms::none);
  fs::permissions(folder_, fs::perms::all);
  if (geteuid() != 0) {
    EXPECT_NE(error_of([&] { require_readable_file(folder_ / "x"); }, ErrorCode::input).find("permission denied"), std::string::npos);
    return;
  }
  // The superuser may read everything: look as somebody else.
  const pid_t pid = fork();
  if (pid == 0) {
    if (setuid(65534) != 0) _exit(9);
    try {
      require_readable_file(folder_ / "x");
    } catch (const Error& error) {
      _exit(std::string(error.what()).ends_with("permission denied") ? 0 : 1);
    }
    _exit(2);
  }
  int status = -1;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Files, WriteReplacesWholeAndLeavesNothingElse) {
  const auto path = folder_ / "new" / "deep" / "x.json";
  write_file_atomically(path, "one");
  EXPECT_EQ(read_file(path), "one");
  write_file_atomically(path, "two");
  EXPECT_EQ(read_file(path), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(path.parent_path()), fs::directory_iterator{}), 1);
}

TEST_F(Files, WriteHonoursTheMask) {
  const auto before = umask(027);
  write_file_atomically(folder_ / "x", "1");
  umask(before);
  EXPECT_EQ(fs::status(folder_ / "x").permissions(), fs::perms(0640));
}

TEST_F(Files, WriteKeepsLinksAndDevices) {
  write_file_atomically(folder_ / "target", "old");
  fs::create_symlink("target", folder_ / "link");
  write_file_atomically(folder_ / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(read_file(folder_ / "target"), "new");

  write_file_atomically("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_THROW(PendingFile("/dev/null"), Error);
}

TEST_F(Files, WriteErrorsNameFileAndCause) {
  EXPECT_EQ(error_of([&] { write_file_atomically(folder_, "x"); }, ErrorCode::io), "cannot write " + folder_.string() + ": is a folder");
  EXPECT_EQ(error_of([] { write_file_atomically("/dev/full", "x"); }, ErrorCode::io), "cannot write /dev/full: the disk is full");
  write_file_atomically(folder_ / "x", "kept");
  EXPECT_NE(error_of([&] { write_file_atomically(folder_ / "x" / "y", "1"); }, ErrorCode::io).find((folder_ / "x").string()),
            std::string::npos);
  EXPECT_EQ(read_file(folder_ / "x"), "kept");
}

TEST_F(Files, FailedWriteKeepsTheOldContentAndRemovesItsOwn) {
  write_file_atomically(folder_ / "x", "old");
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto message = error_of([&] { write_file_atomically(folder_ / "x", std::string(100'000, 'n')); }, ErrorCode::io);
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  EXPECT_NE(message.find((folder_ / "x").string() + ": File too large"), std::string::npos) << message;
  EXPECT_EQ(read_file(folder_ / "x"), "old");
  EXPECT_EQ(files_here(), 1U);
}

/// Not the name that it has meanwhile.
TEST_F(Files, PendingFileNamesTheDestinationThatCannotBeMade) {
  EXPECT_NE(error_of([] { const PendingFile pending("/proc/model.onnx"); }, ErrorCode::io).find("cannot write /proc/model.onnx"),
            std::string::npos);
}

TEST_F(Files, PendingFileIsThereOnlyAfterCommit) {
  {
    PendingFile pending(folder_ / "model.onnx");
    EXPECT_EQ(pending.path().parent_path(), folder_);
    EXPECT_EQ(pending.path().extension(), ".onnx");
    EXPECT_NE(pending.path(), PendingFile(folder_ / "model.onnx").path());
    std::ofstream(pending.path()) << "half";
    EXPECT_FALSE(fs::exists(folder_ / "model.onnx"));
  }
  EXPECT_EQ(files_here(), 0U) << "not committed: removed";
  {
    PendingFile pending(folder_ / "model.onnx");
    std::ofstream(pending.path()) << "whole";
    pending.commit();
    EXPECT_EQ(read_file(folder_ / "model.onnx"), "whole");
  }
  EXPECT_EQ(files_here(), 1U);
  PendingFile never_written(folder_ / "y");
  EXPECT_NE(error_of([&] { never_written.commit(); }, ErrorCode::io).find("does not exist"), std::string::npos);
}

TEST(Folders, ExecutablePathIsThisProgram) {
  EXPECT_TRUE(executable_path().is_absolute());
  EXPECT_TRUE(fs::equivalent(executable_path(), "/proc/self/exe"));
}

TEST_F(Files, CacheFolderFollowsTheEnvironment) {
  const char* names[] = {"INFEROMETER_CACHE_DIR", "XDG_CACHE_HOME", "HOME"};
  std::vector<std::pair<const char*, std::string>> before;
  for (const char* name : names) {
    if (const char* value = getenv(name)) before.emplace_back(name, value);
  }
  setenv("HOME", (folder_ / "home").c_str(), 1);
  unsetenv("XDG_CACHE_HOME");
  unsetenv("INFEROMETER_CACHE_DIR");
  EXPECT_EQ(cache_folder(), folder_ / "home" / ".cache" / "inferometer");
  setenv("XDG_CACHE_HOME", "relative", 1);
  EXPECT_EQ(cache_folder(), folder_ / "home" / ".cache" / "inferometer");
  setenv("XDG_CACHE_HOME", (folder_ / "xdg").c_str(), 1);
  EXPECT_EQ(cache_folder(), folder_ / "xdg" / "inferometer");
  setenv("INFEROMETER_CACHE_DIR", "", 1);
  EXPECT_EQ(cache_folder(), folder_ / "xdg" / "inferometer");
  setenv("INFEROMETER_CACHE_DIR", (folder_ / "own").c_str(), 1);
  EXPECT_EQ(cache_folder(), folder_ / "own");
  EXPECT_TRUE(fs::is_directory(folder_ / "own"));
  std::ofstream(folder_ / "file") << "x";
  setenv("INFEROMETER_CACHE_DIR", (folder_ / "file" / "below").c_str(), 1);
  EXPECT_NE(error_of([] { cache_folder(); }, ErrorCode::io).find("cache folder"), std::string::npos);
  for (const char* name : names) unsetenv(name);
  for (const auto& [name, value] : before) setenv(name, value.c_str(), 1);
}

}  // namespace
}  // namespace inferometer
