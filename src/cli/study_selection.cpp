#include "cli/study_selection.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "dataset/data_set.h"
#include "engine/loader.h"
#include "measure/kept_evaluation.h"
#include "store/store.h"
#include "zoo/zoo.h"

namespace inferometer::cli {
namespace {

template <class Value>
bool contains(const std::vector<Value>& values, const Value& wanted) {
  return std::find(values.begin(), values.end(), wanted) != values.end();
}

/// Where the zoo lists a network; behind all of them for what is none of its.
std::size_t zoo_place(const std::string& model) {
  const auto& networks = zoo::networks();
  const auto found = std::find_if(networks.begin(), networks.end(), [&](const zoo::Network& network) { return network.name == model; });
  return static_cast<std::size_t>(found - networks.begin());
}

/// The first of the models asked that means this one; as many as there are when none does.
std::size_t model_place(const measure::RunSpec& spec, const std::string& model) {
  const bool in_zoo = zoo::find(model) != nullptr;
  const auto found = std::find_if(spec.models.begin(), spec.models.end(),
                                  [&](const std::string& asked) { return asked == model || (in_zoo && glob_match(asked, model)); });
  return static_cast<std::size_t>(found - spec.models.begin());
}

bool names_model(const measure::RunSpec& spec, const std::string& model) { return model_place(spec, model) < spec.models.size(); }

/// The first of the engines asked, with its settings, that gave this row.
template <class AnyRow>
std::size_t engine_place(const measure::RunSpec& spec, const AnyRow& row) {
  const std::string text = row.engine_settings.empty() ? row.engine : row.engine + ":" + row.engine_settings;
  const auto found = std::find_if(spec.engines.begin(), spec.engines.end(), [&](const measure::EngineChoice& choice) {
    measure::Entry entry;
    entry.engine = choice.name;
    entry.engine_settings = choice.settings;
    return measure::engine_text(entry) == text;
  });
  return static_cast<std::size_t>(found - spec.engines.begin());
}

template <class AnyRow>
bool names_engine(const measure::RunSpec& spec, const AnyRow& row) {
  if (spec.engines.empty()) return row.engine_settings.empty();
  return engine_place(spec, row) < spec.engines.size();
}

bool names_device(const measure::RunSpec& spec, const std::string& device) {
  return spec.devices.empty() || std::any_of(spec.devices.begin(), spec.devices.end(),
                                             [&](const std::string& asked) { return engine::same_device(asked, device); });
}

/// A row holds the input that was obtained; a row that did not run may lack it.
template <class AnyRow>
bool names_input(const measure::RunSpec& spec, const AnyRow& row) {
  if (!row.input_height) return true;
  if (!spec.inputs.empty()) return row.input_height == row.input_width && contains(spec.inputs, *row.input_height);
  const zoo::Network* network = zoo::find(row.model);
  return network == nullptr || *row.input_height == network->input_size;
}

/// Threads that were asked: a row holds those obtained, and a note where the engine uses others.
template <class AnyRow>
std::optional<int> threads_asked(const AnyRow& row) {
  for (const std::string& note : row.notes) {
    int asked = 0;
    const auto [end, failure] = std::from_chars(note.data(), note.data() + note.size(), asked);
    if (failure == std::errc() &&
        std::string_view(end, static_cast<std::size_t>(note.data() + note.size() - end)).starts_with(" threads were asked"))
      return asked;
  }
  return row.threads ? std::optional<int>(static_cast<int>(*row.threads)) : std::nullopt;
}

template <class AnyRow>
bool names_threads(const measure::RunSpec& spec, const AnyRow& row) {
  const std::optional<int> asked = threads_asked(row);
  return spec.threads.empty() || !asked || contains(spec.threads, *asked);
}

/// What any row of the specification has, timed or evaluated.
template <class AnyRow>
bool names_subject(const measure::RunSpec& spec, const AnyRow& row) {
  return row.batch && contains(spec.batches, *row.batch) && contains(spec.precisions, row.precision_requested) &&
         names_device(spec, row.device) && names_engine(spec, row) && names_model(spec, row.model) && names_input(spec, row) &&
         names_threads(spec, row);
}

/// How many requests were in flight, and computed side by side; one at a time has one of each. A row holds the streams obtained, which an
/// engine with a hint of its own chooses: then any will do.
bool names_flights(const measure::RunSpec& spec, const measure::Row& row) {
  if (spec.mode != measure::Mode::throughput) return true;
  if (!row.streams || !row.requests) return true;
  const bool asked = contains(spec.streams, static_cast<int>(*row.streams)) || row.engine_settings.find("hint=") != std::string::npos;
  const std::vector<int>& requests = spec.requests.empty() ? spec.streams : spec.requests;
  return asked && contains(requests, static_cast<int>(*row.requests));
}

}  // namespace

bool belongs_to(const measure::Row& row, const measure::RunSpec& spec) {
  return row.source == store::kMeasured && row.mode == measure::name_of(spec.mode) && row.protocol == measure::name_of(spec.protocol) &&
         names_subject(spec, row) && names_flights(spec, row);
}

bool belongs_to(const measure::EvaluationRow& row, const EvaluationRequest& request) {
  if (!names_subject(request.spec, row)) return false;
  if (!request.images.empty() && row.data != dataset::data_set_name(request.images)) return false;
  measure::EvaluationTask task;
  task.changes = preprocessing_changes(request.preprocessing);
  return measure::carried_out(row, measure::task_for(task, zoo::find(row.model)));
}

std::vector<measure::AnsweredPictures> pictures_of(const std::vector<EvaluationRequest>& requests,
                                                   std::vector<measure::AnsweredPictures> evaluations) {
  if (requests.empty()) return evaluations;
  std::set<std::size_t> chosen;
  for (const EvaluationRequest& request : requests) {
    std::string data_sha256;  // of the newest that belongs
    for (std::size_t i = evaluations.size(); i-- > 0;) {
      const measure::EvaluationRow& row = evaluations[i].evaluation;
      if (!belongs_to(row, request)) continue;
      if (data_sha256.empty()) data_sha256 = row.data_sha256;
      if (!request.images.empty() || row.data_sha256 == data_sha256) chosen.insert(i);
    }
  }
  std::vector<measure::AnsweredPictures> kept;
  for (const std::size_t i : chosen) kept.push_back(std::move(evaluations[i]));
  return kept;
}

std::vector<measure::Row> rows_of(const std::vector<measure::RunSpec>& specs, std::vector<measure::Row> rows) {
  using Place = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t, std::string, std::int64_t>;
  std::vector<std::pair<Place, std::size_t>> chosen;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const measure::Row& row = rows[i];
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const measure::RunSpec& each) { return belongs_to(row, each); });
    if (spec == specs.end()) continue;
    chosen.emplace_back(Place{static_cast<std::size_t>(spec - specs.begin()), model_place(*spec, row.model), zoo_place(row.model),
                              engine_place(*spec, row), row.engine, row.batch.value_or(0)},
                        i);
  }
  std::sort(chosen.begin(), chosen.end());  // of equal places the earlier row comes first
  std::vector<measure::Row> ordered;
  ordered.reserve(chosen.size());
  for (const auto& each : chosen) ordered.push_back(std::move(rows[each.second]));
  return ordered;
}

std::vector<measure::Row> in_reading_order(std::vector<measure::Row> rows) {
  const auto measured =
      std::stable_partition(rows.begin(), rows.end(), [](const measure::Row& row) { return row.source != store::kMeasured; });
  std::map<std::string, std::size_t> places;  // a store of many rows has few networks
  for (auto row = measured; row != rows.end(); ++row) {
    if (!places.contains(row->model)) places[row->model] = zoo_place(row->model);
  }
  std::stable_sort(measured, rows.end(), [&places](const measure::Row& a, const measure::Row& b) {
    return std::tie(places.at(a.model), a.engine, a.batch) < std::tie(places.at(b.model), b.engine, b.batch);
  });
  return rows;
}

}  // namespace inferometer::cli
