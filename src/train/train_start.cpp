#include "train/train_start.h"

#include <chrono>
#include <cmath>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/files.h"
#include "base/hash.h"
#include "engine/loader.h"
#include "formats/checkpoint.h"
#include "graph/cost.h"
#include "measure/measure_start.h"
#include "train/initial_weights.h"
#include "train/left_out.h"
#include "train/order.h"
#include "train/picture_set.h"
#include "train/training_state.h"
#include "zoo/zoo.h"

namespace inferometer::train {
namespace {

using nlohmann::json;

double seconds(Nanoseconds duration) { return static_cast<double>(duration.count()) * 1e-9; }

/// The parts that a training runs on; see make_training().
struct Parts {
  TrainTask task;
  std::optional<FolderLock> folder_lock;  ///< two trainings would overwrite each other's files
  graph::Graph graph;
  std::unique_ptr<engine::Trainer> trainer;
  std::unique_ptr<PictureSet> training, validation;  ///< validation: null where there is none
  Progress progress;
  std::vector<std::string> remarks;
  bool saved = false;  ///< there is a checkpoint to go back to
};

/// Whether every value of a training can be gone on from.
bool is_finite(const graph::Weights& state) {
  for (const auto& [name, array] : state) {
    if (array.type != ElementType::f32) continue;
    const float* values = array.floats();
    for (std::size_t i = 0; i < array.bytes.size() / sizeof(float); ++i)
      if (!std::isfinite(values[i])) return false;
  }
  return true;
}

bool is_better(const EpochRecord& record, const EpochRecord& best) {
  if (record.validation_images == 0) return record.loss < best.loss;
  if (record.validation_correct != best.validation_correct) return record.validation_correct > best.validation_correct;
  return record.validation_loss < best.validation_loss;
}

class Training {
 public:
  Training(Parts parts, const measure::TrainContext& context)
      : parts_(std::move(parts)), context_(context), folder_(parts_.task.folder), saved_at_(steady_now()) {
    batch_ = static_cast<std::size_t>(parts_.task.trainer.batch);
    steps_ = static_cast<std::int64_t>(parts_.training->size() / batch_);
  }

  void run() {
    for (const EpochRecord& record : parts_.progress.epochs) context_.say(json{{"epoch", record}});
    Progress& progress = parts_.progress;
    while (progress.epoch < parts_.task.epochs) {
      run_steps();
      finish_epoch();
    }
  }

 private:
  void run_steps() {
    Progress& progress = parts_.progress;
    const std::vector<std::size_t> order = shuffled(parts_.training->size(), generator(parts_.task.seed, Draw::order, progress.epoch));
    // The next batch is made while the trainer computes; one thread makes them, so pictures are read by one at a time.
    const auto make = [&](std::int64_t step) {
      return parts_.training->training_batch(order, static_cast<std::size_t>(step) * batch_, batch_, parts_.task.augmentation,
                                             parts_.task.seed, progress.epoch);
    };
    if (progress.step >= steps_) return;
    std::future<Batch> next = std::async(std::launch::async, make, progress.step);
    while (progress.step < steps_) {
      const Nanoseconds begin = steady_now();
      const Batch batch = next.get();
      if (progress.step + 1 < steps_) next = std::async(std::launch::async, make, progress.step + 1);
      const double rate = learning_rate(parts_.task.rates, progress.epoch * steps_ + progress.step, steps_, parts_.task.epochs);
      const engine::BatchResult result = parts_.trainer->step(batch.images, batch.labels, rate);
      if (!std::isfinite(result.loss)) fail_not_finite("the loss", progress.step + 1);
      progress.loss_sum += result.loss * static_cast<double>(batch_);
      progress.correct += result.correct;
      progress.images += static_cast<std::int64_t>(batch_);
      progress.seconds += seconds(steady_now() - begin);
      ++progress.step;
      alive();
      if (progress.step < steps_ && seconds(steady_now() - saved_at_) >= parts_.task.checkpoint_every_s) save(parts_.trainer->state());
    }
  }

  void finish_epoch() {
    Progress& progress = parts_.progress;
    EpochRecord record;
    record.epoch = progress.epoch + 1;
    record.images = progress.images;
    record.correct = progress.correct;
    record.loss = progress.loss_sum / static_cast<double>(progress.images);
    record.learning_rate = learning_rate(parts_.task.rates, record.epoch * steps_ - 1, steps_, parts_.task.epochs);
    record.seconds = progress.seconds;
    record.threads = parts_.task.trainer.threads;
    record.engine_version = context_.engine_version;
    if (parts_.validation) validate(record);
    record.best = true;
    for (const EpochRecord& other : progress.epochs)
      if (other.best && !is_better(record, other)) record.best = false;

    // The networks first: a training that ends in between makes them once more, the same.
    graph::Weights state = parts_.trainer->state();
    if (!is_finite(state)) fail_not_finite("a weight", parts_.progress.step);
    write_network(state, kLastFile);
    if (record.best) write_network(state, kBestFile);
    progress.epochs.push_back(record);
    ++progress.epoch;
    progress.step = progress.images = progress.correct = 0;
    progress.loss_sum = progress.seconds = 0;
    save(std::move(state));
    context_.say(json{{"epoch", record}});
  }

