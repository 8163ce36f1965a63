/// Say what is trained, on what, and how.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "dataset/data_set.h"
#include "engine/trainer.h"
#include "train/schedule.h"
#include "zoo/preprocessing.h"

namespace inferometer::train {

/// Pictures of a data set, counted from 1, both ends included. 0 and 0: none is named.
struct PictureRange {
  std::int64_t first = 0, last = 0;
  bool given() const { return last != 0; }
};

/// Where pictures come from.
struct Pictures {
  std::string images, labels;  ///< absolute paths, as dataset::DataSetOptions has them; images empty: none
  std::string sha256;          ///< dataset::content_hash()
  PictureRange range;
  dataset::DataSetOptions options() const { return {images, labels, 0}; }
};

/// What happens to a training picture after it has the network's size, before it becomes floats.
struct Augmentation {
  std::int64_t crop_padding = 0;  ///< random crop: pixels of black on each side, of which a window of the network's size is taken
  bool flip = false;              ///< left to right, every second time
};

struct TrainTask {
  std::string model;                         ///< of the zoo
  std::int64_t input = 0, classes = 0;       ///< input 0: the network's own
  std::string weights_path, weights_sha256;  ///< to begin with; empty: drawn from the seed
  Pictures training, validation;             ///< validation without images but with a range: of the training pictures' data set
  double validation_share = 0;               ///< of the training pictures, drawn by the seed; 0: none
  zoo::Preprocessing preprocessing;
  Augmentation augmentation;
  engine::TrainerSettings trainer;
  LearningRates rates;
  std::int64_t epochs = 1;
  std::uint64_t seed = 1;  ///< of first weights, the order of pictures, augmentation and the share for validation
  std::string engine;
  // What decides no figure:
  std::string folder;              ///< for checkpoints
  double checkpoint_every_s = 60;  ///< beside one at the end of each epoch; 0: after every step
  bool again = false;              ///< begin anew where the folder holds a training
};

/// Between processes.
void to_json(nlohmann::json& json, const TrainTask& task);
void from_json(const nlohmann::json& json, TrainTask& task);

/// Options of the command line that repeat the task, in order, but for the network, files, the folder and how often is saved: what must be
/// equal for a training to be resumed. Hashes stand for files.
std::vector<std::pair<std::string, std::string>> settings_of(const TrainTask& task);

/// The command that repeats it. Quoted for a shell.
std::string repro_command(const TrainTask& task);

}  // namespace inferometer::train
