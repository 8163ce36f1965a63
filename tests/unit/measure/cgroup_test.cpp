#include "measure/cgroup.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace inferometer::measure {
namespace {

TEST(CgroupCpu, version_2_of_our_group_and_all_above_it) {
  const TemporaryFolder folder;
  folder.write("proc/self/cgroup", "0::/user.slice/measure.scope\n");
  folder.write("sys/fs/cgroup/user.slice/measure.scope/cpu.max", "max 100000\n");
  folder.write("sys/fs/cgroup/user.slice/measure.scope/cpu.stat", "usage_usec 5\nnr_periods 7\nnr_throttled 1\nthrottled_usec 1000000\n");
  EXPECT_EQ(read_cgroup_cpu(folder.root()).quota_cpus, 0);
  EXPECT_DOUBLE_EQ(*read_cgroup_cpu(folder.root()).throttled_s, 1);
  folder.write("sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
  folder.write("sys/fs/cgroup/user.slice/cpu.stat", "usage_usec 5\nthrottled_usec 2500000\n");
  EXPECT_DOUBLE_EQ(read_cgroup_cpu(folder.root()).quota_cpus, 1.5);
  EXPECT_DOUBLE_EQ(*read_cgroup_cpu(folder.root()).throttled_s, 2.5);  // of the group that limits
  folder.write("sys/fs/cgroup/user.slice/measure.scope/cpu.max", "100000 100000\n");
  EXPECT_DOUBLE_EQ(read_cgroup_cpu(folder.root()).quota_cpus, 1);
  EXPECT_DOUBLE_EQ(*read_cgroup_cpu(folder.root()).throttled_s, 1);
}

TEST(CgroupCpu, version_1) {
  const TemporaryFolder folder;
  folder.write("proc/self/cgroup", "9:name=systemd:/\n8:memory:/docker/a\n1:cpu,cpuacct:/docker/a\n0::/\n");
  const std::string group = "sys/fs/cgroup/cpu,cpuacct/docker/a/";
  folder.write(group + "cpu.cfs_quota_us", "50000\n");
  folder.write(group + "cpu.cfs_period_us", "100000\n");
  folder.write(group + "cpu.stat", "nr_periods 9\nnr_throttled 3\nthrottled_time 250000000\n");
  EXPECT_DOUBLE_EQ(read_cgroup_cpu(folder.root()).quota_cpus, 0.5);
  EXPECT_DOUBLE_EQ(*read_cgroup_cpu(folder.root()).throttled_s, 0.25);
  folder.write(group + "cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(read_cgroup_cpu(folder.root()).quota_cpus, 0);
}

TEST(CgroupCpu, a_path_that_a_container_cannot_see_is_the_top) {
  const TemporaryFolder folder;
  folder.write("proc/self/cgroup", "0::/of/the/host\n");
  folder.write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(read_cgroup_cpu(folder.root()).quota_cpus, 2);
}

TEST(CgroupCpu, without_groups) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_cgroup_cpu(folder.root()).quota_cpus, 0);
  EXPECT_FALSE(read_cgroup_cpu(folder.root()).throttled_s);
  folder.write("sys/fs/cgroup/cpu.max", "100000 100000\n");  // no /proc/self/cgroup
  EXPECT_DOUBLE_EQ(read_cgroup_cpu(folder.root()).quota_cpus, 1);
}

}  // namespace
}  // namespace inferometer::measure
