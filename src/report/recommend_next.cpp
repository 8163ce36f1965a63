#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "report/choice.h"
#include "report/complete_cases.h"

namespace inferometer::report {
namespace {

/// How a figure that a row lacks is had.
std::string_view remedy(Quantity quantity) {
  switch (quantity) {
    case Quantity::power_w:
    case Quantity::energy_j_per_image: return "measure with a power meter (docs/power.md)";
    case Quantity::p99_ms: return "measure longer: a 99th percentile needs 459 requests";
    case Quantity::accuracy: return "`inferometer evaluate` tests on labelled images (--accuracy measured_top1)";
    case Quantity::memory_mb: return "`inferometer run` measures memory";
    case Quantity::images_per_s:
    case Quantity::latency_ms: return "`inferometer run` measures it";
  }
  return "";
}

/// "`inferometer run ...`" where the row tells how it was made.
std::string command_of(const Candidate& candidate) { return candidate.repro.empty() ? "" : fmt::format(": `{} --again`", candidate.repro); }

/// Whether `predict` says of a row that it is one of sizes outside the calibrated ones; a file's columns that a row lacks stand in its
/// notes.
bool is_outside(const Frame& frame, const Candidate& candidate) {
  return frame.has("notes") && frame.texts("notes")[candidate.row].find("in_calibrated_range=false") != std::string::npos;
}

void add_doubts(std::vector<std::string>& steps, const Frame& frame, const Choice& choice, std::size_t i) {
  const Candidate& candidate = choice.candidates.all[i];
  const std::string title = title_of(choice.candidates, candidate, frame);
  if (candidate.origin == "predicted") {
    steps.push_back(fmt::format("{} is predicted, not measured{}: measure it with `inferometer run`.", title,
                                is_outside(frame, candidate) ? ", and has layers of sizes that its calibration never timed" : ""));
  } else if (candidate.origin == "published") {
    steps.push_back(fmt::format(
        "{} was measured by others, on their machine and with their share of the work inside the timer: measure it on yours.", title));
  } else if (candidate.verdict == "unstable") {
    steps.push_back(fmt::format("{} is unstable: measure it again{}.", title, command_of(candidate)));
  } else if (candidate.verdict == "unchecked") {
    steps.push_back(fmt::format("{} is unchecked: its outputs were compared with nothing.", title));
  }
}

/// Limits that lie inside the interval of the chosen row's figure.
void add_close_limits(std::vector<std::string>& steps, const Frame& frame, const Choice& choice, const Candidate& chosen) {
  for (const ConstraintOutcome& constraint : choice.constraints) {
    const std::optional<stats::Interval>& interval = chosen.interval(constraint.quantity);
    if (!interval) continue;
    const bool reaches = constraint.field->is_least ? interval->low < constraint.limit : interval->high > constraint.limit;
    if (!reaches) continue;
    steps.push_back(fmt::format("the interval of {}'s {}, {} to {}, reaches past the limit of {}{}.",
                                title_of(choice.candidates, chosen, frame), words_of(constraint.quantity), rounded_text(interval->low),
                                figure_text(constraint.quantity, interval->high), rounded_text(constraint.limit), command_of(chosen)));
  }
}

void add_overlap(std::vector<std::string>& steps, const RecommendSpec& spec, const Frame& frame, const Choice& choice) {
  const Candidate &chosen = choice.candidates.all[*choice.chosen()], &second = choice.candidates.all[*choice.runner_up];
  const Quantity wanted = order_of(spec.prefer).front();
  const std::string pair = fmt::format("{} and {}", title_of(choice.candidates, chosen, frame), title_of(choice.candidates, second, frame));
  if (chosen[wanted] && second[wanted] && *chosen[wanted] == *second[wanted]) {
    steps.push_back(
        fmt::format("{} are equal in {}; what breaks the tie is {}.", pair, words_of(wanted), words_of(order_of(spec.prefer)[1])));
    return;
  }
  const std::optional<stats::Interval>&a = chosen.interval(wanted), &b = second.interval(wanted);
  if (!a || !b) return;
  const bool overlap = a->low <= b->high && b->low <= a->high;
  if (!overlap) return;
  steps.push_back(
      wanted == Quantity::accuracy
          ? fmt::format("the {} of {} are not told apart by so many images.", words_of(wanted), pair)
          : fmt::format("the intervals of {} overlap in {}: `inferometer compare` measures them in turns.", pair, words_of(wanted)));
}

void add_missing(std::vector<std::string>& steps, const Choice& choice) {
  for (const ConstraintOutcome& constraint : choice.constraints) {
    const auto lacks = [&](std::size_t i) { return !choice.candidates.all[i][constraint.quantity]; };
    const auto count = static_cast<std::size_t>(std::count_if(choice.undecided.begin(), choice.undecided.end(), lacks));
    if (count == 0) continue;
    steps.push_back(fmt::format("{} might satisfy if {} {} were known; {}.", counted(count, "more row"), count == 1 ? "its" : "their",
                                words_of(constraint.quantity), remedy(constraint.quantity)));
  }
}

}  // namespace

std::vector<std::string> next_steps(const RecommendSpec& spec, const Frame& frame, const Choice& choice) {
  std::vector<std::string> steps;
  if (choice.chosen()) {
    add_doubts(steps, frame, choice, *choice.chosen());
    add_close_limits(steps, frame, choice, choice.candidates.all[*choice.chosen()]);
    if (choice.runner_up) {
      add_overlap(steps, spec, frame, choice);
      // What holds for both need not be said twice.
      const Candidate &chosen = choice.candidates.all[*choice.chosen()], &second = choice.candidates.all[*choice.runner_up];
      if (second.origin != chosen.origin || second.verdict == "unstable") add_doubts(steps, frame, choice, *choice.runner_up);
    }
  }
  add_missing(steps, choice);
  return steps;
}

}  // namespace inferometer::report
