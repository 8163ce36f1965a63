#include "base/clock.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace inferometer {
namespace {

TEST(Clock, SteadyNeverGoesBack) {
  auto last = steady_now();
  for (int i = 0; i < 10'000; ++i) {
    const auto now = steady_now();
    ASSERT_GE(now, last);
    last = now;
  }
  const Clock clock = steady_now;
  EXPECT_GE(clock(), last);
}

TEST(Clock, TimestampIsUtcWhateverTheTimeZone) {
  setenv("TZ", "XYZ-9:30", 1);
  tzset();
  const auto text = utc_timestamp();
  unsetenv("TZ");
  tzset();
  ASSERT_EQ(text.size(), std::string("2026-01-31T12:34:56Z").size()) << text;
  std::tm parts{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  ASSERT_NE(end, nullptr) << text;
  EXPECT_STREQ(end, "");
  EXPECT_NEAR(static_cast<double>(timegm(&parts)), static_cast<double>(std::time(nullptr)), 60);
}

}  // namespace
}  // namespace inferometer
