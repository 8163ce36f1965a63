#include "cli/study_selection.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "engine/loader.h"
#include "store/store.h"
#include "zoo/zoo.h"

namespace inferometer::cli {
namespace {

template <class Value>
bool contains(const std::vector<Value>& values, const Value& wanted) {
  return std::find(values.begin(), values.end(), wanted) != values.end();
}

bool names_model(const measure::RunSpec& spec, const std::string& model) {
  const bool in_zoo = zoo::find(model) != nullptr;
  return std::any_of(spec.models.begin(), spec.models.end(),
                     [&](const std::string& asked) { return asked == model || (in_zoo && glob_match(asked, model)); });
}

bool names_engine(const measure::RunSpec& spec, const measure::Row& row) {
  const std::string text = row.engine_settings.empty() ? row.engine : row.engine + ":" + row.engine_settings;
  if (spec.engines.empty()) return row.engine_settings.empty();
  return std::any_of(spec.engines.begin(), spec.engines.end(), [&](const measure::EngineChoice& choice) {
    measure::Entry entry;
    entry.engine = choice.name;
    entry.engine_settings = choice.settings;
    return measure::engine_text(entry) == text;
  });
}

bool names_device(const measure::RunSpec& spec, const std::string& device) {
  return spec.devices.empty() || std::any_of(spec.devices.begin(), spec.devices.end(),
                                             [&](const std::string& asked) { return engine::same_device(asked, device); });
}

/// A row holds the input that was obtained; a row that did not run may lack it.
bool names_input(const measure::RunSpec& spec, const measure::Row& row) {
  if (!row.input_height) return true;
  if (!spec.inputs.empty()) return row.input_height == row.input_width && contains(spec.inputs, *row.input_height);
  const zoo::Network* network = zoo::find(row.model);
  return network == nullptr || *row.input_height == network->input_size;
}

/// Threads that were asked: a row holds those obtained, and a note where the engine uses others.
std::optional<int> threads_asked(const measure::Row& row) {
  for (const std::string& note : row.notes) {
    int asked = 0;
    const auto [end, failure] = std::from_chars(note.data(), note.data() + note.size(), asked);
    if (failure == std::errc() &&
        std::string_view(end, static_cast<std::size_t>(note.data() + note.size() - end)).starts_with(" threads were asked"))
      return asked;
  }
  return row.threads ? std::optional<int>(static_cast<int>(*row.threads)) : std::nullopt;
}

bool names_threads(const measure::RunSpec& spec, const measure::Row& row) {
  const std::optional<int> asked = threads_asked(row);
  return spec.threads.empty() || !asked || contains(spec.threads, *asked);
}

}  // namespace

bool belongs_to(const measure::Row& row, const measure::RunSpec& spec) {
  return row.source == store::kMeasured && row.batch && contains(spec.batches, *row.batch) && row.mode == measure::name_of(spec.mode) &&
         row.protocol == measure::name_of(spec.protocol) && contains(spec.precisions, row.precision_requested) &&
         names_device(spec, row.device) && names_engine(spec, row) && names_model(spec, row.model) && names_input(spec, row) &&
         names_threads(spec, row);
}

std::vector<measure::Row> rows_of(const std::vector<measure::RunSpec>& specs, std::vector<measure::Row> rows) {
  std::erase_if(rows, [&](const measure::Row& row) {
    return std::none_of(specs.begin(), specs.end(), [&](const measure::RunSpec& spec) { return belongs_to(row, spec); });
  });
  return rows;
}

}  // namespace inferometer::cli
