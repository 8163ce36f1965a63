#include "measure/power.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace inferometer::measure {
namespace {

constexpr double kLongestGap_s = 1, kLongestGapPeriods = 3;
constexpr double kSpare = 1.1;

/// Value at a time between two samples.
double between(const PowerSample& a, const PowerSample& b, double time_s) {
  if (b.time_s <= a.time_s) return b.value;
  return a.value + (b.value - a.value) * (time_s - a.time_s) / (b.time_s - a.time_s);
}

/// The samples inside a span, with values interpolated at both of its edges.
/// `samples` cover it and grow in time.
std::vector<PowerSample> cut(const std::vector<PowerSample>& samples, const TimeSpan& span) {
  std::vector<PowerSample> result;
  const auto at = [&](double time_s) {
    const auto after = std::find_if(samples.begin(), samples.end(), [&](const PowerSample& s) { return s.time_s >= time_s; });
    if (after == samples.begin()) return PowerSample{time_s, after->value};
    return PowerSample{time_s, between(*(after - 1), *after, time_s)};
  };
  result.push_back(at(span.begin_s));
  for (const PowerSample& sample : samples) {
    if (sample.time_s > span.begin_s && sample.time_s < span.end_s) result.push_back(sample);
  }
  result.push_back(at(span.end_s));
  return result;
}

std::string problem_of_values(const PowerTrace& trace) {
  const bool counts = trace.meter.quantity == PowerQuantity::joules;
  for (std::size_t i = 0; i < trace.samples.size(); ++i) {
    const PowerSample& sample = trace.samples[i];
    if (!std::isfinite(sample.value) || !std::isfinite(sample.time_s)) return "it gave a value that is no number";
    if (sample.value < 0) return fmt::format("it read {:.4g} {}", sample.value, counts ? "J" : "W");
    if (i == 0) continue;
    if (sample.time_s <= trace.samples[i - 1].time_s) return "its clock jumped back";
    if (counts && sample.value < trace.samples[i - 1].value) return "its counter fell";
  }
  return {};
}

std::string problem_of_cover(const PowerTrace& trace, const TimeSpan& span) {
  const std::vector<PowerSample>& samples = trace.samples;
  if (samples.empty()) return "it gave no sample";
  if (samples.front().time_s > span.begin_s)
    return fmt::format("its first sample came {:.3g} s after the loop's begin", samples.front().time_s - span.begin_s);
  if (samples.back().time_s < span.end_s)
    return fmt::format("its last sample came {:.3g} s before the loop's end", span.end_s - samples.back().time_s);
  const double allowed = std::max(kLongestGap_s, kLongestGapPeriods * effective_period_s(trace.meter));
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const bool inside = samples[i].time_s > span.begin_s && samples[i - 1].time_s < span.end_s;
    const double gap = samples[i].time_s - samples[i - 1].time_s;
    if (inside && gap > allowed) return fmt::format("{:.3g} s passed without a sample, {:.3g} s are allowed", gap, allowed);
  }
  return {};
}

/// Longest time inside the span during which a counter showed one value.
double longest_standstill_s(const std::vector<PowerSample>& inside) {
  double longest = 0, since = inside.front().time_s;
  for (std::size_t i = 1; i < inside.size(); ++i) {
    if (inside[i].value > inside[i - 1].value) since = inside[i].time_s;
    longest = std::max(longest, inside[i].time_s - since);
  }
  return longest;
}

SpanEnergy refused(const PowerTrace& trace, const std::string& problem) {
  return {std::nullopt, fmt::format("{}: {}", trace.meter.name, problem)};
}

}  // namespace

TimeSpan span_of(Nanoseconds begin, Nanoseconds end) {
  return {static_cast<double>(begin.count()) * 1e-9, static_cast<double>(end.count()) * 1e-9};
}

double effective_period_s(const MeterInfo& meter) { return std::max(meter.update_period_s, kSamplePeriod_s); }

double least_span_s(const MeterInfo& meter) { return kSpare * kLeastPeriods * effective_period_s(meter); }

double frozen_after_s(const MeterInfo& meter) { return std::clamp(10 * effective_period_s(meter), 0.25, 2.0); }

SpanEnergy energy_over(const PowerTrace& trace, const TimeSpan& span) {
  if (!(span.length_s() > 0)) return refused(trace, "the time measured is empty");
  if (!trace.problem.empty()) return refused(trace, trace.problem);
  if (const std::string problem = problem_of_values(trace); !problem.empty()) return refused(trace, problem);
  if (const std::string problem = problem_of_cover(trace, span); !problem.empty()) return refused(trace, problem);
  const double needed = kLeastPeriods * effective_period_s(trace.meter);
  if (span.length_s() < needed)
    return refused(trace, fmt::format("the loop took {:.3g} s, {:.3g} s are needed for {:g} of its update periods (--min-time-s)",
                                      span.length_s(), needed, kLeastPeriods));

  const std::vector<PowerSample> inside = cut(trace.samples, span);
  if (trace.meter.quantity == PowerQuantity::joules) {
    if (const double still = longest_standstill_s(inside); still >= frozen_after_s(trace.meter))
      return refused(trace, fmt::format("its counter stood still for {:.3g} s", still));
    return {inside.back().value - inside.front().value, {}};
  }
  double joules = 0;
  for (std::size_t i = 1; i < inside.size(); ++i)
    joules += 0.5 * (inside[i].value + inside[i - 1].value) * (inside[i].time_s - inside[i - 1].time_s);
  if (!(joules > 0)) return refused(trace, "it read 0 W all the time");
  return {joules, {}};
}

}  // namespace inferometer::measure
