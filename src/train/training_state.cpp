#include "train/training_state.h"

#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "formats/checkpoint.h"

namespace inferometer::train {
namespace {

using nlohmann::json;

/// Raised whenever the file's meaning changes.
constexpr int kStateVersion = 2;
constexpr const char* kDamaged = "its record of the training is damaged";

json progress_json(const Progress& progress) {
  return {{"training", progress.training}, {"started_at", progress.started_at},
          {"threads", progress.threads},   {"engine_version", progress.engine_version},
          {"epoch", progress.epoch},       {"step", progress.step},
          {"loss_sum", progress.loss_sum}, {"images", progress.images},
          {"correct", progress.correct},   {"seconds", progress.seconds},
          {"epochs", progress.epochs}};
}

Progress progress_from(const json& object) {
  Progress progress;
  object.at("training").get_to(progress.training);
  object.at("started_at").get_to(progress.started_at);
  object.at("threads").get_to(progress.threads);
  object.at("engine_version").get_to(progress.engine_version);
  object.at("epoch").get_to(progress.epoch);
  object.at("step").get_to(progress.step);
  object.at("loss_sum").get_to(progress.loss_sum);
  object.at("images").get_to(progress.images);
  object.at("correct").get_to(progress.correct);
  object.at("seconds").get_to(progress.seconds);
  object.at("epochs").get_to(progress.epochs);
  return progress;
}

graph::Array text_array(const std::string& text) {
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return {ElementType::u8, {static_cast<std::int64_t>(text.size())}, {bytes, bytes + text.size()}};
}

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& message) {
  throw Error(ErrorCode::input, fmt::format("{}: {}", file.string(), message), "name another folder with -o, or begin anew with --again");
}

void require_same(const std::filesystem::path& file, const json& theirs, const TrainTask& task) {
  for (const auto& [name, value] : settings_of(task)) {
    const std::string was = theirs.value(name, std::string());
    if (was == value) continue;
    fail(file, one_line(fmt::format("holds a training with {} {}, this one has {}", name, was.empty() ? "none" : was,
                                    value.empty() ? "none" : value)));
  }
}

/// Whether the parts of a record go together: what goes on from it counts on that.
bool is_coherent(const Progress& progress, const TrainTask& task) {
  const auto done = static_cast<std::int64_t>(progress.epochs.size());
  if (progress.epoch != done || done > task.epochs || progress.step < 0 || progress.images < 0 || progress.correct < 0) return false;
  // Within an epoch: as many pictures as its steps had.
  if ((progress.step == 0) != (progress.images == 0) || progress.correct > progress.images) return false;
  for (std::size_t i = 0; i < progress.epochs.size(); ++i)
    if (progress.epochs[i].epoch != static_cast<std::int64_t>(i) + 1) return false;
  return done == 0 || progress.epochs.front().best;  // the first one is the best so far
}

}  // namespace

void to_json(json& out, const EpochRecord& record) {
  out = {{"epoch", record.epoch},
         {"images", record.images},
         {"correct", record.correct},
         {"learning_rate", record.learning_rate},
         {"loss", record.loss},
         {"validation_images", record.validation_images},
         {"validation_correct", record.validation_correct},
         {"validation_loss", record.validation_loss},
         {"seconds", record.seconds},
         {"best", record.best},
         {"threads", record.threads},
         {"engine_version", record.engine_version}};
}

void from_json(const json& object, EpochRecord& record) {
  object.at("epoch").get_to(record.epoch);
  object.at("images").get_to(record.images);
  object.at("correct").get_to(record.correct);
  object.at("learning_rate").get_to(record.learning_rate);
  object.at("loss").get_to(record.loss);
  object.at("validation_images").get_to(record.validation_images);
  object.at("validation_correct").get_to(record.validation_correct);
  object.at("validation_loss").get_to(record.validation_loss);
  object.at("seconds").get_to(record.seconds);
  object.at("best").get_to(record.best);
  object.at("threads").get_to(record.threads);
  object.at("engine_version").get_to(record.engine_version);
}

void write_state(const std::filesystem::path& file, const TrainTask& task, const Progress& progress, graph::Weights state) {
  json settings = json::object();
  for (const auto& [name, value] : settings_of(task)) settings[name] = value;
  const json meta{{"version", kStateVersion}, {"settings", settings}, {"progress", progress_json(progress)}};
  state.insert_or_assign(kRecordTensor, text_array(meta.dump()));
  formats::write_safetensors(state, file);
}

std::optional<SavedTraining> read_state(const std::filesystem::path& file, const TrainTask& task) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  SavedTraining saved;
  saved.state = formats::read_checkpoint(file).tensors;
  const auto found = saved.state.find(kRecordTensor);
  if (found == saved.state.end() || found->second.type != ElementType::u8) fail(file, "is no training of inferometer's");
  const auto* text = reinterpret_cast<const char*>(found->second.bytes.data());
  const json meta = json::parse(text, text + found->second.bytes.size(), nullptr, false);
  try {
    if (const int version = meta.at("version").get<int>(); version != kStateVersion)
      fail(file, fmt::format("was written as version {}, this inferometer reads {}", version, kStateVersion));
    require_same(file, meta.at("settings"), task);
    saved.progress = progress_from(meta.at("progress"));
    if (!is_coherent(saved.progress, task)) fail(file, kDamaged);
  } catch (const json::exception&) {
    fail(file, kDamaged);
  }
  saved.state.erase(kRecordTensor);
  return saved;
}

}  // namespace inferometer::train
