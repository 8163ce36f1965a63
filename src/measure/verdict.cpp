#include "measure/verdict.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "stats/sample.h"

namespace inferometer::measure {
namespace {

constexpr double kStartsApart = 0.05, kDrift = 0.05, kDeviation = 0.10, kForeignLoad = 0.10, kStolen = 0.02, kCaching = 1.10,
                 kHarness = 0.01, kInt8Top1 = 0.9, kClockFall = 0.20;

std::vector<double> as_doubles(std::span<const std::int64_t> samples) { return {samples.begin(), samples.end()}; }

/// Reasons for "outputs are wrong", and for "nothing is proven".
void judge_outputs(const Evidence& evidence, std::vector<std::string>& invalid, std::vector<std::string>& unchecked) {
  const Agreement* agreement = nullptr;
  bool computes = true, quantized = false;
  for (const StartRecord& start : evidence.starts) {
    if (start.agreement) agreement = &*start.agreement;
    computes = computes && start.computes;
    quantized = quantized || start.quantized;
  }
  if (agreement == nullptr) {
    unchecked.push_back("outputs were not compared: measure again with --again");
    return;
  }
  if (agreement->not_finite) {
    invalid.push_back("outputs hold NaN or infinity: check the weights and the precision");
  } else if (agreement->all_zero) {
    invalid.push_back("outputs are all zero: check the weights and the inputs");
  } else if (agreement->constant) {
    invalid.push_back("outputs are constant: check the weights and the inputs");
  }
  if (quantized ? !agreement->top1_ratio : !agreement->max_error) {
    unchecked.push_back(agreement->note.empty() ? "outputs were not compared" : agreement->note);
    return;
  }
  if (quantized) {
    if (*agreement->top1_ratio < kInt8Top1) {
      invalid.push_back(fmt::format("the best class agrees with {} for {:.0f} % of the images, {:.0f} % are needed: check the quantisation",
                                    agreement->against, 100 * *agreement->top1_ratio, 100 * kInt8Top1));
    }
  } else if (*agreement->max_error > agreement->tolerance) {
    invalid.push_back(fmt::format("outputs disagree with {}: error {:.3g}, {:g} is allowed; check precision and preprocessing",
                                  agreement->against, *agreement->max_error, agreement->tolerance));
  }
}

/// Largest value of an optional sensor over the starts; nullopt when none has it.
template <class Get>
std::optional<double> largest(std::span<const StartRecord> starts, Get get) {
  std::optional<double> result;
  for (const StartRecord& start : starts) {
    if (const auto value = get(start.surroundings))
      result = std::max(result.value_or(static_cast<double>(*value)), static_cast<double>(*value));
  }
  return result;
}

/// What one start gave, in order: times of requests, or, of a window, the rates of its blocks; and its figure in the same unit.
struct Course {
  std::vector<double> values;
  double figure = 0;
};
Course course_of(const StartRecord& start) {
  if (start.window) {
    const ThroughputWindow& window = *start.window;
    return {window.block_requests_per_s, window.seconds > 0 ? window.requests / window.seconds : 0};
  }
  Course course{as_doubles(start.samples_ns), 0};
  course.figure = stats::median(course.values).value_or(0);
  return course;
}

void judge_spread(const Evidence& evidence, std::vector<std::string>& unstable) {
  std::vector<double> figures;
  double drift = 0, deviation = 0;
  std::string_view what = "medians";
  for (std::size_t i = 0; i < evidence.starts.size(); ++i) {
    if (!evidence.pooled[i]) continue;
    const Course course = course_of(evidence.starts[i]);
    if (evidence.starts[i].window) what = "images a second";
    if (course.figure <= 0) continue;
    figures.push_back(course.figure);
    deviation = std::max(deviation, stats::median_absolute_deviation(course.values).value_or(0) / course.figure);
    const Drift one = drift_of(course.values);
    if (one.disjoint) drift = std::max(drift, one.ratio);
  }
  if (figures.size() > 1) {
    const auto [low, high] = std::minmax_element(figures.begin(), figures.end());
    const double apart = *high / *low - 1;
    if (apart > kStartsApart) {
      unstable.push_back(fmt::format("starts' {} {:.1f} % apart: close other programs, or raise --starts", what, 100 * apart));
    }
  }
  if (drift > kDrift) {
    unstable.push_back(fmt::format("drift within a start: its halves' {} {:.1f} % apart; let the machine cool (--pause-s) or fix its clock",
                                   what, 100 * drift));
  }
  if (deviation > kDeviation) {
    unstable.push_back(fmt::format(
        "samples scatter: median absolute deviation {:.1f} % of the median; close other programs, or pin with --cpus", 100 * deviation));
  }
}

void judge_surroundings(const Evidence& evidence, std::vector<std::string>& unstable) {
  const auto far = std::count_if(evidence.states.begin(), evidence.states.end(),
                                 [](CoreState state) { return state == CoreState::far || state == CoreState::changed; });
  if (far > 0) {
    unstable.push_back(
        fmt::format("cores far apart in {} of {} starts: run again when the host has moved the virtual cores together "
                    "(--retry unstable), or use one thread",
                    far, evidence.states.size()));
  }
  if (const auto load = largest(evidence.starts, [](const Surroundings& s) { return s.foreign_load_ratio; });
      load && *load > kForeignLoad) {
    unstable.push_back(fmt::format("other processes used {:.0f} % of the cores: close them", 100 * *load));
  }
  if (const auto stolen = largest(evidence.starts, [](const Surroundings& s) { return s.stolen_ratio; }); stolen && *stolen > kStolen) {
    unstable.push_back(fmt::format("the hypervisor took {:.1f} % of the time: run when the host is quiet", 100 * *stolen));
  }
  if (const auto events = largest(evidence.starts, [](const Surroundings& s) { return s.throttle_events; }); events && *events > 0) {
    unstable.push_back(fmt::format("the processor throttled {:.0f} times: cool it, or pause between starts (--pause-s)", *events));
  }
  for (const StartRecord& start : evidence.starts) {
    const auto mean = start.surroundings.cpu_mhz_mean, least = start.surroundings.cpu_mhz_min;
    if (!mean || !least || *least >= (1 - kClockFall) * *mean) continue;
    unstable.push_back(
        fmt::format("the clock fell to {:.0f} MHz, its mean was {:.0f}: cool the processor, or fix its clock", *least, *mean));
    break;
  }
  if (const auto speedup = largest(evidence.starts, [](const Surroundings& s) { return s.repeat_speedup_low; });
      speedup && *speedup > kCaching) {
    unstable.push_back(
        fmt::format("a repeated input is at least {:.0f} % faster than a new one: the engine may keep results", 100 * (*speedup - 1)));
  }
}

}  // namespace

std::string_view name_of(VerdictKind verdict) {
  switch (verdict) {
    case VerdictKind::invalid: return "invalid";
    case VerdictKind::unstable: return "unstable";
    case VerdictKind::unchecked: return "unchecked";
    case VerdictKind::valid: return "valid";
  }
  return "invalid";
}

bool is_trusted_build() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
  return false;
#else
  return true;
#endif
}

