#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/analysis_text.h"
#include "report/choice.h"
#include "report/complete_cases.h"

namespace inferometer::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<Quantity, kQuantityCount> kAll{
    Quantity::accuracy,  Quantity::images_per_s, Quantity::latency_ms,        Quantity::p99_ms,
    Quantity::memory_mb, Quantity::power_w,      Quantity::energy_j_per_image};

std::string key_of(Quantity quantity, const RecommendSpec& spec) {
  return quantity == Quantity::accuracy ? spec.accuracy : std::string(name_of(quantity));
}

std::string role_of(const Choice& choice, std::size_t i) {
  if (choice.chosen() == i) return "choice";
  return choice.runner_up == i ? "runner-up" : "";
}

/// The quantities in which nothing beats it, accuracy apart.
std::vector<std::string> fronts_with(const Choice& choice, std::size_t i) {
  std::vector<std::string> names;
  for (const Front& front : choice.fronts) {
    if (std::find(front.members.begin(), front.members.end(), i) != front.members.end()) names.emplace_back(name_of(front.against));
  }
  return names;
}

std::vector<Quantity> known_quantities(const Choice& choice) {
  std::vector<Quantity> known;
  for (const Quantity quantity : kAll) {
    const auto has = [&](const Candidate& candidate) { return candidate[quantity].has_value(); };
    if (std::any_of(choice.candidates.all.begin(), choice.candidates.all.end(), has)) known.push_back(quantity);
  }
  return known;
}

/// The best row of each network, and every row of a front; the best first.
std::vector<std::size_t> rows_shown(const Choice& choice) {
  std::vector<std::size_t> shown;
  std::set<std::string> models;
  for (const std::size_t i : choice.satisfying) {
    const bool is_first = models.insert(choice.candidates.all[i].model).second;
    if (is_first || choice.runner_up == i || !fronts_with(choice, i).empty()) shown.push_back(i);
  }
  return shown;
}

Table choice_table(const RecommendSpec& spec, const Frame& frame, const Choice& choice) {
  const std::vector<Quantity> quantities = known_quantities(choice);
  const std::vector<std::size_t> shown = rows_shown(choice);
  Table table;
  table.title = "Rows that satisfy every constraint: the best of each network, and what nothing beats";
  table.columns = {"", "model"};
  table.columns.front() = "role";
  table.columns.insert(table.columns.end(), choice.candidates.settings.begin(), choice.candidates.settings.end());
  for (const Quantity quantity : quantities) table.columns.push_back(key_of(quantity, spec));
  table.columns.insert(table.columns.end(), {"front", "origin", "verdict"});
  for (const std::size_t i : shown) {
    const Candidate& candidate = choice.candidates.all[i];
    std::vector<Cell> line{role_of(choice, i), candidate.model};
    for (const std::string& column : choice.candidates.settings) line.emplace_back(frame.texts(column)[candidate.row]);
    for (const Quantity quantity : quantities) line.push_back(to_cell(candidate[quantity]));
    line.insert(line.end(), {fronts_with(choice, i), candidate.origin, candidate.verdict});
    table.rows.push_back(std::move(line));
  }
  if (choice.satisfying.size() > shown.size())
    table.notes.push_back(fmt::format("{} of these networks satisfy too.", counted(choice.satisfying.size() - shown.size(), "more row")));
  table.notes.emplace_back("front: no other row that satisfies is better both in accuracy and in this.");
  return table;
}

Table constraint_table(const Frame& frame, const Choice& choice) {
  Table table;
  table.title = "What each constraint rules out";
  table.columns = {"constraint", "limit", "satisfied", "ruled out", "by it alone", "unknown", "nearest miss", "its figure"};
  for (const ConstraintOutcome& constraint : choice.constraints) {
    const Candidate* nearest = constraint.nearest ? &choice.candidates.all[*constraint.nearest] : nullptr;
    table.rows.push_back({std::string(constraint.field->key), constraint.limit, static_cast<std::int64_t>(constraint.satisfied),
                          static_cast<std::int64_t>(constraint.ruled_out), static_cast<std::int64_t>(constraint.alone),
                          static_cast<std::int64_t>(constraint.unknown),
                          nearest != nullptr ? Cell(title_of(choice.candidates, *nearest, frame) + origin_mark(*nearest)) : Cell(),
                          nearest != nullptr ? Cell(*(*nearest)[constraint.quantity]) : Cell()});
  }
  table.notes.emplace_back(
      "unknown: rows without the figure; they never satisfy. Nearest miss: of the rows that this constraint alone stands against, if any.");
  return table;
}

