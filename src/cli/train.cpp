#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/child_process.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/open_store.h"
#include "cli/progress.h"
#include "cli/stopped.h"
#include "cli/subcommands.h"
#include "cli/train_options.h"
#include "engine/loader.h"
#include "measure/engines_here.h"
#include "measure/platform.h"
#include "report/training_tables.h"
#include "store/store.h"
#include "train/training.h"

namespace inferometer::cli {
namespace {

using train::TrainingRow;

std::string data_name(const train::Pictures& pictures) { return std::filesystem::path(pictures.images).filename().string(); }

/// What all epochs of a training have in common.
TrainingRow common_row(const train::TrainTask& task, const engine::EngineInfo& engine, const std::string& platform) {
  TrainingRow row;
  row.model = task.model;
  row.epochs = task.epochs;
  row.engine = engine.name;
  row.device = task.trainer.device;
  row.batch = task.trainer.batch;
  for (const auto& [name, value] : train::settings_of(task)) {
    if (name == "--optimizer") row.optimizer = value;
    if (name == "--schedule") row.schedule = value;
  }
  row.weights = task.weights_path.empty() ? fmt::format("random:{}", task.seed) : task.weights_path;
  row.seed = static_cast<std::int64_t>(task.seed);
  row.classes = task.classes;
  if (task.input != 0) row.input = task.input;
  row.data = data_name(task.training);
  row.data_sha256 = task.training.sha256;
  row.validation_data = task.validation.images.empty() ? "" : data_name(task.validation);
  row.folder = task.folder;
  row.platform = platform;
  row.inferometer_version = INFEROMETER_VERSION;
  return row;
}

std::string outcome_text(const TrainingRow& row) {
  std::string text = fmt::format("loss {}, {:.2f} % right", rounded_text(row.train_loss.value_or(0)), row.train_top1.value_or(0));
  if (row.validation_top1) {
    text += fmt::format("; validation loss {}, {:.2f} % ({:.2f} to {:.2f})", rounded_text(row.validation_loss.value_or(0)),
                        *row.validation_top1, row.validation_top1_low.value_or(0), row.validation_top1_high.value_or(0));
  }
  if (row.images_per_s) text += fmt::format("; {} images/s", rounded_text(*row.images_per_s));
  return text;
}

/// Keeps every epoch as it ends, and shows how far the training is.
class Recorder : public train::TrainingObserver {
 public:
  /// @param common  of all epochs of `task`
  Recorder(TrainingRow common, const train::TrainTask& task, store::Store& store, std::int64_t platform_id, Progress& progress,
           const Context& context)
      : row_(std::move(common)), task_(task), store_(store), platform_id_(platform_id), progress_(progress), context_(context) {}

  void begun(const train::Begun& begun) override {
    begun_ = begun;
    row_.training = begun.training;
    row_.started_at = begun.started_at;
    row_.parameters = begun.parameters;
    const std::string pictures =
        fmt::format("{} pictures{}", begun.images,
                    begun.validation_images > 0 ? fmt::format(", {} for validation", begun.validation_images) : ", none for validation");
    if (begun.epoch == 0 && begun.step == 0) {
      context_.say(fmt::format("training {} of {}: {}", begun.training, row_.model, pictures));
    } else if (begun.epoch == row_.epochs) {
      context_.say(fmt::format("training {} of {} is done already; --again begins anew", begun.training, row_.model));
    } else {
      context_.say(fmt::format("training {} of {} goes on in epoch {}, after step {} of {}: {}", begun.training, row_.model,
                               begun.epoch + 1, begun.step, begun.steps, pictures));
    }
    for (const std::string& remark : begun.remarks) context_.say(remark);
  }

  void progress(std::size_t done, std::size_t total) override { progress_.begin(row_.model + current_, done, total); }

  void epoch_done(const train::EpochRecord& record) override {
    train::fill_figures(row_, record);
    task_.trainer.threads = record.threads;
    row_.repro = train::repro_command(task_);
    store_.save_epoch(platform_id_, row_);
    rows_.push_back(row_);
    current_ = " " + outcome_text(row_);
    if (record.epoch <= begun_.epoch) return progress_.skip(1);
    progress_.finish(fmt::format("{} epoch {}", row_.model, record.epoch), outcome_text(row_));
  }

  bool has_begun() const { return begun_.steps > 0; }
  const std::vector<TrainingRow>& rows() const { return rows_; }

