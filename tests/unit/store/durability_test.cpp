#include <chrono>
#include <random>
#include <thread>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "samples.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace inferometer::store {
namespace {

/// Start a child that runs `work` and leaves by 0, or by 1 after an exception. No store may be open across a fork.
template <typename Work>
pid_t child_of(Work work) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    work();
  } catch (const std::exception& error) {
    fprintf(stderr, "child: %s\n", error.what());
    _exit(1);
  }
  _exit(0);
}

void expect_success(pid_t child) {
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

std::string integrity(const std::filesystem::path& file) {
  return Database(file, Database::Access::read_write).text("PRAGMA integrity_check");
}

TEST(Durability, processes_that_write_at_the_same_time_lose_nothing) {
  const TemporaryFolder folder;
  const auto file = folder / "a.db";
  constexpr int kProcesses = 4, kEach = 12;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    children.push_back(child_of([&] {
      Store store(file);  // all at once: one creates the file, the others find it
      const auto platform = store.save_platform("p", "P", "{}");
      for (int i = 0; i < kEach; ++i) {
        const std::string identity = std::to_string(process) + "/" + std::to_string(i);
        store.save_start(identity, sample_entry("alexnet"), platform, 1, sample_start(0, {process, i}));
        store.save_row(identity, platform, 1, sample_row("alexnet", i, 1.0));
      }
    }));
  }
  for (const pid_t child : children) expect_success(child);
  const Store store(file);
  EXPECT_EQ(store.rows({}).size(), std::size_t{kProcesses * kEach});
  for (int process = 0; process < kProcesses; ++process) {
    for (int i = 0; i < kEach; ++i) {
      const auto starts = store.starts(std::to_string(process) + "/" + std::to_string(i), 1);
      ASSERT_EQ(starts.size(), 1u);
      EXPECT_EQ(starts[0].samples_ns, (std::vector<std::int64_t>{process, i}));
    }
  }
  EXPECT_EQ(integrity(file), "ok");
}

TEST(Durability, a_kill_at_any_moment_loses_nothing_that_was_committed) {
  const TemporaryFolder folder;
  std::minstd_rand random(20260131);
  std::size_t committed_in_all = 0;
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE(round);
    // The first rounds hit the creation of a file, the others the writing of one that grows.
    const bool is_new = round < 5;
    const auto file = folder / (is_new ? "new" + std::to_string(round) + ".db" : "grown.db");
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = child_of([&] {
      close(ends[0]);
      Store store(file);
      const auto platform = store.save_platform("p", "P", "{}");
      for (std::int64_t i = 0;; ++i) {
        const std::string identity = std::to_string(round) + "/" + std::to_string(i);
        store.save_start(identity, sample_entry("alexnet"), platform, 1, sample_start(0, std::vector<std::int64_t>(500, i)));
        store.save_row(identity, platform, 1, sample_row("alexnet", i, 1.0));
        if (write(ends[1], &i, sizeof i) != sizeof i) return;  // told only after both commits returned
      }
    });
    close(ends[1]);
    std::this_thread::sleep_for(std::chrono::microseconds(is_new ? 1'000 + random() % 60'000 : 40'000 + random() % 80'000));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    std::int64_t last = -1;
    for (std::int64_t value = 0; read(ends[0], &value, sizeof value) == sizeof value;) last = value;
    close(ends[0]);
    committed_in_all += static_cast<std::size_t>(last + 1);

    const Store store(file);
    for (std::int64_t i = 0; i <= last; ++i) {
      const std::string identity = std::to_string(round) + "/" + std::to_string(i);
      const auto starts = store.starts(identity, 1);
      ASSERT_EQ(starts.size(), 1u) << identity;
      ASSERT_EQ(starts[0].samples_ns, std::vector<std::int64_t>(500, i)) << identity;
      ASSERT_TRUE(store.newest_row(identity).has_value()) << identity;
    }
    ASSERT_EQ(integrity(file), "ok");
  }
  EXPECT_GT(committed_in_all, 20u) << "the children were killed too early to prove anything";
}

}  // namespace
}  // namespace inferometer::store
