#include "measure/sensors.h"

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include "samples.h"

namespace inferometer::measure {
namespace {

TEST(Memory, resident_and_peak_follow_what_is_touched) {
  const std::int64_t before = resident_bytes();
  EXPECT_GT(before, 1 << 20);
  EXPECT_GE(peak_resident_bytes(), before);
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  {
    // From the kernel itself: an allocator, a sanitizer's above all, may keep what is freed.
    void* const block = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(block, MAP_FAILED);
    std::memset(block, 1, kBytes);
    EXPECT_GT(resident_bytes(), before + static_cast<std::int64_t>(kBytes / 10 * 9));
    munmap(block, kBytes);
  }
  EXPECT_GT(peak_resident_bytes(), before + static_cast<std::int64_t>(kBytes / 10 * 9));
  EXPECT_LT(resident_bytes(), peak_resident_bytes() - static_cast<std::int64_t>(kBytes / 2));
}

TEST(CpuTimes, from_the_kernels_counters) {
  const TemporaryFolder folder;
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  //                                user nice system idle iowait irq softirq steal guest guest_nice
  folder.write("proc/stat", "cpu  1000 200 300 90000 4000 50 60 700 800 900\ncpu0 1 2 3 4 5 6 7 8 9 10\n");
  const auto times = read_cpu_times(folder.root());
  ASSERT_TRUE(times);
  EXPECT_DOUBLE_EQ(times->busy_s, 1610 / ticks);  // waiting is not busy, and a guest's time is in user already
  EXPECT_DOUBLE_EQ(times->stolen_s, 700 / ticks);
  EXPECT_GT(times->own_s, 0);
  EXPECT_GE(times->cores, 1);
  EXPECT_EQ(times->throttle_events, std::nullopt);
}

TEST(CpuTimes, sum_up_throttling_of_all_cores) {
  const TemporaryFolder folder;
  folder.write("proc/stat", "cpu  1 1 1 1 1 1 1 1 0 0\n");
  folder.write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "3\n");
  folder.write("sys/devices/system/cpu/cpu1/online", "1\n");  // a core without the counter
  folder.write("sys/devices/system/cpu/cpu2/thermal_throttle/core_throttle_count", "4\n");
  EXPECT_EQ(read_cpu_times(folder.root())->throttle_events, 7);
}

TEST(CpuTimes, are_unknown_without_the_file_or_with_another) {
  const TemporaryFolder folder;
  EXPECT_FALSE(read_cpu_times(folder.root()));
  for (const char* text : {"", "cpu0 1 2 3 4 5 6 7 8\n", "cpu  1 2 3\n", "cpu one two\n"}) {
    folder.write("proc/stat", text);
    EXPECT_FALSE(read_cpu_times(folder.root())) << text;
  }
}

TEST(CpuTimes, of_this_machine) {
  const auto times = read_cpu_times();
  ASSERT_TRUE(times);
  EXPECT_GT(times->busy_s, 0);
  EXPECT_GT(times->wall_s, 0);
}

/// Two readings, `wall` seconds apart on four cores, with what happened in between.
Surroundings compared(double wall, double busy, double own, double stolen, std::optional<std::int64_t> throttled_before = {},
                      std::optional<std::int64_t> throttled_after = {}) {
  const CpuTimes before{.busy_s = 100, .stolen_s = 7, .own_s = 3, .wall_s = 50, .cores = 4, .throttle_events = throttled_before};
  const CpuTimes after{
      .busy_s = 100 + busy, .stolen_s = 7 + stolen, .own_s = 3 + own, .wall_s = 50 + wall, .cores = 4, .throttle_events = throttled_after};
  Surroundings around;
  compare_cpu_times(before, after, around);
  return around;
}

TEST(CompareCpuTimes, shares_of_all_cores) {
  const Surroundings around = compared(2, 5, 3, 0.4, 10, 12);
  EXPECT_NEAR(*around.foreign_load_ratio, 0.25, 1e-12);  // 2 s of 8
  EXPECT_NEAR(*around.stolen_ratio, 0.05, 1e-12);
  EXPECT_EQ(around.throttle_events, 2);
  // Our own counter is finer than the kernel's ticks and may run ahead.
  EXPECT_EQ(compared(2, 3, 3.02, 0).foreign_load_ratio, 0.0);
}

TEST(CompareCpuTimes, short_intervals_and_missing_sensors_are_unknown) {
  EXPECT_EQ(compared(0.09, 1, 0, 1).foreign_load_ratio, std::nullopt);
  EXPECT_EQ(compared(0.09, 1, 0, 1).stolen_ratio, std::nullopt);
  EXPECT_TRUE(compared(0.11, 0, 0, 0).foreign_load_ratio.has_value());
  EXPECT_EQ(compared(0.01, 0, 0, 0, 1, 2).throttle_events, 1);  // counters need no time
  EXPECT_EQ(compared(2, 0, 0, 0, 1, {}).throttle_events, std::nullopt);
  EXPECT_EQ(compared(2, 0, 0, 0).throttle_events, std::nullopt);
  Surroundings around;
  compare_cpu_times(std::nullopt, CpuTimes{}, around);
  compare_cpu_times(CpuTimes{}, std::nullopt, around);
  EXPECT_FALSE(around.foreign_load_ratio || around.stolen_ratio || around.throttle_events);
}

std::string stat_line(int pid, const char* name, int parent, int user, int system) {
  return fmt::format("{} ({}) S {} 1 1 0 -1 4194304 100 0 0 0 {} {} 50 60 20 0 1 0 100 1000 10\n", pid, name, parent, user, system);
}

TEST(Descendants, are_found_at_any_depth_whatever_their_names) {
  const TemporaryFolder folder;
  EXPECT_TRUE(descendants(10, folder.root()).empty());
  folder.write("proc/10/stat", stat_line(10, "a", 1, 700, 0));
  folder.write("proc/30/stat", stat_line(30, "b) S 10 (", 20, 100, 50));  // a grandchild with a lower number than its parent has
  folder.write("proc/40/stat", stat_line(40, "c", 10, 200, 0));
  folder.write("proc/20/stat", stat_line(20, "d d", 40, 0, 300));
  folder.write("proc/50/stat", stat_line(50, "e", 1, 9, 9));
  folder.write("proc/60/stat", "60 (torn) S");
  folder.write("proc/self/stat", stat_line(70, "f", 10, 9, 9));  // no number
  std::map<int, std::string> names;
  for (const ProcessTimes& process : all_processes(folder.root())) names[process.pid] = process.name;
  EXPECT_EQ(names, (std::map<int, std::string>{{10, "a"}, {20, "d d"}, {30, "b) S 10 ("}, {40, "c"}, {50, "e"}}));
  std::map<int, double> seconds;
  for (const ProcessTimes& process : descendants(10, folder.root())) seconds[process.pid] = process.cpu_s;
  const auto ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
  EXPECT_EQ(seconds, (std::map<int, double>{{20, 300 / ticks_per_s}, {30, 150 / ticks_per_s}, {40, 200 / ticks_per_s}}));
}

TEST(OomKills, of_the_cgroup_or_else_the_machine) {
  const TemporaryFolder folder;
  EXPECT_EQ(oom_kills(folder.root()), std::nullopt);
  folder.write("proc/vmstat", "nr_free_pages 5\noom_kill 11\n");
  EXPECT_EQ(oom_kills(folder.root()), 11);
  folder.write("sys/fs/cgroup/memory.events", "low 0\nhigh 0\nmax 5\noom 4\noom_kill 3\noom_group_kill 2\n");
  EXPECT_EQ(oom_kills(folder.root()), 3);
}

TEST(MemoryAvailable, is_the_smallest_limit) {
  const TemporaryFolder folder;
  EXPECT_EQ(memory_available_at_most(folder.root()), 0);
  folder.write("proc/meminfo", "MemTotal:        1000 kB\nMemFree:          10 kB\n");
  EXPECT_EQ(memory_available_at_most(folder.root()), 1'024'000);
  folder.write("sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(memory_available_at_most(folder.root()), 1'024'000);
  folder.write("sys/fs/cgroup/memory.max", "500000\n");
  EXPECT_EQ(memory_available_at_most(folder.root()), 500'000);
  folder.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");  // version 1: no limit
  EXPECT_EQ(memory_available_at_most(folder.root()), 500'000);
  folder.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "400000\n");
  EXPECT_EQ(memory_available_at_most(folder.root()), 400'000);
}

}  // namespace
}  // namespace inferometer::measure
