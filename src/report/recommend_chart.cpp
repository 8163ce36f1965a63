#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "report/choice.h"
#include "report/column_titles.h"
#include "report/complete_cases.h"
#include "report/front.h"

namespace inferometer::report {
namespace {

enum class Kind : std::uint8_t { ruled_out, satisfies, chosen };

std::string axis_of(Quantity quantity, const RecommendSpec& spec) {
  switch (quantity) {
    case Quantity::accuracy: return axis_title(spec.accuracy);
    case Quantity::images_per_s: return axis_title("images_per_s");
    case Quantity::latency_ms: return "Time of a request, ms";
    case Quantity::memory_mb: return axis_title("peak_memory_mb");
    case Quantity::energy_j_per_image: return "Energy per image, J";
    default: return std::string(words_of(quantity));
  }
}

/// Fronts are many rows; the names of those that share a network are said once, where it is most accurate or first.
class Labels {
 public:
  std::string next(const std::string& model) {
    return std::find(said_.begin(), said_.end(), model) == said_.end() ? said_.emplace_back(model) : "";
  }

 private:
  std::vector<std::string> said_;
};

class Maker {
 public:
  Maker(const RecommendSpec& spec, const Frame& frame, const Choice& choice) : spec_(spec), frame_(frame), choice_(choice) {}

  Panel panel(const Front& front) {
    Panel panel;
    panel.x = {axis_of(front.against, spec_), Scale::log10};
    panel.y.title = axis_of(Quantity::accuracy, spec_);
    Labels labels;
    std::array<Series, 3> series{{{.name = "ruled out or unknown", .points = {}, .color = kNeutral, .marker = Marker::cross},
                                  {.name = "satisfies", .points = {}, .color = 0, .marker = Marker::circle},
                                  {.name = "choice", .points = {}, .color = 1, .marker = Marker::star}}};
    std::array<std::vector<bool>, 3> published;
    std::vector<Point> best;
    for (const std::size_t i : front.members) best.push_back(bare_point(i, front.against));
    for (std::size_t i = 0; i < choice_.candidates.all.size(); ++i) {
      const Candidate& candidate = choice_.candidates.all[i];
      if (!candidate[front.against] || !candidate[Quantity::accuracy]) continue;
      const auto kind = static_cast<std::size_t>(kind_of(i));
      Point point = bare_point(i, front.against);
      const bool is_front = std::find(front.members.begin(), front.members.end(), i) != front.members.end();
      if (is_front || kind_of(i) == Kind::chosen) point.label = labels.next(candidate.model);
      point.tooltip = tooltip(candidate, front.against);
      point.hollow = candidate.verdict == "unstable" || candidate.verdict == "unchecked" || candidate.origin == "predicted";
      series[kind].points.push_back(std::move(point));
      published[kind].push_back(candidate.origin == "published");
    }
    for (std::size_t k = 0; k < series.size(); ++k) {
      for (Series& part : by_origin(series[k], published[k])) panel.series.push_back(std::move(part));
    }
    panel.series.push_back(front_series(best, wish_of(name_of(front.against)), stats::Wish::largest));
    add_limits(panel, front.against);
    return panel;
  }

 private:
  Kind kind_of(std::size_t i) const {
    if (choice_.chosen() == i) return Kind::chosen;
    return std::find(choice_.satisfying.begin(), choice_.satisfying.end(), i) == choice_.satisfying.end() ? Kind::ruled_out
                                                                                                          : Kind::satisfies;
  }

  Point bare_point(std::size_t i, Quantity against) const {
    const Candidate& candidate = choice_.candidates.all[i];
    return {.x = *candidate[against], .y = *candidate[Quantity::accuracy]};
  }

  std::string tooltip(const Candidate& candidate, Quantity against) const {
    return fmt::format("{}{}\n{}\n{}", title_of(choice_.candidates, candidate, frame_), origin_mark(candidate),
                       figure_text(against, *candidate[against]), figure_text(Quantity::accuracy, *candidate[Quantity::accuracy]));
  }

  void add_limits(Panel& panel, Quantity against) const {
    for (const ConstraintOutcome& constraint : choice_.constraints) {
      const std::string label = figure_text(constraint.quantity, constraint.limit);
      if (constraint.quantity == against) panel.lines.push_back({false, constraint.limit, label, Stroke::dotted});
      if (constraint.quantity == Quantity::accuracy) panel.lines.push_back({true, constraint.limit, label, Stroke::dotted});
    }
  }

  const RecommendSpec& spec_;
  const Frame& frame_;
  const Choice& choice_;
};

}  // namespace

Chart choice_chart(const RecommendSpec& spec, const Frame& frame, const Choice& choice) {
  Chart chart;
  chart.title = spec.title.empty() ? "Accuracy against what it costs" : spec.title;
  Maker maker(spec, frame, choice);
  for (const Front& front : choice.fronts) {
    // One row makes no front, and a figure of it says nothing.
    if (choice.candidates.all.size() > 1) chart.panels.push_back(maker.panel(front));
  }
  chart.columns = chart.panels.size() > 1 ? 2 : 1;
  if (chart.panels.size() > 1) chart.panel_height = 360;
  chart.caption =
      fmt::format("{}, {}. Line: rows {}that no other beats; dotted: limits. Hollow: unstable, unchecked or predicted.", frame.name,
                  counted(choice.candidates.all.size(), "row"), choice.satisfying.empty() ? "" : "that satisfy and ");
  return chart;
}

}  // namespace inferometer::report