std::string reasons(const RecommendSpec& spec, const Choice& choice, const Candidate& chosen) {
  std::vector<std::string> parts;
  for (const ConstraintOutcome& constraint : choice.constraints) {
    parts.push_back(fmt::format("{} {} ({} {})", words_of(constraint.quantity),
                                figure_text(constraint.quantity, *chosen[constraint.quantity]),
                                constraint.field->is_least ? "at least" : "at most", rounded_text(constraint.limit)));
  }
  const Quantity wanted = order_of(spec.prefer).front();
  const bool is_listed = std::any_of(choice.constraints.begin(), choice.constraints.end(),
                                     [&](const ConstraintOutcome& constraint) { return constraint.quantity == wanted; });
  if (!is_listed && chosen[wanted]) parts.push_back(fmt::format("{} {}", words_of(wanted), figure_text(wanted, *chosen[wanted])));
  // What broke ties where the wanted figure is unknown.
  for (const Quantity quantity : order_of(spec.prefer))
    if (parts.empty() && chosen[quantity])
      parts.push_back(fmt::format("{} {}", words_of(quantity), figure_text(quantity, *chosen[quantity])));
  return join(parts, ", ");
}

std::string choice_sentence(const RecommendSpec& spec, const Frame& frame, const Choice& choice) {
  const Candidate& chosen = choice.candidates.all[*choice.chosen()];
  const Quantity wanted = order_of(spec.prefer).front();
  const std::string why = chosen[wanted] ? fmt::format("the {} {} of", less_is_better(wanted) ? "least" : "highest", words_of(wanted))
                                         : fmt::format("by what breaks ties, since {} is unknown for all of", words_of(wanted));
  return fmt::format("Choice: {}{}: {} {} that {}: {}.", title_of(choice.candidates, chosen, frame), origin_mark(chosen), why,
                     counted(choice.satisfying.size(), "row"), choice.satisfying.size() == 1 ? "satisfies" : "satisfy",
                     reasons(spec, choice, chosen));
}

