/// Decide among candidates under constraints; what is said of it stands in recommend_report.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "report/candidates.h"
#include "report/recommend.h"

namespace inferometer::report {

/// What one constraint did. Numbers are of candidates.
struct ConstraintOutcome {
  const ConstraintField* field = nullptr;
  Quantity quantity = Quantity::accuracy;
  double limit = 0;
  std::size_t satisfied = 0, ruled_out = 0, unknown = 0;
  std::size_t alone = 0;  ///< of those ruled out, those that no other constraint rules out
  /// Index of the candidate that misses the limit by the smallest ratio: of those that this constraint alone stands against, else of all it
  /// rules out.
  std::optional<std::size_t> nearest;
};

/// Candidates that no other beats in accuracy and one more quantity.
struct Front {
  Quantity against = Quantity::latency_ms;
  std::vector<std::size_t> members;  ///< indices, by that quantity from the best on
};

struct Choice {
  Candidates candidates;
  std::vector<ConstraintOutcome> constraints;
  std::vector<std::size_t> satisfying;   ///< indices of candidates, the best first
  std::vector<std::size_t> undecided;    ///< no constraint rules them out, but some figure is unknown; in order of the frame
  std::vector<Front> fronts;             ///< of those that satisfy; of all where none does
  std::optional<std::size_t> runner_up;  ///< the best of another network than the chosen one, else the second

  std::optional<std::size_t> chosen() const { return satisfying.empty() ? std::nullopt : std::optional(satisfying.front()); }
};

enum class Answer : unsigned char { yes, no, unknown };
Answer answer_of(const ConstraintOutcome& constraint, const Candidate& candidate);

/// What `prefer` wants first; then what breaks ties.
std::vector<Quantity> order_of(const std::string& preference);

Choice choose(const RecommendSpec& spec, const Frame& frame);

/// Tables, sentences, JSON and chart of a choice.
AnalysisResult describe_choice(const RecommendSpec& spec, const Frame& frame, const Choice& choice);
/// What to measure to be surer of it, one sentence each.
std::vector<std::string> next_steps(const RecommendSpec& spec, const Frame& frame, const Choice& choice);
/// Accuracy against each quantity that a front was found for: one panel each. No panel: no chart.
Chart choice_chart(const RecommendSpec& spec, const Frame& frame, const Choice& choice);

/// "33.40 ms".
std::string figure_text(Quantity quantity, double value);
/// " (predicted)", " (published)", or nothing.
std::string origin_mark(const Candidate& candidate);

}  // namespace inferometer::report
