#include "measure/platform.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "measure/core_distance.h"
#include "measure/plan.h"
#include "samples.h"

namespace inferometer::measure {
namespace {

nlohmann::json details_of(const Platform& platform) { return nlohmann::json::parse(platform.details_json); }

/// A virtual machine: two cores, flags, a hypervisor, no frequency scaling.
void make_virtual_machine(const TemporaryFolder& folder) {
  folder.write("proc/cpuinfo",
               "processor\t: 0\nmodel\t\t: 167\nmodel name\t: Intel(R) Xeon(R) Processor\nflags\t\t: sse2 avx512f fpu hypervisor\n\n"
               "processor\t: 1\nmodel\t\t: 167\nmodel name\t: Intel(R) Xeon(R) Processor\nflags\t\t: sse2 avx512f fpu hypervisor\n");
  folder.write("proc/meminfo", "MemTotal:       16777216 kB\n");
  folder.write("sys/devices/system/cpu/online", "0-1\n");
  for (const char* cpu : {"0", "1"}) {
    folder.write(std::string("sys/devices/system/cpu/cpu") + cpu + "/topology/core_id", std::string(cpu) + "\n");
    folder.write(std::string("sys/devices/system/cpu/cpu") + cpu + "/topology/physical_package_id", "0\n");
  }
  folder.write("sys/devices/system/cpu/smt/active", "0\n");
  folder.write("etc/os-release", "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  folder.write("sys/fs/cgroup/cpu.max", "150000 100000\n");
}

TEST(Platform, a_virtual_machine) {
  const TemporaryFolder folder;
  make_virtual_machine(folder);
  const Platform platform = read_platform(folder.root());
  EXPECT_EQ(platform.name, "Intel(R) Xeon(R) Processor x2 16 GiB");
  const nlohmann::json details = details_of(platform);
  EXPECT_EQ(details.at("cpu"), "Intel(R) Xeon(R) Processor");
  EXPECT_EQ(details.at("cpu_flags"), "avx512f fpu hypervisor sse2");
  EXPECT_EQ(details.at("hypervisor"), true);
  EXPECT_EQ(details.at("physical_cores"), 2);
  EXPECT_EQ(details.at("logical_cpus"), 2);
  EXPECT_EQ(details.at("memory_bytes"), 17'179'869'184);
  EXPECT_EQ(details.at("cgroup_quota_cpus"), 1.5);
  EXPECT_EQ(details.at("distribution"), "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(details.at("smt"), "0");
  for (const char* absent : {"governor", "boost", "intel_no_turbo", "transparent_huge_pages"})
    EXPECT_EQ(details.at(absent), "unknown") << absent;
  EXPECT_TRUE(details.at("accelerators").empty());
  EXPECT_FALSE(details.at("kernel").get<std::string>().empty());
}

TEST(Platform, a_small_board_with_arm_cores) {
  const TemporaryFolder folder;
  folder.write("proc/cpuinfo",
               "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd crc32\nCPU part\t: 0xd08\n\n"
               "Hardware\t: BCM2835\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n");
  folder.write("proc/meminfo", "MemTotal:        3884360 kB\n");
  folder.write("sys/devices/system/cpu/online", "0-3\n");
  folder.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand\n");
  const Platform platform = read_platform(folder.root());
  EXPECT_EQ(platform.name, "Raspberry Pi 4 Model B Rev 1.4 x4 4 GiB");
  const nlohmann::json details = details_of(platform);
  EXPECT_EQ(details.at("cpu_flags"), "asimd crc32 fp");
  EXPECT_EQ(details.at("governor"), "ondemand");
  EXPECT_EQ(details.at("physical_cores"), 4);
  EXPECT_EQ(details.at("hypervisor"), "unknown");  // these flags would not tell
}

TEST(Platform, a_board_without_flags_or_model_line_is_named_by_its_device_tree) {
  const TemporaryFolder folder;
  folder.write("proc/cpuinfo", "processor\t: 0\nBogoMIPS\t: 38.40\n");
  folder.write("proc/device-tree/model", std::string("NVIDIA Jetson Nano Developer Kit\0", 33));
  folder.write("sys/devices/system/cpu/online", "0,2-3\n");
  const Platform platform = read_platform(folder.root());
  EXPECT_EQ(platform.name, "NVIDIA Jetson Nano Developer Kit x3 0 GiB");
  EXPECT_EQ(details_of(platform).at("cpu_flags"), "unknown");
}

TEST(Platform, nothing_at_all_is_unknown) {
  const TemporaryFolder folder;
  const Platform platform = read_platform(folder.root());
  EXPECT_TRUE(platform.name.starts_with("unknown x")) << platform.name;
  EXPECT_EQ(platform.identity.size(), 64u);
  const nlohmann::json details = details_of(platform);
  for (const char* key :
       {"cpu", "cpu_flags", "distribution", "governor", "boost", "intel_no_turbo", "smt", "transparent_huge_pages", "hypervisor"}) {
    EXPECT_EQ(details.at(key), "unknown") << key;
  }
  EXPECT_EQ(details.at("memory_bytes"), 0);
  EXPECT_GE(details.at("logical_cpus").get<int>(), 1);
}

TEST(Platform, hardware_threads_of_one_core_are_one_core) {
  const TemporaryFolder folder;
  make_virtual_machine(folder);
  folder.write("sys/devices/system/cpu/online", "0-3\n");
  for (const char* cpu : {"0", "1", "2", "3"}) {
    folder.write(std::string("sys/devices/system/cpu/cpu") + cpu + "/topology/core_id", "0\n");
    folder.write(std::string("sys/devices/system/cpu/cpu") + cpu + "/topology/physical_package_id", *cpu < '2' ? "0\n" : "1\n");
  }
  const nlohmann::json details = details_of(read_platform(folder.root()));
  EXPECT_EQ(details.at("physical_cores"), 2);  // core 0 of each of two packages
  EXPECT_EQ(details.at("logical_cpus"), 4);
}

TEST(Platform, identity_is_the_hardware) {
  const TemporaryFolder folder;
  make_virtual_machine(folder);
  const std::string identity = read_platform(folder.root()).identity;
  EXPECT_EQ(read_platform(folder.root()).identity, identity);

  // What differs from boot to boot or is a matter of settings is recorded, and decides nothing.
  folder.write("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n");
  folder.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
  folder.write("proc/meminfo", "MemTotal:       16700000 kB\n");
  EXPECT_EQ(read_platform(folder.root()).identity, identity);
  folder.write("proc/cpuinfo", "model name\t: Intel(R) Xeon(R) Processor\nflags\t\t: fpu hypervisor avx512f sse2\n");
  EXPECT_EQ(read_platform(folder.root()).identity, identity) << "the order of the flags";

  struct Case {
    const char *file, *content;
  };
  const Case cases[] = {
      {"proc/cpuinfo", "model name\t: Intel(R) Xeon(R) Gold\nflags\t\t: fpu hypervisor avx512f sse2\n"},
      {"proc/cpuinfo", "model name\t: Intel(R) Xeon(R) Processor\nflags\t\t: fpu hypervisor sse2\n"},
      {"proc/meminfo", "MemTotal:       33554432 kB\n"},
      {"sys/devices/system/cpu/online", "0-2\n"},
      {"sys/devices/system/cpu/cpu1/topology/core_id", "0\n"},
      {"proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA A100\nIRQ: 5\n"},
      {"sys/class/drm/renderD128/device/vendor", "0x8086\n"},
  };
  for (const Case& c : cases) {
    const TemporaryFolder other;
    make_virtual_machine(other);
    other.write(c.file, c.content);
    EXPECT_NE(read_platform(other.root()).identity, identity) << c.file << ": " << c.content;
  }
}

TEST(Platform, accelerators_are_listed) {
  const TemporaryFolder folder;
  folder.write("proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA A100\nIRQ: 5\n");
  folder.write("sys/class/drm/renderD128/device/vendor", "0x8086\n");
  folder.write("sys/class/drm/renderD128/device/device", "0x56a0\n");
  folder.write("sys/class/drm/card0/device/vendor", "0x8086\n");  // the same device again
  folder.write("sys/class/accel/accel0/device/vendor", "0x8086\n");
  folder.write("sys/class/accel/accel0/device/device", "0x7d1d\n");
  EXPECT_EQ(details_of(read_platform(folder.root())).at("accelerators"),
            nlohmann::json({"NVIDIA A100", "accel 0x8086:0x7d1d", "render 0x8086:0x56a0"}));
}

TEST(Platform, of_this_machine) {
  const Platform platform = read_platform();
  EXPECT_EQ(platform.identity, read_platform().identity);
  EXPECT_GT(details_of(platform).at("memory_bytes").get<std::int64_t>(), 1 << 20);
}

TEST(DefaultThreads, are_at_most_the_usable_cpus) {
  EXPECT_GE(default_threads(), 1);
  EXPECT_LE(default_threads(), static_cast<int>(usable_cpus().size()));
}

}  // namespace
}  // namespace inferometer::measure
