#include "cli/train_options.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "cli/lists.h"
#include "cli/model_argument.h"
#include "dataset/data_set.h"
#include "measure/pictures.h"
#include "measure/plan.h"
#include "zoo/zoo.h"

namespace inferometer::cli {
namespace {

constexpr double kLargest = 1e6;

train::PictureRange parse_range(const std::string& text, const char* option) {
  if (text.empty()) return {};
  const std::vector<std::string> ends = split(text, '-');
  const auto first = parse_integer(ends.front()), last = parse_integer(ends.back());
  if (ends.size() != 2 || !first || !last || *first < 1 || *last < *first) {
    throw Error(ErrorCode::usage, fmt::format("{} '{}': is no range of pictures", option, one_line(text, 60)),
                "for example 1-9000: pictures are counted from 1, and both ends belong to it");
  }
  return {*first, *last};
}

const zoo::Network& network_of(const std::string& name) {
  const std::vector<ModelArgument> models = resolve_models({name});
  if (models.size() != 1) throw Error(ErrorCode::usage, fmt::format("'{}' means {} networks, train takes one", name, models.size()));
  if (models.front().network == nullptr) {
    throw Error(ErrorCode::usage, fmt::format("{}: train takes a network of the zoo", one_line(name)),
                "`inferometer models` lists them; --weights FILE begins with a file's weights");
  }
  return *models.front().network;
}

std::string absolute(const std::string& path) { return path.empty() ? "" : std::filesystem::absolute(path).lexically_normal().string(); }

train::Pictures pictures(const std::string& images, const std::string& labels, const std::string& range, const char* range_option) {
  return {absolute(images), absolute(labels), "", parse_range(range, range_option)};
}

/// The pictures that are trained on, and those that the training is checked with.
void fill_pictures(const TrainOptions& options, train::TrainTask& task) {
  task.training = pictures(options.images, options.labels, options.train_range, "--train-range");
  task.validation = pictures(options.validation_images, options.validation_labels, options.validation_range, "--validation-range");
  task.validation_share = options.validation_share;
  const bool others = !options.validation_images.empty();
  if (!options.validation_labels.empty() && !others) throw Error(ErrorCode::usage, "--validation-labels: goes with --validation-images");
  if (options.validation_share > 0 && (others || task.validation.range.given()))
    throw Error(ErrorCode::usage, "--validation-share: goes with neither --validation-images nor --validation-range");
  if (options.limit > 0 && task.training.range.given()) throw Error(ErrorCode::usage, "--limit: --train-range says it already");

  const dataset::DataSet data = dataset::open_data_set(task.training.options());
  if (data.images.empty()) {
    throw Error(ErrorCode::input, fmt::format("--images {}: holds no picture", options.images),
                "a folder with a folder of pictures for each class, or a file of a data set");
  }
  if (options.limit > 0) task.training.range = {1, std::min(options.limit, static_cast<std::int64_t>(data.images.size()))};
  if (task.classes == 0) task.classes = data.classes.value_or(network_of(options.model).classes);
  task.training.sha256 = dataset::content_hash(data);
  if (others) task.validation.sha256 = dataset::content_hash(dataset::open_data_set(task.validation.options()));
}

void fill_optimizer(const TrainOptions& options, train::TrainTask& task) {
  const bool sgd = options.optimizer == "sgd";
  engine::TrainerSettings& trainer = task.trainer;
  trainer.optimizer = sgd ? engine::Optimizer::sgd : engine::Optimizer::adamw;
  if (!sgd && (options.momentum >= 0 || options.nesterov))
    throw Error(ErrorCode::usage, "--momentum and --nesterov: are of --optimizer sgd");
  if (options.nesterov && options.momentum == 0) throw Error(ErrorCode::usage, "--nesterov: needs a --momentum");
  constexpr double kSgdRate = 0.05, kAdamRate = 1e-3, kSgdDecay = 5e-4, kAdamDecay = 1e-2, kMomentum = 0.9;
  trainer.momentum = !sgd ? 0 : options.momentum >= 0 ? options.momentum : kMomentum;
  trainer.nesterov = options.nesterov;
  trainer.weight_decay = options.weight_decay >= 0 ? options.weight_decay : sgd ? kSgdDecay : kAdamDecay;
  trainer.label_smoothing = options.label_smoothing;
  trainer.batch = options.batch;
  trainer.threads = options.threads > 0 ? static_cast<int>(options.threads) : measure::default_threads();
  if (!options.device.empty()) trainer.device = options.device;
  task.rates.rate = options.learning_rate >= 0 ? options.learning_rate : sgd ? kSgdRate : kAdamRate;
}

void fill_schedule(const TrainOptions& options, train::TrainTask& task) {
  train::LearningRates& rates = task.rates;
  const auto* name = std::find(std::begin(train::kScheduleNames), std::end(train::kScheduleNames), options.schedule);
  rates.schedule = static_cast<train::Schedule>(name - std::begin(train::kScheduleNames));
  rates.warmup_epochs = options.warmup_epochs;
  rates.step_factor = options.step_factor;
  if (!options.step_epochs.empty()) rates.step_epochs = parse_integers(options.step_epochs, {1, 1'000'000}, "--step-epochs");
  const bool steps = rates.schedule == train::Schedule::step;
  if (steps == rates.step_epochs.empty()) {
    throw Error(
        ErrorCode::usage,
        steps ? "--schedule step: needs --step-epochs" : fmt::format("--step-epochs: goes with --schedule step, not {}", options.schedule),
        "for example --schedule step --step-epochs 30,60");
  }
}

}  // namespace

train::TrainTask train_task(const TrainOptions& options) {
  const zoo::Network& network = network_of(options.model);
  train::TrainTask task;
  task.model = network.name;
  task.input = options.input;
  task.classes = options.classes;
  task.epochs = options.epochs;
  task.seed = options.seed;
  task.folder = absolute(options.folder);
  task.checkpoint_every_s = options.checkpoint_every_s;
  task.again = options.again;
  task.augmentation = {options.crop_padding, options.flip};
  fill_optimizer(options, task);
  fill_schedule(options, task);
  fill_pictures(options, task);
  if (!options.weights.empty()) {
    task.weights_path = absolute(options.weights);
    task.weights_sha256 = sha256_file_hex(task.weights_path);
  }
  const InputSize size = input_size(network.build({.height = task.input, .width = task.input, .classes = task.classes}));
  const dataset::InputGeometry geometry{size.channels, size.height, size.width};
  task.preprocessing = dataset::changed(measure::preprocessing_for(network.preprocessing, network.input_size, geometry),
                                        preprocessing_changes(options.preprocessing));
  return task;
}

void add_train_options(CLI::App& app, TrainOptions& options) {
  constexpr std::int64_t kMany = 1'000'000'000;
  app.add_option("MODEL", options.model, "A zoo network")->required()->type_name("MODEL");
  app.add_option("--images", options.images, "A folder with a folder for each class; F.csv; IDX; CIFAR's .bin")
      ->required()
      ->type_name("DIR|FILE");
  app.add_option("--labels", options.labels, "Lines `file index`, counted from 0; for IDX the file of labels")->type_name("FILE");
  app.add_option("--train-range", options.train_range, "Train on these pictures, counted from 1 (default: all that are left)")
      ->type_name("A-B");
  app.add_option("--limit", options.limit, "Train on the first N pictures")->check(CLI::Range(std::int64_t{1}, kMany))->type_name("N");
  app.add_option("--validation-images", options.validation_images, "Another data set, to check the training with after each epoch")
      ->type_name("DIR|FILE");
  app.add_option("--validation-labels", options.validation_labels, "Its labels")->type_name("FILE");
  app.add_option("--validation-range", options.validation_range, "Check with these pictures: of --validation-images, else of --images")
      ->type_name("A-B");
  app.add_option("--validation-share", options.validation_share, "Check with this share of the pictures, drawn by the seed")
      ->check(CLI::Range(0.0, 0.9))
      ->type_name("R");
  app.add_option("-o,--output", options.folder, "The folder for checkpoints; a training that it holds is gone on with")
      ->required()
      ->type_name("DIR");
  app.add_option("--weights", options.weights, "Begin with a file's weights: .pth, .safetensors, .caffemodel (default: drawn by the seed)")
      ->type_name("FILE");
  app.add_option("--epochs", options.epochs, "How often all pictures are seen (default: 10)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->type_name("N");
  app.add_option("--batch", options.batch, "Pictures a step (default: 64)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{65536}))
      ->type_name("N");
  app.add_option("--optimizer", options.optimizer, "sgd (default) or adamw")
      ->check(CLI::IsMember({"sgd", "adamw"}))
      ->type_name("sgd|adamw");
  app.add_option("--learning-rate", options.learning_rate, "The highest one (default: sgd 0.05, adamw 0.001)")
      ->check(CLI::Range(0.0, kLargest))
      ->type_name("R");
  app.add_option("--momentum", options.momentum, "Of sgd (default: 0.9)")->check(CLI::Range(0.0, 0.9999))->type_name("R");
  app.add_flag("--nesterov", options.nesterov, "Nesterov's form of the momentum");
  app.add_option("--weight-decay", options.weight_decay, "Of all parameters (default: sgd 0.0005, adamw 0.01)")
      ->check(CLI::Range(0.0, kLargest))
      ->type_name("R");
  app.add_option("--schedule", options.schedule, "What becomes of the learning rate: cosine (default), step, constant")
      ->check(CLI::IsMember({"constant", "cosine", "step"}))
      ->type_name("constant|cosine|step");
  app.add_option("--warmup-epochs", options.warmup_epochs, "Epochs in which it grows to its highest (default: 0)")
      ->check(CLI::Range(0.0, kLargest))
      ->type_name("R");
  app.add_option("--step-epochs", options.step_epochs, "Of step: after these epochs it is multiplied")->type_name("30,60");
  app.add_option("--step-factor", options.step_factor, "Of step: by this (default: 0.1)")->check(CLI::Range(0.0, 1.0))->type_name("R");
  app.add_option("--label-smoothing", options.label_smoothing, "Share of the target spread over all classes (default: 0)")
      ->check(CLI::Range(0.0, 0.99))
      ->type_name("R");
  app.add_option("--random-crop", options.crop_padding, "Pad with so many black pixels, take a window at random (default: 0)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1024}))
      ->type_name("N");
  app.add_flag("--flip", options.flip, "Mirror every second picture, at random");
  app.add_option("--seed", options.seed, "Of first weights, order and augmentation (default: 1)")->type_name("N");
  app.add_option("--classes", options.classes, "Classes (default: the data set's, else the network's own)")
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{1'000'000}))
      ->type_name("N");
  app.add_option("--input", options.input, "Height and width of the input (default: the network's own)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{65536}))
      ->type_name("N");
  app.add_option("--threads", options.threads, "Threads that compute (default: one for each core)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{4096}))
      ->type_name("N");
  app.add_option("--engine", options.engine, "An engine that trains (default: the first that does)")->type_name("NAME");
  app.add_option("--device", options.device, "In the engine's words (default: cpu)")->type_name("NAME");
  app.add_option("--checkpoint-every", options.checkpoint_every_s,
                 "Seconds between checkpoints within an epoch (default: 60; 0: each step)")
      ->check(CLI::Range(0.0, kLargest))
      ->type_name("S");
  app.add_flag("--again", options.again, "Begin anew where the folder holds a training");
  add_preprocessing_options(app, options.preprocessing);
}

}  // namespace inferometer::cli
