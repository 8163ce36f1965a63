/// Take the options of `train` from the command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/preprocessing_options.h"
#include "train/task.h"

namespace CLI {
class App;
}

namespace inferometer::cli {

/// As the user gave them; empty or negative: not given. Must stay where it is until parsing has ended.
struct TrainOptions {
  std::string model, images, labels, train_range, validation_images, validation_labels, validation_range, weights, engine, device, folder;
  std::string optimizer = "sgd", schedule = "cosine", step_epochs;
  std::int64_t limit = 0, input = 0, classes = 0, epochs = 10, batch = 64, threads = 0, crop_padding = 0;
  std::uint64_t seed = 1;
  double validation_share = 0, learning_rate = -1, momentum = -1, weight_decay = -1, warmup_epochs = 0, step_factor = 0.1;
  double label_smoothing = 0, checkpoint_every_s = 60;
  bool nesterov = false, flip = false, again = false;
  PreprocessingOptions preprocessing;
};

void add_train_options(CLI::App& app, TrainOptions& options);

/// All of a task but its engine, and what hashing the data gives. Opens the data to see how many classes there are.
/// Throws Error{usage} naming the option, what opening and hashing throw.
train::TrainTask train_task(const TrainOptions& options);

}  // namespace inferometer::cli