Drift drift_of(std::span<const double> values) {
  constexpr std::size_t kLeast = 20;
  Drift drift;
  if (values.size() < kLeast) return drift;
  const std::size_t half = values.size() / 2;
  const std::span<const double> first = values.first(half), second = values.subspan(half);
  const auto a = stats::median(first), b = stats::median(second);
  const auto interval_a = stats::median_interval(first), interval_b = stats::median_interval(second);
  if (!a || !b || *a <= 0 || !interval_a || !interval_b) return drift;
  drift.ratio = std::abs(*b / *a - 1);
  drift.disjoint = interval_a->high < interval_b->low || interval_b->high < interval_a->low;
  return drift;
}

Verdict judge(const Evidence& evidence) {
  std::vector<std::string> invalid, unstable, unchecked;
  judge_outputs(evidence, invalid, unchecked);
  const bool computes = std::all_of(evidence.starts.begin(), evidence.starts.end(), [](const StartRecord& s) { return s.computes; });
  if (computes && evidence.harness_ratio > kHarness) {
    invalid.push_back(fmt::format("the timer costs {:.1f} % of a request: raise --batch", 100 * evidence.harness_ratio));
  }
  if (!evidence.trusted_build) invalid.push_back("debug or sanitizer build: build with the release preset");
  judge_spread(evidence, unstable);
  judge_surroundings(evidence, unstable);

  Verdict verdict;
  verdict.kind = !invalid.empty()     ? VerdictKind::invalid
                 : !unstable.empty()  ? VerdictKind::unstable
                 : !unchecked.empty() ? VerdictKind::unchecked
                                      : VerdictKind::valid;
  for (const auto* reasons : {&invalid, &unstable, &unchecked}) {
    verdict.reasons.insert(verdict.reasons.end(), reasons->begin(), reasons->end());
  }
  return verdict;
}

}  // namespace inferometer::measure
