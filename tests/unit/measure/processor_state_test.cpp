#include "measure/processor_state.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "samples.h"

namespace inferometer::measure {
namespace {

void set_clock(const TemporaryFolder& folder, int cpu, int khz) {
  folder.write(fmt::format("sys/devices/system/cpu/cpu{}/cpufreq/scaling_cur_freq", cpu), fmt::format("{}\n", khz));
}

TEST(ProcessorSensors, the_quickest_of_the_cores_that_may_be_used) {
  const TemporaryFolder folder;
  set_clock(folder, 0, 3'000'000);
  set_clock(folder, 1, 800'000);
  set_clock(folder, 2, 2'600'000);
  set_clock(folder, 3, 5'000'000);  // not ours
  EXPECT_DOUBLE_EQ(*ProcessorSensors({0, 1, 2}, 1, folder.root()).read(7).mhz, 3000);
  EXPECT_DOUBLE_EQ(*ProcessorSensors({0, 1, 2}, 2, folder.root()).read(7).mhz, 2800);
  EXPECT_DOUBLE_EQ(*ProcessorSensors({0, 1, 2}, 8, folder.root()).read(7).mhz, 6400.0 / 3);
  EXPECT_DOUBLE_EQ(ProcessorSensors({0}, 1, folder.root()).read(7).time_s, 7);
  EXPECT_FALSE(ProcessorSensors({9}, 1, folder.root()).any());
}

TEST(ProcessorSensors, cpuinfo_only_where_it_shows_real_clocks) {
  const TemporaryFolder folder;
  const std::string cores =
      "processor\t: 0\ncpu MHz\t\t: 2599.998\nflags\t\t: fpu {}\n\nprocessor\t: 1\ncpu MHz\t\t: 1200.5\nflags\t\t: fpu {}\n";
  folder.write("proc/cpuinfo", fmt::format(fmt::runtime(cores), "hypervisor", "hypervisor"));
  EXPECT_FALSE(ProcessorSensors({0, 1}, 2, folder.root()).has_clock());  // a virtual machine's nominal clock is no reading
  EXPECT_FALSE(ProcessorSensors({0, 1}, 2, folder.root()).read(0).mhz);
  folder.write("proc/cpuinfo", fmt::format(fmt::runtime(cores), "aperfmperf", "aperfmperf"));
  const ProcessorSensors sensors({1}, 2, folder.root());
  EXPECT_TRUE(sensors.has_clock());
  EXPECT_DOUBLE_EQ(*sensors.read(0).mhz, 1200.5);
}

TEST(ProcessorSensors, the_hottest_of_the_processors_sensors) {
  const TemporaryFolder folder;
  folder.write("sys/class/hwmon/hwmon0/name", "coretemp\n");
  folder.write("sys/class/hwmon/hwmon0/temp1_input", "61000\n");
  folder.write("sys/class/hwmon/hwmon0/temp2_input", "66500\n");
  folder.write("sys/class/hwmon/hwmon1/name", "nvme\n");
  folder.write("sys/class/hwmon/hwmon1/temp1_input", "90000\n");
  EXPECT_DOUBLE_EQ(*ProcessorSensors({0}, 1, folder.root()).read(0).temperature_c, 66.5);
  folder.write("sys/class/thermal/thermal_zone0/type", "acpitz\n");
  folder.write("sys/class/thermal/thermal_zone0/temp", "99000\n");
  folder.write("sys/class/thermal/thermal_zone1/type", "x86_pkg_temp\n");
  folder.write("sys/class/thermal/thermal_zone1/temp", "70000\n");
  EXPECT_DOUBLE_EQ(*ProcessorSensors({0}, 1, folder.root()).read(0).temperature_c, 70);
}

TEST(ProcessorSensors, nothing_there_is_no_reading) {
  const TemporaryFolder folder;
  const ProcessorSensors sensors({0, 1}, 2, folder.root());
  EXPECT_FALSE(sensors.any());
  EXPECT_FALSE(sensors.read(0).mhz || sensors.read(0).temperature_c);
}

TEST(ProcessorOver, means_and_extremes_inside_the_span) {
  const std::vector<ProcessorSample> samples{{0, 100, 99}, {1, 3000, 50}, {2, 2000, std::nullopt}, {3, std::nullopt, 70}, {4, 9000, 99}};
  const ProcessorSpan over = processor_over(samples, {1, 3});
  EXPECT_DOUBLE_EQ(*over.mhz_mean, 2500);
  EXPECT_DOUBLE_EQ(*over.mhz_min, 2000);
  EXPECT_DOUBLE_EQ(*over.temperature_c, 70);
  EXPECT_FALSE(processor_over(samples, {5, 6}).mhz_mean);
  EXPECT_FALSE(processor_over({}, {5, 6}).temperature_c);
}

}  // namespace
}  // namespace inferometer::measure
