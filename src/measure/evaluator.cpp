#include "measure/evaluator.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "measure/kept_evaluation.h"
#include "measure/launcher.h"
#include "zoo/zoo.h"

namespace inferometer::measure {
namespace {

EvaluationRow begin_row(const Entry& entry, const ModelFacts& facts, const dataset::DataSet& data, const std::string& data_sha256,
                        const Platform& platform) {
  EvaluationRow row;
  row.model = entry.model.name;
  row.model_sha256 = entry.model.sha256;
  row.parameters = facts.parameters;
  row.macs = facts.macs;
  row.engine = entry.engine;
  row.engine_version = entry.engine_version;
  const std::string engine = engine_text(entry);
  if (engine.size() > entry.engine.size()) row.engine_settings = engine.substr(entry.engine.size() + 1);
  row.device = entry.device;
  row.precision_requested = entry.precision;
  row.precision = facts.quantized ? "int8" : entry.precision;
  row.threads = entry.threads;
  row.streams = entry.streams;
  row.batch = entry.batch;
  row.data = data.name;
  row.data_sha256 = data_sha256;
  row.absent_images = static_cast<std::int64_t>(data.absent.size());
  row.unlabelled_images = static_cast<std::int64_t>(data.unlabelled.size());
  row.platform = platform.name;
  row.started_at = utc_timestamp();
  row.inferometer_version = INFEROMETER_VERSION;
  return row;
}

WorkerTask make_task(const Entry& entry, const EngineCatalog& catalog, const ModelFacts& facts, const EvaluatorOptions& options) {
  WorkerTask task;
  task.kind = WorkerTask::Kind::evaluate;
  task.plugin = catalog.plugins.at(entry.engine);
  task.entry = entry;
  task.model_path = model_file_path(entry.model, catalog.find(entry.engine)->info, entry.precision).string();
  task.quantized = facts.quantized;
  task.evaluation = task_for(options.task, entry.model.zoo ? zoo::find(entry.model.name) : nullptr);
  task.evaluation.class_offset = options.class_offset;
  return task;
}

/// Run the worker. Streams that the user did not ask for are given up when the engine refuses them.
WorkerOutcome run(WorkerTask& task, const EvaluatorOptions& options, EvaluationObserver& observer) {
  const auto attempt = [&] {
    std::optional<std::pair<Nanoseconds, std::size_t>> first;  // loading is no part of the rate
    return run_worker(task, limits_of(task.entry.limits), [&](std::size_t done, std::size_t all) {
      const Nanoseconds now = steady_now();
      if (!first) first = {now, done};
      const double seconds = static_cast<double>((now - first->first).count()) * 1e-9;
      observer.progress(task.entry, done, all, seconds > 0 ? static_cast<double>(done - first->second) / seconds : 0);
    });
  };
  WorkerOutcome outcome = attempt();
  const bool may_be_streams = outcome.status == Status::unsupported && !options.streams_are_asked && task.entry.streams > 1;
  if (!may_be_streams) return outcome;
  task.entry.streams = 1;
  return attempt();
}

/// What the reader of the row must know beside the figures.
std::vector<std::string> notes_of(const EvaluationRecord& record, const dataset::DataSet& data, const EvaluatorOptions& options,
                                  std::int64_t offset, bool is_file) {
  std::vector<std::string> notes;
  notes.push_back(fmt::format("{}: {}", is_file ? "a file brings no preprocessing; used" : "preprocessing", record.preprocessing));
  if (offset != 0 || options.class_offset) {
    notes.push_back(fmt::format("label + {}{}{}", offset, kOffsetNote, options.class_offset ? "" : kFoundOffsetNote));
  }
  if (!record.output.empty()) notes.push_back(fmt::format("the network has several outputs; '{}', the first, was taken", record.output));
  std::vector<std::string> damaged;
  for (const DamagedImage& image : record.damaged) damaged.push_back(image.reason);
  if (!damaged.empty()) notes.push_back(fmt::format("{} damaged images left out: {}", damaged.size(), some_names(damaged, 3)));
  if (!data.absent.empty()) notes.push_back(fmt::format("{} labels without an image: {}", data.absent.size(), some_names(data.absent)));
  if (!data.unlabelled.empty())
    notes.push_back(fmt::format("{} images without a label: {}", data.unlabelled.size(), some_names(data.unlabelled)));
  if (record.classes < static_cast<std::int64_t>(kRankedClasses)) {
    notes.push_back(fmt::format("{} classes: top-5 is certain", record.classes));
  }
  return notes;
}

}  // namespace

std::string some_names(const std::vector<std::string>& names, std::size_t most) {
  const std::vector<std::string> shown(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(most, names.size())));
  return join(shown, ", ") + (names.size() > most ? fmt::format(" and {} more", names.size() - most) : "");
}

