#include "train/training.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace inferometer::train {
namespace {

Begun begun_from(const nlohmann::json& object) {
  Begun begun;
  object.at("training").get_to(begun.training);
  object.at("started_at").get_to(begun.started_at);
  object.at("remarks").get_to(begun.remarks);
  object.at("epoch").get_to(begun.epoch);
  object.at("step").get_to(begun.step);
  object.at("steps").get_to(begun.steps);
  object.at("parameters").get_to(begun.parameters);
  object.at("images").get_to(begun.images);
  object.at("validation_images").get_to(begun.validation_images);
  return begun;
}

[[noreturn]] void fail(const measure::WorkerOutcome& outcome) {
  ErrorCode code = outcome.error.value_or(ErrorCode::engine_failure);
  if (!outcome.error && outcome.status == measure::Status::out_of_memory) code = ErrorCode::out_of_memory;
  throw Error(code, outcome.reason, outcome.hint);
}

}  // namespace

void run_training(const TrainTask& task, const std::string& plugin, TrainingObserver& observer) {
  measure::WorkerTask work;
  work.kind = measure::WorkerTask::Kind::train;
  work.plugin = plugin;
  work.entry.engine = task.engine;
  work.entry.device = task.trainer.device;
  work.entry.threads = task.trainer.threads;
  work.training = nlohmann::json(task).dump();
  // Reading a large data set is a part of the begin.
  work.entry.limits.load_timeout_s = 3600;
  measure::LiveWorker worker(work, measure::limits_of(work.entry.limits));
  for (;;) {
    const measure::WorkerOutcome outcome = worker.answer([&](std::size_t done, std::size_t all) { observer.progress(done, all); });
    if (outcome.status != measure::Status::passed) fail(outcome);
    if (const auto found = outcome.answer.find("begun"); found != outcome.answer.end()) {
      observer.begun(begun_from(*found));
    } else if (const auto epoch = outcome.answer.find("epoch"); epoch != outcome.answer.end()) {
      observer.epoch_done(epoch->get<EpochRecord>());
    } else {
      break;
    }
  }
  worker.end();
}

}  // namespace inferometer::train
