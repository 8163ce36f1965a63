#include "report/choice.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "stats/pareto.h"

namespace inferometer::report {
namespace {

using Order = std::vector<Quantity>;

const std::map<std::string, Order>& orders() {
  static const std::map<std::string, Order> all{
      {"accuracy", {Quantity::accuracy, Quantity::latency_ms, Quantity::images_per_s}},
      {"speed", {Quantity::images_per_s, Quantity::accuracy, Quantity::latency_ms}},
      {"latency", {Quantity::latency_ms, Quantity::accuracy, Quantity::images_per_s}},
      {"memory", {Quantity::memory_mb, Quantity::accuracy, Quantity::latency_ms}},
      {"energy", {Quantity::energy_j_per_image, Quantity::accuracy, Quantity::latency_ms}},
  };
  return all;
}

/// Better first; an unknown figure comes after every known one. Then what is believed more: valid rows before unstable ones, measured
/// before predicted.
class Better {
 public:
  Better(const std::vector<Candidate>& all, Order order) : all_(all), order_(std::move(order)) {}

  bool operator()(std::size_t a, std::size_t b) const {
    for (const Quantity quantity : order_) {
      const std::optional<double>&left = all_[a][quantity], &right = all_[b][quantity];
      if (left.has_value() != right.has_value()) return left.has_value();
      if (!left || *left == *right) continue;
      return less_is_better(quantity) ? *left < *right : *left > *right;
    }
    return doubt(all_[a]) < doubt(all_[b]);
  }

 private:
  static int doubt(const Candidate& candidate) {
    return (candidate.origin == "predicted" ? 2 : 0) + (candidate.verdict == "unstable" ? 1 : 0);
  }

