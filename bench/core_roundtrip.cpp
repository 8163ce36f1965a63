/// Print the round trip of a cache line between the first two cores, in nanoseconds; nothing when there is one core only.

#include <cstdio>

#include "measure/core_distance.h"

int main() {
  const auto cpus = inferometer::measure::usable_cpus();
  if (cpus.size() < 2) return 0;
  if (const auto roundtrip = inferometer::measure::core_roundtrip_ns(cpus[0], cpus[1])) std::printf("%.1f\n", *roundtrip);
}
