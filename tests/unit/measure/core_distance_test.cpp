#include "measure/core_distance.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include <sched.h>

namespace inferometer::measure {
namespace {

TEST(UsableCpus, are_those_of_the_affinity_mask_in_order) {
  const std::vector<int> cpus = usable_cpus();
  ASSERT_FALSE(cpus.empty());
  EXPECT_TRUE(std::is_sorted(cpus.begin(), cpus.end()));
  cpu_set_t set;
  ASSERT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  EXPECT_EQ(cpus.size(), static_cast<std::size_t>(CPU_COUNT(&set)));

  cpu_set_t last;
  CPU_ZERO(&last);
  CPU_SET(static_cast<std::size_t>(cpus.back()), &last);
  ASSERT_EQ(sched_setaffinity(0, sizeof last, &last), 0);
  const std::vector<int> pinned = usable_cpus();
  ASSERT_EQ(sched_setaffinity(0, sizeof set, &set), 0);
  EXPECT_EQ(pinned, std::vector<int>{cpus.back()});
}

TEST(CoreRoundtrip, is_known_for_two_cores) {
  const std::vector<int> cpus = usable_cpus();
  if (cpus.size() < 2) GTEST_SKIP() << "one core is all there is";
  const std::optional<double> roundtrip = core_roundtrip_ns(cpus[0], cpus[1]);
  ASSERT_TRUE(roundtrip);
  EXPECT_TRUE(std::isfinite(*roundtrip));
  EXPECT_GT(*roundtrip, 1);  // no two cores share a line within a clock cycle
  EXPECT_EQ(usable_cpus(), cpus) << "the caller's affinity has changed";
}

TEST(CoreRoundtrip, is_unknown_where_threads_cannot_be_pinned) {
  const int core = usable_cpus().front();
  EXPECT_EQ(core_roundtrip_ns(core, core), std::nullopt);
  EXPECT_EQ(core_roundtrip_ns(core, CPU_SETSIZE - 1), std::nullopt);
  EXPECT_EQ(core_roundtrip_ns(CPU_SETSIZE - 1, core), std::nullopt);
  EXPECT_EQ(core_roundtrip_ns(core, 1 << 20), std::nullopt);
  EXPECT_EQ(core_roundtrip_ns(-1, core), std::nullopt);
}

TEST(CoreState, by_the_two_clusters_known_here) {
  struct Case {
    const char* what;
    double reading;
    std::vector<double> known;
    CoreState state;
  };
  const std::vector<double> both{197, 190, 205, 590, 610};
  std::vector<double> mostly_one{40, 40, 41};
  for (int i = 0; i < 40; ++i) mostly_one.push_back(125 + i);
  const Case cases[] = {
      {"near the low cluster", 199, both, CoreState::near},
      {"below it", 150, both, CoreState::near},
      {"near the high cluster", 600, both, CoreState::far},
      {"above it", 900, both, CoreState::far},
      {"nothing is known", 590, {}, CoreState::unknown},
      {"one cluster", 200, {190, 195, 205, 240}, CoreState::unknown},
      {"the first far reading", 590, {190, 195, 205}, CoreState::far},
      {"the first near start", 190, {590, 600, 195}, CoreState::near},
      {"one stray low reading makes nothing far", 600, {590, 600, 150}, CoreState::unknown},
      {"nor hides the two states", 600, {47, 190, 195, 590}, CoreState::far},
      {"nor the near one", 190, {47, 195, 590, 600}, CoreState::near},
      {"rare low readings make nothing far", 150, mostly_one, CoreState::unknown},
      {"nor are they near", 40, mostly_one, CoreState::unknown},
      {"one wide state is no two", 220, {110, 115, 120, 125, 130, 135, 140, 150, 160, 170, 180, 190, 200}, CoreState::unknown},
      {"1.45 apart is one cluster", 290, {200, 200, 200}, CoreState::unknown},
      {"1.55 apart are two", 310, {200, 200, 200}, CoreState::far},
  };
  for (const Case& c : cases) EXPECT_EQ(core_state(c.reading, c.known), c.state) << c.what;
}

}  // namespace
}  // namespace inferometer::measure
