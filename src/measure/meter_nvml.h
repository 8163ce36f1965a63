/// The few functions of NVIDIA's management library that power needs, opened at run time.
///
/// Signatures and values: https://docs.nvidia.com/deploy/nvml-api/
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace inferometer::measure {

/// Each gives the library's status beside its value; 0 is success. Replaced as a whole in tests.
struct NvmlFunctions {
  template <class Value>
  struct Answer {
    int status = 0;
    Value value{};
  };
  std::function<Answer<unsigned>()> device_count;
  std::function<Answer<std::string>(unsigned device)> name;
  std::function<Answer<unsigned long long>(unsigned device)> energy_mj;  ///< since the driver was loaded; Volta and later
  std::function<Answer<unsigned>(unsigned device)> power_mw;
  std::function<std::string(int status)> error_text;
};

/// The library, or why it cannot be used.
struct NvmlLibrary {
  std::shared_ptr<const NvmlFunctions> functions;
  std::string reason;  ///< where functions is null
};
/// Open, look up and initialise. The library stays loaded. @param file  a path, or a name that the system's loader finds
NvmlLibrary open_nvml_library(const std::string& file = "libnvidia-ml.so.1");

}  // namespace inferometer::measure
