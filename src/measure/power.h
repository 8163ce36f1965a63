/// Integrate what a power meter has told over a span of time. Pure; threads: safe.
///
/// Times are seconds of the steady clock, which all processes of a machine share. Rules and columns: docs/power.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace inferometer::measure {

enum class PowerQuantity : std::uint8_t {
  joules,  ///< energy since some moment: a counter
  watts,   ///< power at a moment
};

struct PowerSample {
  double time_s = 0;
  double value = 0;  ///< J or W
};

struct MeterInfo {
  std::string name;    ///< "rapl", as --power takes it
  std::string covers;  ///< "packages and memory of the processors"
  PowerQuantity quantity = PowerQuantity::watts;
  double update_period_s = 1;  ///< between new values
};

/// A meter is asked this often at most, so that asking does not disturb; slower ones once in their update period.
inline constexpr double kSamplePeriod_s = 0.02;
/// Between two values that a reader can tell apart: the update period, or ours where that is longer.
double effective_period_s(const MeterInfo& meter);

/// Everything that a meter has told, in the order in which it came.
struct PowerTrace {
  MeterInfo meter;
  std::vector<PowerSample> samples;
  std::string problem;  ///< of the meter itself while it was read, one line; empty: none
};

struct TimeSpan {
  double begin_s = 0, end_s = 0;
  double length_s() const { return end_s - begin_s; }
};

/// Of two readings of the steady clock.
TimeSpan span_of(Nanoseconds begin, Nanoseconds end);

/// Energy over a span, or why there is none.
struct SpanEnergy {
  std::optional<double> joules;
  std::string problem;  ///< one line, where joules is null
};

/// Update periods that must lie inside a span.
inline constexpr double kLeastPeriods = 10;
/// Length that a span must have for this meter, with a tenth to spare.
double least_span_s(const MeterInfo& meter);

/// Watts are integrated by trapezoids with interpolation at both edges, counters interpolated at the edges and subtracted.
/// Null, with the reason, unless samples cover the span wholly, their largest gap is at most max(1 s, 3 update periods), at least
/// kLeastPeriods lie inside, times only grow, every value is finite and not negative, a counter neither falls nor stands still for
/// frozen_after_s(), and watts are not zero throughout.
SpanEnergy energy_over(const PowerTrace& trace, const TimeSpan& span);

/// A counter that shows one value for so long is not counting: 10 update periods, at least 0.25 s, at most 2 s.
double frozen_after_s(const MeterInfo& meter);

}  // namespace inferometer::measure
