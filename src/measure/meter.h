/// Read power meters: what each one is, which there are here, and why one cannot be read.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "measure/power.h"

namespace inferometer::measure {

/// One source of power or energy figures. One thread at a time.
class Meter {
 public:
  virtual ~Meter() = default;
  virtual MeterInfo info() const = 0;
  /// Append what is new, in order of time; a meter that answers when asked gives one sample of `now_s` (steady clock, seconds).
  /// Never throws: what goes wrong is told by problem().
  virtual void sample(double now_s, std::vector<PowerSample>& samples) = 0;
  /// Why what was read so far cannot be used, one line; empty: nothing is known against it.
  virtual std::string problem() const { return {}; }
};

/// A small file of the kernel's, as it was read.
struct FileText {
  std::string text;  ///< without white space at both ends
  int error = 0;     ///< errno; 0: it was read
};
/// Replaced in tests: a permission error cannot be made on disk for root.
using ReadFile = std::function<FileText(const std::string& path)>;
FileText read_small_file(const std::string& path);

struct NvmlFunctions;  // measure/meter_nvml.h

/// Where meters are looked for.
struct MeterPlaces {
  std::string root = "/";  ///< in place of "/", with a slash at the end
  ReadFile read = read_small_file;
  std::function<double()> unix_now;                ///< seconds since 1970; empty: the system's clock
  std::shared_ptr<const NvmlFunctions> nvml = {};  ///< empty: the system's library is opened when it is asked for
};

/// One meter that is here, whether or not it can be read.
struct MeterFound {
  std::string name, covers;
  bool readable = false;
  std::string reason;  ///< why not, and how to allow it; one line
  int rank = 0;        ///< `auto` takes the readable one with the lowest; 0: never by itself
};

/// All of them, in a fixed order; where a kind of meter is wholly absent, one entry says so.
std::vector<MeterFound> find_meters(const MeterPlaces& places = {});

/// A meter for an entry, or the reasons why there is none.
struct MeterChoice {
  std::unique_ptr<Meter> meter;
  std::string reason;  ///< where meter is null
};

/// @param name  "auto", a name that find_meters() gives, or file:PATH[:offset_s=S]; "none" gives no meter and no reason.
/// @param device  of the entry: `auto` looks at the accelerator's own meter first where it is one of NVIDIA's ("cuda:1")
/// `auto` without a readable meter is an answer; any other name that cannot be read throws Error{usage} with the reason.
MeterChoice choose_meter(std::string_view name, std::string_view device, const MeterPlaces& places = {});

}  // namespace inferometer::measure
