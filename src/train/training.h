/// Run a training in a worker process, from its parent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "measure/launcher.h"
#include "train/task.h"
#include "train/training_state.h"

namespace inferometer::train {

/// What a worker says when it begins.
struct Begun {
  std::string training, started_at;
  std::vector<std::string> remarks;
  std::int64_t epoch = 0, step = 0;  ///< where it goes on; 0 and 0: from the begin
  std::int64_t steps = 0;            ///< of an epoch
  std::int64_t parameters = 0, images = 0, validation_images = 0;
};

/// Told what happens. One thread.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void begun(const Begun& begun) = 0;
  virtual void progress(std::size_t images_done, std::size_t images_total) = 0;
  /// Also of epochs that an earlier run did, at first.
  virtual void epoch_done(const EpochRecord& record) = 0;
};

/// @param plugin  of task.engine
/// Throws what the worker reports, as it reported it; Error{interrupted} when the user asked to stop: the last checkpoint stays and the
/// same command goes on from it; Error{engine_failure} when the worker dies.
void run_training(const TrainTask& task, const std::string& plugin, TrainingObserver& observer);

}  // namespace inferometer::train
