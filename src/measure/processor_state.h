/// Read how fast the processor runs and how hot it is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "measure/power.h"

namespace inferometer::measure {

struct ProcessorSample {
  double time_s = 0;
  std::optional<double> mhz;            ///< mean over the cores used
  std::optional<double> temperature_c;  ///< of the hottest of the processor's sensors
};

/// The sensors that this machine has. A virtual machine's /proc/cpuinfo shows a nominal clock that never changes: no reading.
class ProcessorSensors {
 public:
  /// @param cpus     whose clocks are read
  /// @param threads  that compute; where there are more CPUs, the quickest so many count, as an idle one's clock says nothing
  ProcessorSensors(std::vector<int> cpus, int threads, std::string root = "/");
  bool has_clock() const { return !clock_files_.empty() || cpuinfo_; }
  bool has_temperature() const { return !temperature_files_.empty(); }
  bool any() const { return has_clock() || has_temperature(); }
  ProcessorSample read(double now_s) const;

 private:
  std::vector<double> read_clocks() const;

  std::string root_;
  std::vector<int> cpus_;
  std::size_t threads_;
  std::vector<std::string> clock_files_, temperature_files_;
  bool cpuinfo_ = false;
};

/// Over the samples inside a span; null where none lies inside.
struct ProcessorSpan {
  std::optional<double> mhz_mean, mhz_min, temperature_c;  ///< the highest temperature
};
ProcessorSpan processor_over(const std::vector<ProcessorSample>& samples, const TimeSpan& span);

}  // namespace inferometer::measure