bool has_synthetic_weights(const Entry& entry) { return entry.model.zoo && entry.model.weights_path.empty(); }

std::vector<PictureAnswer> picture_answers(const Evaluated& evaluated, const Entry& entry, const dataset::DataSet& data) {
  std::vector<PictureAnswer> answers;
  if (has_synthetic_weights(entry)) return answers;
  for (const JudgedImage& image : evaluated.images) {
    if (image.right_probability)
      answers.push_back({data.images.at(image.image).name, image.label, image.predicted, image.right_probability});
  }
  return answers;
}

Evaluated evaluate_entry(const PlannedEntry& planned, const EngineCatalog& catalog, const dataset::DataSet& data,
                         const std::string& data_sha256, const Platform& platform, const EvaluatorOptions& options,
                         EvaluationObserver& observer) {
  const ModelFacts facts = model_facts(planned.entry.model);
  Evaluated evaluated;
  EvaluationRow& row = evaluated.row;
  row = begin_row(planned.entry, facts, data, data_sha256, platform);
  if (planned.settled) {
    row.status = name_of(*planned.settled);
    row.reasons = {planned.reason};
    evaluated.identity = identity(row, platform.identity);
    observer.row_ready(row);
    return evaluated;
  }
  WorkerTask task;
  WorkerOutcome outcome;
  try {
    task = make_task(planned.entry, catalog, facts, options);
    outcome = run(task, options, observer);
  } catch (const Error& error) {
    // A model that cannot be had in this precision is this row's outcome.
    if (error.code() != ErrorCode::unsupported) throw;
    outcome.status = Status::unsupported;
    outcome.reason = error.what();
    outcome.hint = error.hint();
    task.entry = planned.entry;
  }
  if (outcome.error == ErrorCode::usage) throw Error(ErrorCode::usage, outcome.reason, outcome.hint);
  row.streams = task.entry.streams;
  row.status = name_of(outcome.status);
  if (outcome.status != Status::passed) {
    row.reasons = {outcome.reason};
    if (!outcome.hint.empty()) row.reasons.push_back(outcome.hint);
  } else {
    const auto record = outcome.answer.at("evaluation").get<EvaluationRecord>();
    const std::int64_t offset = class_offset(record, data, options.class_offset);
    evaluated.images = judge_images(record, data, offset);
    row.started_at = record.started_at;
    row.input_height = record.input_height;
    row.input_width = record.input_width;
    row.preprocessing = record.preprocessing;
    row.class_offset = offset;
    row.load_ms = record.load_ms;
    if (!record.obtained_precision.empty()) row.precision = record.obtained_precision;
    if (record.obtained_streams > 0) row.streams = record.obtained_streams;
    fill_figures(row, evaluated.images, record);
    row.notes = notes_of(record, data, options, offset, !planned.entry.model.zoo);
    if (has_synthetic_weights(planned.entry))
      row.notes.emplace_back("synthetic weights: counts and probabilities say nothing of the network (--weights FILE takes trained ones)");
    if (evaluated.images.empty()) {
      row.status = name_of(Status::failed);
      row.reasons = {fmt::format("no picture could be used: {}", record.damaged.empty() ? "" : record.damaged.front().reason)};
    }
  }
  evaluated.identity = identity(row, platform.identity);
  observer.row_ready(row);
  return evaluated;
}

}  // namespace inferometer::measure