  void validate(EpochRecord& record) {
    for (std::size_t begin = 0; begin < parts_.validation->size(); begin += batch_) {
      const Batch batch = parts_.validation->plain_batch(begin, batch_);
      const engine::BatchResult result = parts_.trainer->evaluate(batch.images, batch.labels);
      record.validation_loss += result.loss;
      record.validation_correct += result.correct;
      alive();
    }
    record.validation_images = static_cast<std::int64_t>(parts_.validation->size());
    record.validation_loss /= static_cast<double>(record.validation_images);
    if (!std::isfinite(record.validation_loss)) fail_not_finite("the validation loss", steps_);
  }

  void write_network(const graph::Weights& state, const char* name) const {
    graph::Model model{parts_.graph, {}};
    for (const auto& [tensor, array] : state)
      if (!tensor.starts_with(engine::kOptimizerPrefix)) model.weights.emplace(tensor, array);
    formats::write_torch_checkpoint(formats::state_of(std::move(model)), folder_ / name);
  }

  void save(graph::Weights state) {
    if (!is_finite(state)) fail_not_finite("a weight", parts_.progress.step);
    write_state(folder_ / kStateFile, parts_.task, parts_.progress, std::move(state));
    parts_.saved = true;
    saved_progress_ = {parts_.progress.epoch, parts_.progress.step};
    saved_at_ = steady_now();
  }

  void alive() {
    context_.monitor.requests.fetch_add(1, std::memory_order_relaxed);
    const Nanoseconds now = steady_now();
    if (now - told_at_ < std::chrono::milliseconds(100)) return;
    told_at_ = now;
    const Progress& progress = parts_.progress;
    const std::int64_t done = progress.epoch * steps_ + progress.step;
    context_.say_progress(static_cast<std::size_t>(done) * batch_, static_cast<std::size_t>(steps_ * parts_.task.epochs) * batch_);
  }

  /// @param step  of the epoch, from 1: the one that computed it
  [[noreturn]] void fail_not_finite(const char* what, std::int64_t step) const {
    const std::string where = fmt::format("in epoch {}, step {} of {}", parts_.progress.epoch + 1, step, steps_);
    const std::string kept = !parts_.saved
                                 ? "no checkpoint had been written yet"
                                 : fmt::format("the last good checkpoint, {}, is of epoch {} after step {}",
                                               (folder_ / kStateFile).string(), saved_progress_.first + 1, saved_progress_.second);
    throw Error(ErrorCode::engine_failure, fmt::format("{}: {} is not finite {}; {}", parts_.task.model, what, where, kept),
                "a lower --learning-rate, or --warmup-epochs, keeps a training from diverging");
  }

 public:
  /// Where the checkpoint stands that a resumed training was read from.
  void resumed() { saved_progress_ = {parts_.progress.epoch, parts_.progress.step}; }
  const Parts& parts() const { return parts_; }
  std::int64_t steps() const { return steps_; }

