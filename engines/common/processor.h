/// Name the processor, for engines whose framework does not. Header only.
#pragma once

#include <fstream>
#include <string>

#include "base/text.h"

namespace inferometer::engine {

/// "Intel(R) Xeon(R) ..." from /proc/cpuinfo; "CPU" where that does not tell.
inline std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return one_line(trim(line.substr(line.find(':') + 1)));
  }
  return "CPU";
}

}  // namespace inferometer::engine
