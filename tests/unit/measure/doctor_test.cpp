#include "measure/doctor.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace inferometer::measure {
namespace {

/// A machine that nothing disturbs.
MachineReadings quiet() {
  MachineReadings m;
  m.watched_s = 20;
  m.physical_cores = m.logical_cpus = m.usable_cpus = 4;
  m.governor = "performance";
  m.no_turbo = "1";
  m.smt = "0";
  m.huge_pages = "always [madvise] never";
  m.throttled_s = 0;
  m.foreign_ratio = 0.001;
  m.stolen_ratio = 0;
  m.throttle_events = 0;
  m.temperature_c = 50;
  m.cpu_mhz_mean = 3000;
  m.cpu_mhz_min = 2990;
  m.core_roundtrips_ns = std::vector<double>(20, 120);
  m.spins_ms = std::vector<double>(20, 1.0);
  m.denormal_slowdown = 1;
  m.timer_step_ns = 20;
  m.timer_cost_ns = 30;
  m.memory_available_ratio = 0.7;
  m.swapped_pages = 0;
  m.starts_of = "squeezenet1_1 alpha cpu fp32 b1 t4";
  m.start_medians_ms = {5, 5.1, 5.05};
  return m;
}

Finding of(const MachineReadings& m, const std::string& check) {
  for (const Finding& finding : diagnose(m)) {
    if (finding.check == check) return finding;
  }
  ADD_FAILURE() << "no check " << check;
  return {};
}

TEST(Diagnose, all_is_well_on_a_quiet_machine) {
  for (const Finding& finding : diagnose(quiet())) {
    EXPECT_EQ(finding.level, FindingLevel::ok) << finding.check << ": " << finding.figure;
    EXPECT_FALSE(finding.figure.empty()) << finding.check;
    EXPECT_EQ(finding.effect + finding.remedy, "") << finding.check;
  }
}

TEST(Diagnose, what_cannot_be_told_is_unknown_and_never_ok) {
  const MachineReadings nothing;
  for (const Finding& finding : diagnose(nothing)) {
    if (finding.check == "control group" || finding.check == "cores") continue;  // no limit, and the cores, are always known
    EXPECT_EQ(finding.level, FindingLevel::unknown) << finding.check;
    EXPECT_FALSE(finding.figure.empty()) << finding.check;
  }
}

struct Disturbance {
  const char* check;
  void (*make)(MachineReadings&);
  FindingLevel level;
  const char* figure;  ///< a part of it
};

TEST(Diagnose, each_disturbance_by_its_own_check_alone) {
  using enum FindingLevel;
  const Disturbance disturbances[] = {
      {"other programs",
       [](MachineReadings& m) {
         m.foreign_ratio = 0.26;
         m.processes = {{4711, "busy loop", 0.99}, {12, "sshd", 0.02}};
       },
       fault, "26.0 % of the cores: busy loop (pid 4711) 0.99 cores, sshd (pid 12) 0.02 cores"},
      {"other programs", [](MachineReadings& m) { m.foreign_ratio = 0.05; }, warning, "0.20 cores by programs that came and went"},
      {"other programs", [](MachineReadings& m) { m.foreign_ratio = 0.021; }, warning, "2.1 %"},
      {"other programs", [](MachineReadings& m) { m.foreign_ratio = 0.101; }, fault, "10.1 %"},
      {"stolen time", [](MachineReadings& m) { m.stolen_ratio = 0.01; }, warning, "1.0 %"},
      {"stolen time", [](MachineReadings& m) { m.stolen_ratio = 0.021; }, fault, "2.1 %"},
      {"control group", [](MachineReadings& m) { m.quota_cpus = 1; }, warning, "1 of 4 cores allowed"},
      {"control group",
       [](MachineReadings& m) {
         m.quota_cpus = 1;
         m.throttled_s = 3;
       },
       fault, "stood still for 3.00 s together in 20 s"},
      {"cores",
       [](MachineReadings& m) {
         m.smt = "1";
         m.physical_cores = 2;
       },
       warning, "2 physical, 4 logical, 4 usable here; siblings"},
      {"core distance",
       [](MachineReadings& m) {
         for (std::size_t i = 5; i < 10; ++i) m.core_roundtrips_ns[i] = 590;
       },
       warning, "far in 5 of them, changed 2 times"},
      {"clock",
       [](MachineReadings& m) {
         for (std::size_t i = 0; i < 8; ++i) m.spins_ms[i] = 1.2;
       },
       warning, "20.0 % apart"},
      {"clock", [](MachineReadings& m) { m.cpu_mhz_min = 2000; }, warning, "3000 MHz, at least 2000"},
      {"governor", [](MachineReadings& m) { m.governor = "powersave"; }, warning, "powersave"},
      {"turbo", [](MachineReadings& m) { m.no_turbo = "0"; }, note, "on"},
      {"turbo",
       [](MachineReadings& m) {
         m.no_turbo.clear();
         m.boost = "1";
       },
       note, "on"},
      {"heat", [](MachineReadings& m) { m.temperature_c = 91; }, warning, "91 degrees"},
      {"heat", [](MachineReadings& m) { m.throttle_events = 2; }, fault, "throttled 2 times"},
      {"memory", [](MachineReadings& m) { m.memory_available_ratio = 0.05; }, warning, "5.0 % available"},
      {"memory", [](MachineReadings& m) { m.swapped_pages = 8; }, fault, "8 pages swapped"},
      {"huge pages", [](MachineReadings& m) { m.huge_pages = "[always] madvise never"; }, note, "always"},
      {"denormals", [](MachineReadings& m) { m.denormal_slowdown = 38.2; }, note, "38.2 times"},
      {"timer", [](MachineReadings& m) { m.timer_step_ns = 4'000'000; }, warning, "4000000 ns"},
      {"starts",
       [](MachineReadings& m) {
         m.start_medians_ms = {5, 5.3, 5.05};
       },
       fault, "3 starts of squeezenet1_1 alpha cpu fp32 b1 t4: medians 5.000 to 5.300 ms, 6.0 % apart"},
  };
  for (const Disturbance& disturbance : disturbances) {
    MachineReadings m = quiet();
    disturbance.make(m);
    for (const Finding& finding : diagnose(m)) {
      if (finding.check != disturbance.check) {
        EXPECT_EQ(finding.level, FindingLevel::ok) << finding.check << " for " << disturbance.figure;
        continue;
      }
      EXPECT_EQ(finding.level, disturbance.level) << finding.figure;
      EXPECT_NE(finding.figure.find(disturbance.figure), std::string::npos) << finding.figure;
      EXPECT_FALSE(finding.effect.empty() || finding.remedy.empty()) << finding.check;
    }
  }
}

TEST(Diagnose, a_quota_says_how_many_threads_to_use) {
  MachineReadings m = quiet();
  m.quota_cpus = 2.5;
  EXPECT_NE(of(m, "control group").remedy.find("--threads 2"), std::string::npos);
  m.quota_cpus = 0.5;
  EXPECT_NE(of(m, "control group").remedy.find("--threads 1"), std::string::npos);
  m.quota_cpus = 16;  // more than there are
  EXPECT_EQ(of(m, "control group").level, FindingLevel::ok);
}

TEST(Spin, takes_some_time_and_the_same_work_each_time) {
  EXPECT_GT(spin_ms(), 0.05);
  EXPECT_LT(spin_ms(), 1000);
}

TEST(DenormalSlowdown, is_a_ratio) {
  EXPECT_GT(denormal_slowdown(), 0.2);
  EXPECT_LT(denormal_slowdown(), 2000);
}

}  // namespace
}  // namespace inferometer::measure
