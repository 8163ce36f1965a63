#include "train/task.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "dataset/preprocess.h"
#include "measure/evaluation.h"

namespace inferometer::train {
namespace {

using nlohmann::json;

json pictures_json(const Pictures& pictures) {
  return {{"images", pictures.images},
          {"labels", pictures.labels},
          {"sha256", pictures.sha256},
          {"first", pictures.range.first},
          {"last", pictures.range.last}};
}

Pictures pictures_from(const json& object) {
  return {object.at("images"), object.at("labels"), object.at("sha256"), {object.at("first"), object.at("last")}};
}

json trainer_json(const engine::TrainerSettings& settings) {
  return {{"device", settings.device},     {"precision", settings.precision},       {"threads", settings.threads},
          {"batch", settings.batch},       {"optimizer", settings.optimizer},       {"momentum", settings.momentum},
          {"nesterov", settings.nesterov}, {"weight_decay", settings.weight_decay}, {"beta1", settings.beta1},
          {"beta2", settings.beta2},       {"epsilon", settings.epsilon},           {"label_smoothing", settings.label_smoothing}};
}

engine::TrainerSettings trainer_from(const json& object) {
  engine::TrainerSettings settings;
  object.at("device").get_to(settings.device);
  object.at("precision").get_to(settings.precision);
  object.at("threads").get_to(settings.threads);
  object.at("batch").get_to(settings.batch);
  object.at("optimizer").get_to(settings.optimizer);
  object.at("momentum").get_to(settings.momentum);
  object.at("nesterov").get_to(settings.nesterov);
  object.at("weight_decay").get_to(settings.weight_decay);
  object.at("beta1").get_to(settings.beta1);
  object.at("beta2").get_to(settings.beta2);
  object.at("epsilon").get_to(settings.epsilon);
  object.at("label_smoothing").get_to(settings.label_smoothing);
  return settings;
}

json rates_json(const LearningRates& rates) {
  return {{"rate", rates.rate},
          {"schedule", rates.schedule},
          {"warmup_epochs", rates.warmup_epochs},
          {"step_epochs", rates.step_epochs},
          {"step_factor", rates.step_factor}};
}

LearningRates rates_from(const json& object) {
  return {object.at("rate"), object.at("schedule").get<Schedule>(), object.at("warmup_epochs"),
          object.at("step_epochs").get<std::vector<std::int64_t>>(), object.at("step_factor")};
}

std::string range_text(const PictureRange& range) { return range.given() ? fmt::format("{}-{}", range.first, range.last) : "all"; }

std::string numbers_text(const std::vector<std::int64_t>& numbers) {
  std::vector<std::string> texts;
  for (const std::int64_t number : numbers) texts.push_back(std::to_string(number));
  return join(texts, ",");
}

/// Options whose default is no "no", 0 or nothing, so that they are always said.
bool has_another_default(const std::string& name) { return name == "--momentum" || name == "--weight-decay" || name == "--learning-rate"; }

/// Options that the command line refuses beside the others.
bool is_for_others(const std::string& name, const TrainTask& task) {
  return name == "--momentum" && task.trainer.optimizer != engine::Optimizer::sgd;
}

}  // namespace

void to_json(json& out, const TrainTask& task) {
  out = {{"model", task.model},
         {"input", task.input},
         {"classes", task.classes},
         {"weights_path", task.weights_path},
         {"weights_sha256", task.weights_sha256},
         {"training", pictures_json(task.training)},
         {"validation", pictures_json(task.validation)},
         {"validation_share", task.validation_share},
         {"preprocessing", measure::preprocessing_json(task.preprocessing)},
         {"crop_padding", task.augmentation.crop_padding},
         {"flip", task.augmentation.flip},
         {"trainer", trainer_json(task.trainer)},
         {"rates", rates_json(task.rates)},
         {"epochs", task.epochs},
         {"seed", task.seed},
         {"engine", task.engine},
         {"folder", task.folder},
         {"checkpoint_every_s", task.checkpoint_every_s},
         {"again", task.again}};
}

void from_json(const json& object, TrainTask& task) {
  task = {};
  object.at("model").get_to(task.model);
  object.at("input").get_to(task.input);
  object.at("classes").get_to(task.classes);
  object.at("weights_path").get_to(task.weights_path);
  object.at("weights_sha256").get_to(task.weights_sha256);
  task.training = pictures_from(object.at("training"));
  task.validation = pictures_from(object.at("validation"));
  object.at("validation_share").get_to(task.validation_share);
  task.preprocessing = measure::preprocessing_from_json(object.at("preprocessing"));
  object.at("crop_padding").get_to(task.augmentation.crop_padding);
  object.at("flip").get_to(task.augmentation.flip);
  task.trainer = trainer_from(object.at("trainer"));
  task.rates = rates_from(object.at("rates"));
  object.at("epochs").get_to(task.epochs);
  object.at("seed").get_to(task.seed);
  object.at("engine").get_to(task.engine);
  object.at("folder").get_to(task.folder);
  object.at("checkpoint_every_s").get_to(task.checkpoint_every_s);
  object.at("again").get_to(task.again);
}

std::vector<std::pair<std::string, std::string>> settings_of(const TrainTask& task) {
  const engine::TrainerSettings& trainer = task.trainer;
  std::vector<std::pair<std::string, std::string>> settings{
      {"MODEL", task.model},
      {"--input", std::to_string(task.input)},
      {"--classes", std::to_string(task.classes)},
      {"--weights", task.weights_sha256.empty() ? fmt::format("random:{}", task.seed) : task.weights_sha256},
      {"--images", task.training.sha256},
      {"--train-range", range_text(task.training.range)},
      {"--validation-images", task.validation.sha256},
      {"--validation-range", range_text(task.validation.range)},
      {"--validation-share", exact_text(task.validation_share)},
      {"preprocessing", dataset::to_options(task.preprocessing)},
      {"--random-crop", std::to_string(task.augmentation.crop_padding)},
      {"--flip", task.augmentation.flip ? "yes" : "no"},
      {"--engine", task.engine},
      {"--device", trainer.device},
      {"--batch", std::to_string(trainer.batch)},
      {"--optimizer", trainer.optimizer == engine::Optimizer::sgd ? "sgd" : "adamw"},
      {"--momentum", exact_text(trainer.momentum)},
      {"--nesterov", trainer.nesterov ? "yes" : "no"},
      {"--weight-decay", exact_text(trainer.weight_decay)},
      {"--label-smoothing", exact_text(trainer.label_smoothing)},
      {"--learning-rate", exact_text(task.rates.rate)},
      {"--schedule", std::string(kScheduleNames[static_cast<std::size_t>(task.rates.schedule)])},
      {"--warmup-epochs", exact_text(task.rates.warmup_epochs)},
      {"--step-epochs", numbers_text(task.rates.step_epochs)},
      {"--step-factor", exact_text(task.rates.step_factor)},
      {"--epochs", std::to_string(task.epochs)},
      {"--seed", std::to_string(task.seed)}};
  return settings;
}

std::string repro_command(const TrainTask& task) {
  std::string command = "inferometer train " + shell_quote(task.model);
  const auto add = [&](const char* option, const std::string& value) { command += fmt::format(" {} {}", option, shell_quote(value)); };
  add("--images", task.training.images);
  if (!task.training.labels.empty()) add("--labels", task.training.labels);
  if (!task.validation.images.empty()) add("--validation-images", task.validation.images);
  if (!task.validation.labels.empty()) add("--validation-labels", task.validation.labels);
  if (!task.weights_path.empty()) add("--weights", task.weights_path);
  for (const auto& [name, value] : settings_of(task)) {
    const bool named_above = name == "MODEL" || name == "--images" || name == "--validation-images" || name == "--weights";
    const bool says_nothing = value.empty() || value == "no" || value == "all" || value == "0";
    if (name == "preprocessing")
      command += " " + value;
    else if (value == "yes")
      command += " " + name;
    else if (!named_above && !is_for_others(name, task) && (!says_nothing || has_another_default(name)))
      add(name.c_str(), value);
  }
  add("--threads", std::to_string(task.trainer.threads));
  add("-o", task.folder);
  return command;
}

}  // namespace inferometer::train