 private:
  Parts parts_;
  const measure::TrainContext& context_;
  std::filesystem::path folder_;
  std::size_t batch_ = 1;
  std::int64_t steps_ = 1;
  Nanoseconds saved_at_, told_at_{};
  std::pair<std::int64_t, std::int64_t> saved_progress_{0, 0};
};

void require_several_classes(const PictureSet& pictures) {
  for (std::size_t i = 1; i < pictures.size(); ++i)
    if (pictures.label(i) != pictures.label(0)) return;
  throw Error(ErrorCode::input,
              fmt::format("all {} training pictures are of class {}: there is nothing to tell apart", pictures.size(), pictures.label(0)),
              "train on pictures of two classes at least");
}

void open_pictures(Parts& parts, const dataset::InputGeometry& input, std::int64_t classes) {
  const TrainTask& task = parts.task;
  dataset::DataSet data = dataset::open_data_set(task.training.options());
  const bool apart = !task.validation.images.empty();
  std::optional<dataset::DataSet> other;
  if (apart) other = dataset::open_data_set(task.validation.options());
  const Selection chosen = select(task, data.images.size(), apart ? other->images.size() : 0);
  if (!apart && !chosen.validation.empty()) other = dataset::open_data_set(task.training.options());
  const auto make = [&](dataset::DataSet set, const std::vector<std::size_t>& indices) {
    return std::make_unique<PictureSet>(std::move(set), indices, task.preprocessing, input, classes);
  };
  parts.training = make(std::move(data), chosen.training);
  if (!chosen.validation.empty()) parts.validation = make(std::move(*other), chosen.validation);
  require_several_classes(*parts.training);
  // What does not fill a batch is left out of an epoch; another order leaves out others.
  if (static_cast<std::int64_t>(parts.training->size()) < task.trainer.batch) {
    throw Error(ErrorCode::usage, fmt::format("--batch {}: there are {} pictures to train on", task.trainer.batch, parts.training->size()));
  }
}

/// First weights, or the state of the training that is resumed.
void begin_or_resume(Parts& parts, const zoo::Network& network, const engine::TrainerTable& table, const std::string& engine_version) {
  const TrainTask& task = parts.task;
  const std::filesystem::path file = std::filesystem::path(task.folder) / kStateFile;
  std::optional<SavedTraining> saved;
  if (!task.again) saved = read_state(file, task);
  graph::Weights weights;
  if (saved || task.weights_path.empty()) {
    weights = initial_weights(parts.graph, task.seed);
  } else {
    FileWeights read = weights_from_file(network, parts.graph, task.weights_path, task.seed);
    weights = std::move(read.weights);
    for (const std::string& name : read.begun_anew)
      parts.remarks.push_back(fmt::format("{} is drawn anew: the file's is for another number of classes", name));
  }
  parts.trainer = table.create({parts.graph, std::move(weights)}, task.trainer);
  if (saved) {
    try {
      parts.trainer->set_state(saved->state);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::input) throw;
      throw Error(error.code(), fmt::format("{}: {}", file.string(), error.what()), "begin anew with --again");
    }
    parts.progress = std::move(saved->progress);
    parts.saved = true;
    const auto steps = static_cast<std::int64_t>(parts.training->size()) / task.trainer.batch;
    if (parts.progress.step >= steps || parts.progress.images != parts.progress.step * task.trainer.batch) {
      throw Error(ErrorCode::input,
                  fmt::format("{}: is of step {} with {} pictures, where an epoch has {} steps of {}", file.string(), parts.progress.step,
                              parts.progress.images, steps, task.trainer.batch),
                  "begin anew with --again");
    }
    const auto remark = [&](const std::string& what, const auto& was, const auto& is) {
      parts.remarks.push_back(fmt::format("this training began with {} {}, it goes on with {}: last bits may differ", what, was, is));
    };
    if (parts.progress.threads != task.trainer.threads) remark("--threads", parts.progress.threads, task.trainer.threads);
    if (parts.progress.engine_version != engine_version) remark(task.engine, parts.progress.engine_version, engine_version);
  } else {
    parts.progress.started_at = utc_timestamp();
    parts.progress.threads = task.trainer.threads;
    parts.progress.engine_version = engine_version;
    const json name{parts.progress.started_at, steady_now().count(), task};
    parts.progress.training = sha256_hex(name.dump()).substr(0, 12);
  }
}

Parts make_training(const measure::TrainContext& context) {
  Parts parts;
  parts.task = json::parse(context.task).get<TrainTask>();
  const TrainTask& task = parts.task;
  const zoo::Network* network = zoo::find(task.model);
  if (network == nullptr) throw Error(ErrorCode::internal, "a worker is to train the unknown network " + task.model);
  parts.graph = network->build({.height = task.input, .width = task.input, .classes = task.classes});
  const std::vector<Shape> shapes = graph::infer_shapes(parts.graph, 1);
  if (parts.graph.inputs.size() != 1 || parts.graph.outputs.size() != 1)
    throw Error(ErrorCode::unsupported, task.model + ": a network in training has one input and one output");
  const Shape& input = shapes[parts.graph.inputs[0]];
  open_pictures(parts, {input[1], input[2], input[3]}, element_count(shapes[parts.graph.outputs[0]]));
  create_folder(task.folder);
  parts.folder_lock.emplace(task.folder);
  if (const std::string_view missing = left_out_of_training(*network); !missing.empty())
    parts.remarks.push_back(
        fmt::format("{} is trained without the {} of its authors' recipe, which the graphs here lack", task.model, missing));
  begin_or_resume(parts, *network, context.table, context.engine_version);
  return parts;
}

}  // namespace

json train_start(const measure::TrainContext& context) {
  Training training(make_training(context), context);
  const Parts& parts = training.parts();
  if (parts.saved) training.resumed();
  context.say_phase("loaded");
  std::int64_t parameters = 0;
  for (const graph::Tensor& tensor : parts.graph.tensors)
    if (tensor.role == graph::Role::parameter) parameters += element_count(tensor.shape);
  context.say(json{{"begun",
                    {{"training", parts.progress.training},
                     {"started_at", parts.progress.started_at},
                     {"remarks", parts.remarks},
                     {"epoch", parts.progress.epoch},
                     {"step", parts.progress.step},
                     {"steps", training.steps()},
                     {"parameters", parameters},
                     {"images", parts.training->size()},
                     {"validation_images", parts.validation ? parts.validation->size() : 0}}}});
  const measure::RunningScope running(context.monitor);
  // The first step of a large network may take long; a trainer that hangs is ended all the same.
  context.monitor.limit_s = 900;
  context.say_phase("running");
  training.run();
  return {{"trained", true}};
}

}  // namespace inferometer::train
