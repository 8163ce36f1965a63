#include "measure/kept_evaluation.h"

#include <algorithm>

#include "measure/evaluate_start.h"

namespace inferometer::measure {
namespace {

bool same_settings(const Entry& entry, const EvaluationRow& kept) {
  const std::string text = kept.engine_settings.empty() ? kept.engine : kept.engine + ":" + kept.engine_settings;
  return text == engine_text(entry) && kept.engine_version == entry.engine_version;
}

/// Inputs of a file that leaves them open; a zoo network's hash holds its own.
bool same_input(const Entry& entry, const EvaluationRow& kept) {
  const auto& shapes = entry.model.shapes;
  return shapes.empty() || std::any_of(shapes.begin(), shapes.end(), [&](const auto& named) {
           const Shape& shape = named.second;
           return shape.size() == 4 && shape[2] == kept.input_height && shape[3] == kept.input_width;
         });
}

/// A note says an offset that was asked for, and of one that was found how.
bool same_offset(const EvaluationRow& kept, const EvaluatorOptions& options) {
  const bool was_asked = std::any_of(kept.notes.begin(), kept.notes.end(), [](const std::string& note) {
    return note.find(kOffsetNote) != std::string::npos && note.find(kFoundOffsetNote) == std::string::npos;
  });
  return options.class_offset ? kept.class_offset == options.class_offset : !was_asked;
}

}  // namespace

EvaluationTask task_for(EvaluationTask task, const zoo::Network* network) {
  task.own.reset();
  if (network == nullptr) return task;
  task.own = network->preprocessing;
  task.own_input = network->input_size;
  return task;
}

bool carried_out(const EvaluationRow& kept, const EvaluationTask& task) {
  if (!kept.input_height || !kept.input_width || kept.preprocessing.empty()) return false;
  // Grey pictures went to one channel, others to three: anything else is refused.
  const std::int64_t channels = kept.preprocessing.find("--channels grey") == std::string::npos ? 3 : 1;
  return dataset::to_options(preprocessing_of(task, {channels, *kept.input_height, *kept.input_width})) == kept.preprocessing;
}

bool is_answered_by(const Entry& entry, const EvaluationRow& kept, const std::string& data_sha256, const EvaluatorOptions& options) {
  const bool same_subject = kept.model_sha256 == entry.model.sha256 && same_settings(entry, kept) && kept.device == entry.device &&
                            kept.precision_requested == entry.precision && kept.threads == entry.threads && kept.batch == entry.batch &&
                            kept.data_sha256 == data_sha256;
  if (!same_subject) return false;
  if (kept.status == name_of(Status::unsupported)) return true;
  if (kept.status != name_of(Status::passed)) return false;
  if (options.streams_are_asked && kept.streams != entry.streams) return false;
  if (options.task.strict && (kept.skipped_images.value_or(0) > 0)) return false;
  const zoo::Network* network = entry.model.zoo ? zoo::find(entry.model.name) : nullptr;
  return same_input(entry, kept) && same_offset(kept, options) && carried_out(kept, task_for(options.task, network));
}

}  // namespace inferometer::measure
