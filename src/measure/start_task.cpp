#include "measure/start_task.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace inferometer::measure {
namespace {

/// The file that the engine of this entry loads.
std::filesystem::path model_path_for(const Entry& entry, const engine::EngineInfo& engine) {
  // An engine that computes nothing reads no file: none is made for it.
  if (!engine.computes) return artefact_path(entry.model);
  // Through the server always as ONNX: a service's repository is one file then.
  return model_file_path(entry.model, entry.mode == Mode::served ? engine::EngineInfo{} : engine, entry.precision);
}

}  // namespace

WorkerTask start_task(const Entry& entry, const EngineCatalog& catalog, const ModelFacts& facts, int index) {
  const EngineHere* here = catalog.find(entry.engine);
  WorkerTask task;
  task.kind = entry.mode == Mode::served ? WorkerTask::Kind::served : WorkerTask::Kind::measure;
  task.computes = here->info.computes;
  task.plugin = catalog.plugins.at(entry.engine);
  task.entry = entry;
  task.start_index = index;
  task.quantized = facts.quantized;
  task.half = facts.half;
  task.model_path = model_path_for(entry, here->info).string();
  return task;
}

void add_agreement(WorkerTask& task, ExpectedOutputsSource& expected) {
  const ExpectedOutputsSource::Answer answer = expected.find(task.entry, task.quantized);
  task.check_agreement = true;
  task.expected_path = answer.path;
  task.agreement_note = answer.note;
}

StartRecord start_record(const WorkerOutcome& outcome, int index) {
  if (outcome.error == ErrorCode::usage) throw Error(ErrorCode::usage, outcome.reason, outcome.hint);
  if (outcome.status == Status::passed) return outcome.answer.at("start").get<StartRecord>();
  StartRecord start;
  start.started_at = utc_timestamp();
  start.index = index;
  start.status = outcome.status;
  start.reason = outcome.hint.empty() ? outcome.reason : fmt::format("{}: {}", outcome.reason, outcome.hint);
  start.log_tail = outcome.log_tail;
  return start;
}

}  // namespace inferometer::measure