std::string names_of(const Choice& choice, const std::vector<std::size_t>& rows, std::size_t most) {
  std::vector<std::string> names;
  for (const std::size_t i : rows) {
    const std::string& name = choice.candidates.all[i].model;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  const std::size_t more = names.size() > most ? names.size() - most : 0;
  names.resize(names.size() - more);
  return join(names, ", ") + (more > 0 ? fmt::format(" and {} more", more) : "");
}

void say_choice(std::vector<std::string>& sentences, const RecommendSpec& spec, const Frame& frame, const Choice& choice) {
  constexpr std::size_t kMostNames = 12;
  if (!choice.chosen()) {
    sentences.push_back(
        fmt::format("No row satisfies {}.", choice.constraints.empty() ? "anything: none is a candidate" : "every constraint"));
    for (const ConstraintOutcome& constraint : choice.constraints) {
      if (constraint.alone > 0) {
        const Candidate& nearest = choice.candidates.all[*constraint.nearest];
        sentences.push_back(fmt::format("Nearest by {} alone: {}{} with {}.", constraint.field->key,
                                        title_of(choice.candidates, nearest, frame), origin_mark(nearest),
                                        figure_text(constraint.quantity, *nearest[constraint.quantity])));
      }
    }
    return;
  }
  sentences.push_back(choice_sentence(spec, frame, choice));
  if (choice.runner_up) {
    const Candidate& second = choice.candidates.all[*choice.runner_up];
    sentences.push_back(fmt::format("Runner-up: {}{}: {}.", title_of(choice.candidates, second, frame), origin_mark(second),
                                    reasons(spec, choice, second)));
  }
  sentences.push_back(fmt::format("Networks that satisfy: {}.", names_of(choice, choice.satisfying, kMostNames)));
}

void say_rest(std::vector<std::string>& sentences, const Choice& choice) {
  if (!choice.undecided.empty()) {
    std::vector<std::string> lacking;
    for (const ConstraintOutcome& constraint : choice.constraints) {
      const auto lacks = [&](std::size_t i) { return !choice.candidates.all[i][constraint.quantity]; };
      const auto count = static_cast<std::size_t>(std::count_if(choice.undecided.begin(), choice.undecided.end(), lacks));
      if (count > 0) lacking.push_back(fmt::format("{} of {}", words_of(constraint.quantity), counted(count, "row")));
    }
    sentences.push_back(fmt::format("Note: unknown, and so no candidates though nothing rules them out: {} ({}).", join(lacking, ", "),
                                    names_of(choice, choice.undecided, 8)));
  }
  for (const auto& [why, count] : choice.candidates.left_out)
    sentences.push_back(fmt::format("Note: {} left out: {}.", count == 1 ? "1 row is" : fmt::format("{} rows are", count), why));
  const auto is_derived = [](const Candidate& candidate) { return candidate.latency_is_derived; };
  const auto derived = std::count_if(choice.candidates.all.begin(), choice.candidates.all.end(), is_derived);
  if (derived > 0) {
    sentences.push_back(
        fmt::format("Note: of {} the time of a request is the mean time per image times the batch size, since no other is known.",
                    counted(static_cast<std::size_t>(derived), "row")));
  }
}

Json candidate_json(const RecommendSpec& spec, const Frame& frame, const Choice& choice, std::size_t i) {
  const Candidate& candidate = choice.candidates.all[i];
  Json json{{"model", to_utf8(candidate.model)}};
  for (const char* column : {"engine", "engine_settings", "device", "precision", "threads", "batch", "mode", "platform"}) {
    const std::string text = frame.has(column) ? frame.texts(column)[candidate.row] : "";
    json[column] = text.empty() ? Json() : Json(to_utf8(text));
  }
  for (const Quantity quantity : kAll) json[key_of(quantity, spec)] = json_of(candidate[quantity]);
  json["origin"] = candidate.origin.empty() ? Json() : Json(to_utf8(candidate.origin));
  json["predicted"] = candidate.origin == "predicted";
  json["verdict"] = candidate.verdict.empty() ? Json() : Json(to_utf8(candidate.verdict));
  json["front"] = fronts_with(choice, i);
  return json;
}

std::string json_text(const RecommendSpec& spec, const Frame& frame, const Choice& choice, const std::vector<std::string>& next,
                      const std::vector<std::string>& sentences) {
  const auto object = [&](const std::optional<std::size_t>& i) { return i ? candidate_json(spec, frame, choice, *i) : Json(); };
  const auto list = [&](const std::vector<std::size_t>& rows) {
    Json json = Json::array();
    for (const std::size_t i : rows) json.push_back(candidate_json(spec, frame, choice, i));
    return json;
  };
  Json constraints = Json::array(), fronts = Json::object(), left_out = Json::object(), said = Json::array();
  for (const ConstraintOutcome& constraint : choice.constraints) {
    constraints.push_back({{"constraint", constraint.field->key},
                           {"limit", constraint.limit},
                           {"satisfied", constraint.satisfied},
                           {"ruled_out", constraint.ruled_out},
                           {"alone", constraint.alone},
                           {"unknown", constraint.unknown},
                           {"nearest", object(constraint.nearest)}});
  }
  for (const Front& front : choice.fronts) fronts[std::string(name_of(front.against))] = list(front.members);
  for (const auto& [why, count] : choice.candidates.left_out) left_out[to_utf8(why)] = count;
  for (const std::string& sentence : sentences) said.push_back(to_utf8(sentence));
  return Json{{"type", "recommend"},
              {"prefer", spec.prefer},
              {"accuracy", spec.accuracy},
              {"candidates", choice.candidates.all.size()},
              {"choice", object(choice.chosen())},
              {"runner_up", object(choice.runner_up)},
              {"satisfying", list(choice.satisfying)},
              {"unknown", list(choice.undecided)},
              {"constraints", constraints},
              {"fronts", fronts},
              {"left_out", left_out},
              {"next", next},
              {"sentences", said}}
      .dump();
}

std::string title_of(const RecommendSpec& spec) {
  if (!spec.title.empty()) return spec.title;
  std::vector<std::string> parts;
  for (const ConstraintField& field : constraint_fields()) {
    if (!(spec.*field.limit)) continue;
    const Quantity quantity = quantity_of(field.quantity);
    parts.push_back(
        fmt::format("{} {} {}", words_of(quantity), field.is_least ? "at least" : "at most", figure_text(quantity, *(spec.*field.limit))));
  }
  return fmt::format("The best by {}{}{}", spec.prefer, parts.empty() ? "" : " with ", join(parts, ", "));
}

}  // namespace

std::string figure_text(Quantity quantity, double value) {
  return fmt::format("{}{}{}", rounded_text(value), unit_of(quantity) == "1/s" ? "" : " ",
                     unit_of(quantity) == "1/s" ? "/s" : unit_of(quantity));
}

std::string origin_mark(const Candidate& candidate) {
  return candidate.origin.empty() || candidate.origin == "measured" ? "" : fmt::format(" ({})", candidate.origin);
}

AnalysisResult describe_choice(const RecommendSpec& spec, const Frame& frame, const Choice& choice) {
  AnalysisResult result;
  result.title = title_of(spec);
  say_choice(result.sentences, spec, frame, choice);
  say_rest(result.sentences, choice);
  const std::vector<std::string> next = next_steps(spec, frame, choice);
  for (const std::string& step : next) result.sentences.push_back("To be surer: " + step);
  if (!choice.satisfying.empty()) result.tables.push_back(choice_table(spec, frame, choice));
  if (!choice.constraints.empty()) result.tables.push_back(constraint_table(frame, choice));
  result.json = json_text(spec, frame, choice, next, result.sentences);
  Chart chart = choice_chart(spec, frame, choice);
  if (!chart.panels.empty()) result.charts.push_back(std::move(chart));
  return result;
}

}  // namespace inferometer::report