  const std::vector<Candidate>& all_;
  Order order_;
};

std::vector<ConstraintOutcome> asked(const RecommendSpec& spec) {
  std::vector<ConstraintOutcome> constraints;
  for (const ConstraintField& field : constraint_fields()) {
    if (spec.*field.limit) constraints.push_back({.field = &field, .quantity = quantity_of(field.quantity), .limit = *(spec.*field.limit)});
  }
  return constraints;
}

/// How far a figure misses a limit, as a ratio above 1.
double miss(const ConstraintOutcome& constraint, const Candidate& candidate) {
  const double value = *candidate[constraint.quantity];
  return constraint.field->is_least ? constraint.limit / value : value / constraint.limit;
}

/// Sort the candidates into those that satisfy and those that might.
void judge(Choice& choice) {
  std::vector<std::vector<std::size_t>> against(choice.constraints.size()), alone(choice.constraints.size());
  for (std::size_t i = 0; i < choice.candidates.all.size(); ++i) {
    const Candidate& candidate = choice.candidates.all[i];
    std::vector<std::size_t> refusing;
    bool is_known = true;
    for (std::size_t k = 0; k < choice.constraints.size(); ++k) {
      ConstraintOutcome& constraint = choice.constraints[k];
      switch (answer_of(constraint, candidate)) {
        case Answer::yes: ++constraint.satisfied; break;
        case Answer::no: refusing.push_back(k); break;
        case Answer::unknown:
          ++constraint.unknown;
          is_known = false;
          break;
      }
    }
    for (const std::size_t k : refusing) against[k].push_back(i);
    if (refusing.size() == 1) alone[refusing.front()].push_back(i);
    if (refusing.empty()) (is_known ? choice.satisfying : choice.undecided).push_back(i);
  }
  for (std::size_t k = 0; k < choice.constraints.size(); ++k) {
    ConstraintOutcome& constraint = choice.constraints[k];
    constraint.ruled_out = against[k].size();
    constraint.alone = alone[k].size();
    const std::vector<std::size_t>& near = alone[k].empty() ? against[k] : alone[k];
    if (near.empty()) continue;
    constraint.nearest = *std::min_element(near.begin(), near.end(), [&](std::size_t a, std::size_t b) {
      return miss(constraint, choice.candidates.all[a]) < miss(constraint, choice.candidates.all[b]);
    });
  }
}

/// The time that matters: a rate where one is asked for or wished, else a request's time.
Quantity speed_axis(const RecommendSpec& spec) {
  const bool rate = spec.prefer == "speed" || (spec.min_images_per_s && !spec.max_latency_ms);
  return rate ? Quantity::images_per_s : Quantity::latency_ms;
}

std::vector<Front> fronts_of(const RecommendSpec& spec, const Choice& choice) {
  std::vector<std::size_t> rows = choice.satisfying;
  if (rows.empty()) {
    for (std::size_t i = 0; i < choice.candidates.all.size(); ++i) rows.push_back(i);
  }
  std::vector<Front> fronts;
  for (const Quantity against : {speed_axis(spec), Quantity::memory_mb, Quantity::energy_j_per_image}) {
    std::vector<std::size_t> known;
    std::vector<double> x, y;
    for (const std::size_t i : rows) {
      const Candidate& candidate = choice.candidates.all[i];
      if (!candidate[against] || !candidate[Quantity::accuracy]) continue;
      known.push_back(i);
      x.push_back(*candidate[against]);
      y.push_back(*candidate[Quantity::accuracy]);
    }
    if (known.empty()) continue;
    Front front{.against = against, .members = {}};
    const stats::Wish wish = less_is_better(against) ? stats::Wish::smallest : stats::Wish::largest;
    for (const std::size_t place : stats::pareto_front(x, y, wish)) front.members.push_back(known[place]);
    fronts.push_back(std::move(front));
  }
  return fronts;
}

}  // namespace

const std::array<ConstraintField, 6>& constraint_fields() {
  static const std::array<ConstraintField, 6> fields{{
      {"min_images_per_s", "images_per_s", &RecommendSpec::min_images_per_s, true, "At least so many images per second"},
      {"max_latency_ms", "latency_ms", &RecommendSpec::max_latency_ms, false, "At most this median time of a request"},
      {"max_p99_ms", "p99_ms", &RecommendSpec::max_p99_ms, false, "At most this 99th percentile of a request's time"},
      {"max_memory_mb", "memory_mb", &RecommendSpec::max_memory_mb, false, "At most this peak memory, in 10^6 bytes"},
      {"max_power_w", "power_w", &RecommendSpec::max_power_w, false, "At most this mean power"},
      {"min_top1", "top1", &RecommendSpec::min_top1, true, "At least this top-1 accuracy, in percent", 100},
  }};
  return fields;
}

const std::vector<std::string>& preferences() {
  static const std::vector<std::string> names{"accuracy", "speed", "latency", "memory", "energy"};
  return names;
}

void check_recommend(const RecommendSpec& spec) {
  if (orders().count(spec.prefer) == 0) {
    throw Error(ErrorCode::usage, fmt::format("prefer: unknown '{}'", one_line(spec.prefer, 60)), "known: " + join(preferences(), ", "));
  }
  if (spec.accuracy != "top1" && spec.accuracy != "measured_top1") {
    throw Error(ErrorCode::usage, fmt::format("accuracy: unknown column '{}'", one_line(spec.accuracy, 60)),
                "known: top1 (published), measured_top1 (by `inferometer evaluate`)");
  }
  for (const ConstraintField& field : constraint_fields()) {
    const std::optional<double>& limit = spec.*field.limit;
    if (limit && !(*limit > 0 && std::isfinite(*limit)))
      throw Error(ErrorCode::usage, fmt::format("{}: must be above 0", field.key), std::string(field.description));
    if (limit && *limit > field.most)
      throw Error(ErrorCode::usage, fmt::format("{}: {} is above {}", field.key, *limit, field.most), std::string(field.description));
  }
}

Answer answer_of(const ConstraintOutcome& constraint, const Candidate& candidate) {
  const std::optional<double>& value = candidate[constraint.quantity];
  if (!value) return Answer::unknown;
  return (constraint.field->is_least ? *value >= constraint.limit : *value <= constraint.limit) ? Answer::yes : Answer::no;
}

std::vector<Quantity> order_of(const std::string& preference) { return orders().at(preference); }

Choice choose(const RecommendSpec& spec, const Frame& frame) {
  Choice choice;
  choice.candidates = candidates_of(frame, spec.accuracy);
  choice.constraints = asked(spec);
  judge(choice);
  const std::vector<Candidate>& all = choice.candidates.all;
  std::stable_sort(choice.satisfying.begin(), choice.satisfying.end(), Better(all, order_of(spec.prefer)));
  if (choice.satisfying.size() > 1) {
    const auto other = std::find_if(choice.satisfying.begin(), choice.satisfying.end(),
                                    [&](std::size_t i) { return all[i].model != all[choice.satisfying.front()].model; });
    choice.runner_up = other == choice.satisfying.end() ? choice.satisfying[1] : *other;
  }
  choice.fronts = fronts_of(spec, choice);
  return choice;
}

const std::vector<std::string>& recommend_columns() {
  static const std::vector<std::string> columns{"model",
                                                "network",
                                                "origin",
                                                "status",
                                                "verdict",
                                                "repro",
                                                "engine",
                                                "engine_settings",
                                                "device",
                                                "precision",
                                                "threads",
                                                "streams",
                                                "requests",
                                                "batch",
                                                "mode",
                                                "input_height",
                                                "platform",
                                                "top1",
                                                "measured_top1",
                                                "measured_top1_low",
                                                "measured_top1_high",
                                                "images_per_s",
                                                "images_per_s_low",
                                                "images_per_s_high",
                                                "latency_median_ms",
                                                "latency_median_low_ms",
                                                "latency_median_high_ms",
                                                "latency_mean_ms",
                                                "latency_p99_ms",
                                                "latency_p99_high_ms",
                                                "per_image_ms",
                                                "peak_memory_mb",
                                                "power_w",
                                                "images_per_s_per_w",
                                                "citation",
                                                "timed"};
  return columns;
}

Recommendation recommend(const RecommendSpec& spec, const Frame& frame) {
  check_recommend(spec);
  if (frame.size() == 0)
    throw Error(ErrorCode::input, fmt::format("{}: holds no row to choose from", frame.name), "`inferometer run` measures some");
  const Choice choice = choose(spec, frame);
  return {describe_choice(spec, frame, choice), choice.chosen().has_value()};
}

}  // namespace inferometer::report
