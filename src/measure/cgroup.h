/// Read what our control group allows of the processors, and how often it stopped us.
#pragma once

#include <optional>
#include <string>

namespace inferometer::measure {

struct CgroupCpu {
  double quota_cpus = 0;  ///< cores' worth of time, the least of our group and all above it; 0: no limit
  std::optional<double>
      throttled_s;  ///< so far, that cores of the limiting group (else ours) waited for the next period, added up over cores
};

/// Versions 1 and 2, by /proc/self/cgroup; where its path is not there, as in a container that sees only its own part, the top.
/// @param root  replaces "/" in tests
CgroupCpu read_cgroup_cpu(const std::string& root = "/");

}  // namespace inferometer::measure
