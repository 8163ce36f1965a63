/// Keep a training so that it can go on after anything, bit for bit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "graph/graph.h"
#include "train/task.h"

namespace inferometer::train {

/// One epoch that is done. Losses are mean cross entropies; of training smoothed as asked, and with the weights of each step.
struct EpochRecord {
  std::int64_t epoch = 0;  ///< from 1
  std::int64_t images = 0, correct = 0;
  double learning_rate = 0;  ///< of its last step
  double loss = 0;
  std::int64_t validation_images = 0, validation_correct = 0;  ///< 0 images: none was asked for
  double validation_loss = 0;
  double seconds = 0;  ///< of its steps, without validation and files
  bool best = false;   ///< so far: most validation pictures right, of equals the lowest loss; without validation the lowest training loss
  // What ended it: the run that goes on with a training may have other ones, and figures of speed are not its own.
  int threads = 0;
  std::string engine_version;
};
void to_json(nlohmann::json& json, const EpochRecord& record);
void from_json(const nlohmann::json& json, EpochRecord& record);

/// How far a training is.
struct Progress {
  std::string training;    ///< its name in the store
  std::string started_at;  ///< UTC, ISO 8601
  int threads = 1;
  std::string engine_version;
  std::int64_t epoch = 0, step = 0;  ///< next: from 0, and the step within the epoch
  // Of the epoch that is going on:
  double loss_sum = 0;
  std::int64_t images = 0, correct = 0;
  double seconds = 0;
  std::vector<EpochRecord> epochs;  ///< done
};

/// Names of what a training's folder holds.
inline constexpr const char* kStateFile = "training.safetensors";
inline constexpr const char* kBestFile = "best.pth";
inline constexpr const char* kLastFile = "last.pth";
/// Of kStateFile's tensors, the one of bytes that holds the record: JSON.
inline constexpr const char* kRecordTensor = "inferometer/training";

/// One file, whole or not at all: the trainer's state as tensors, and beside them the rest as JSON in a tensor of bytes.
/// Throws Error{io}.
void write_state(const std::filesystem::path& file, const TrainTask& task, const Progress& progress, graph::Weights state);

struct SavedTraining {
  Progress progress;
  graph::Weights state;
};

/// nullopt where there is no file. Throws Error{input} for a file that is no training's, and naming the first setting in which the
/// training that it holds is another than `task`.
std::optional<SavedTraining> read_state(const std::filesystem::path& file, const TrainTask& task);

}  // namespace inferometer::train
