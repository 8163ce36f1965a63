/// Decide whether an entry's figures may be believed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/core_distance.h"
#include "measure/entry.h"
#include "measure/start.h"

namespace inferometer::measure {

enum class VerdictKind : std::uint8_t { invalid, unstable, unchecked, valid };
std::string_view name_of(VerdictKind verdict);

struct Verdict {
  VerdictKind kind = VerdictKind::valid;  ///< the first that fits of invalid, unstable, unchecked, valid
  std::vector<std::string> reasons;       ///< "starts' medians 7.1 % apart: close other programs, or raise --starts"
};

/// What is judged: starts that gave samples, and the states their cores were in.
struct Evidence {
  std::span<const StartRecord> starts;  ///< all starts of the entry that passed, pooled or not
  std::vector<CoreState> states;        ///< one per start: of its readings; far also when it changed on the way
  std::vector<bool> pooled;             ///< one per start: its samples are in the figures
  double harness_ratio = 0;
  bool trusted_build = true;  ///< false for debug and sanitizer builds
};

/// Thresholds and order: docs/measuring.md. Pure.
Verdict judge(const Evidence& evidence);

/// This binary was built with optimisation, without sanitizers.
bool is_trusted_build();

/// One start's own figures, used by judge().
struct Drift {
  double ratio = 0;       ///< |median of second half / median of first half - 1|
  bool disjoint = false;  ///< their 95 % intervals have nothing in common
};
/// Of a start's times of requests, or of its blocks' rates, in order. Not judged below 20 (ratio 0).
Drift drift_of(std::span<const double> values);

}  // namespace inferometer::measure