 private:
  TrainingRow row_;
  train::TrainTask task_;
  store::Store& store_;
  std::int64_t platform_id_;
  Progress& progress_;
  const Context& context_;
  train::Begun begun_;
  std::string current_;
  std::vector<TrainingRow> rows_;
};

/// Engines that may train, the best first: those named, or those that execute graphs.
std::vector<engine::EngineInfo> candidates(const std::string& asked, const measure::EngineCatalog& catalog) {
  std::vector<engine::EngineInfo> found;
  for (const measure::EngineHere& here : catalog.engines) {
    if (!asked.empty() && here.info.name != asked) continue;
    if (!asked.empty() && !here.info.usable)
      throw Error(ErrorCode::missing_engine, fmt::format("engine {} cannot be used here: {}", asked, here.info.reason));
    if (here.info.usable && here.info.computes && (here.info.executes_graphs || !asked.empty())) found.push_back(here.info);
  }
  if (found.empty() && !asked.empty())
    throw Error(ErrorCode::missing_engine, fmt::format("there is no engine {}", one_line(asked, 60)), "`inferometer engines` lists them");
  return found;
}

void say_files(const train::TrainTask& task, const std::vector<TrainingRow>& rows, const Context& context) {
  const auto best = std::find_if(rows.rbegin(), rows.rend(), [](const TrainingRow& row) { return row.best == 1; });
  const std::filesystem::path folder = task.folder;
  context.say(fmt::format("{} is of epoch {}, {} of the last; the curves are kept in {}", (folder / train::kBestFile).string(),
                          best->epoch.value_or(0), (folder / train::kLastFile).string(), context.database));
  std::string evaluate = fmt::format("inferometer evaluate {} --weights {}", task.model, shell_quote((folder / train::kBestFile).string()));
  if (task.classes != 0) evaluate += fmt::format(" --classes {}", task.classes);
  if (task.input != 0) evaluate += fmt::format(" --input {}", task.input);
  context.say(fmt::format("to evaluate it: {} {} --images ...", evaluate, dataset::to_options(task.preprocessing)));
}

/// When the file was written; nullopt: there is none.
std::optional<std::filesystem::file_time_type> time_of(const std::filesystem::path& file) {
  std::error_code failure;
  const auto time = std::filesystem::last_write_time(file, failure);
  return failure ? std::nullopt : std::optional(time);
}

/// @param now, before  when the checkpoint was written that there is, and that there was when the command began
std::string kept_of_training(std::optional<std::filesystem::file_time_type> now, std::optional<std::filesystem::file_time_type> before,
                             bool again) {
  // With --again an older training's checkpoint lies there until the first of this one replaces it.
  if (!now || (again && now == before)) return "no checkpoint had been written: the same command begins anew";
  return again ? "without --again the same command goes on from the last checkpoint" : "the same command goes on from the last checkpoint";
}

void run_train(const TrainOptions& options, Context& context) {
  install_interrupt_handler();
  train::TrainTask task = train_task(options);
  const measure::EngineCatalog catalog = measure::ask_engines(engine::plugin_folder());
  const measure::Platform platform = measure::read_platform();
  store::Store store = open_to_write(context);
  const std::int64_t platform_id = store.save_platform(platform.identity, platform.name, platform.details_json);
  for (const engine::EngineInfo& engine : candidates(options.engine, catalog)) {
    task.engine = engine.name;
    Progress progress(context.messages, progress_style(context.quiet), static_cast<std::size_t>(task.epochs));
    Recorder recorder(common_row(task, engine, platform.name), task, store, platform_id, progress, context);
    try {
      const std::filesystem::path state = std::filesystem::path(task.folder) / train::kStateFile;
      const auto before = time_of(state);
      told_when_stopped([&] { train::run_training(task, catalog.plugins.at(engine.name), recorder); },
                        [&] { return kept_of_training(time_of(state), before, task.again); });
    } catch (const Error& error) {
      const bool cannot_train = error.code() == ErrorCode::missing_engine && !recorder.has_begun();
      if (cannot_train && options.engine.empty()) continue;
      throw;
    }
    context.write(report::epochs_table(recorder.rows(), context.format()));
    say_files(task, recorder.rows(), context);
    return;
  }
  throw Error(ErrorCode::missing_engine, "no engine that trains can be used here",
              "scripts/setup installs libtorch, with which one is built");
}

}  // namespace

void add_train(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("train", "Train a network on labelled pictures");
  const auto options = std::make_shared<TrainOptions>();
  add_train_options(*command, *options);
  command->footer(example_footer(
      "inferometer train lenet5 --images train-images-idx3-ubyte.gz --labels train-labels-idx1-ubyte.gz \\\n"
      "      --validation-share 0.1 --epochs 10 -o lenet\n"
      "  inferometer evaluate lenet5 --weights lenet/best.pth --images t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz"));
  command->callback([options, &context] { run_train(*options, context); });
}

}  // namespace inferometer::cli
