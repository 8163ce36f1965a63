/// Fingerprint the machine.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace inferometer::measure {

struct Platform {
  std::string identity;      ///< SHA-256 (hex) of CPU model and flags, cores, memory, accelerators
  std::string name;          ///< short, for tables: "Intel(R) Xeon(R) Processor x2 23GiB"
  std::string details_json;  ///< everything seen: also kernel, governor, turbo, SMT, distribution, libraries
};

/// Reads /proc and /sys; what is not there is recorded "unknown". `root` replaces "/" in tests.
Platform read_platform(const std::string& root = "/");

}  // namespace inferometer::measure
