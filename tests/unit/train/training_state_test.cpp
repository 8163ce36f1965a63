#include "train/training_state.h"

#include <cstddef>
#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "formats/checkpoint.h"

namespace inferometer::train {
namespace {

class TrainingState : public testing::Test {
 protected:
  void SetUp() override { path_ = std::filesystem::temp_directory_path() / ("inferometer_state_" + std::to_string(getpid())); }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string refusal(const TrainTask& task) {
    try {
      read_state(path_, task);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      return error.what();
    }
    return "";
  }

  std::filesystem::path path_;
  const graph::Weights weights_{{"conv1.weight", {ElementType::f32, {1}, {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}}}}};
};

TrainTask task_of(const std::string& model) {
  TrainTask task;
  task.model = model;
  task.training = {"/data/images", "/data/labels", "abc", {1, 90}};
  task.validation.range = {91, 100};
  task.preprocessing.mean = {0.1, 0.2, 0.3};
  task.augmentation = {4, true};
  task.trainer.momentum = 0.9;
  task.rates = {0.1, Schedule::step, 1.5, {3, 5}, 0.2};
  task.epochs = 7;
  task.engine = "torch";
  task.folder = "/data/out";
  return task;
}

TEST_F(TrainingState, ComesBackWhole) {
  Progress progress;
  progress.training = "0123";
  progress.epoch = 2;
  progress.step = 11;
  progress.loss_sum = 0.1 + 0.2;  // no short decimal
  progress.images = 64;
  progress.correct = 3;
  progress.epochs = {{1, 90, 45, 0.01, 1.0 / 3, 10, 9, 0.7, 1.25, true, 1, "1.0"},
                     {2, 90, 44, 0.02, 2.0 / 3, 10, 8, 0.8, 1.5, false, 2, "1.1"}};
  write_state(path_, task_of("lenet5"), progress, weights_);
  const auto saved = read_state(path_, task_of("lenet5"));
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->state.size(), 1u);
  EXPECT_EQ(saved->state.at("conv1.weight").bytes, weights_.at("conv1.weight").bytes);
  EXPECT_EQ(saved->progress.training, "0123");
  EXPECT_EQ(saved->progress.epoch, 2);
  EXPECT_EQ(saved->progress.step, 11);
  EXPECT_EQ(saved->progress.loss_sum, 0.1 + 0.2);
  EXPECT_EQ(saved->progress.images, 64);
  EXPECT_EQ(saved->progress.correct, 3);
  EXPECT_EQ(nlohmann::json(saved->progress.epochs), nlohmann::json(progress.epochs));
}

TEST_F(TrainingState, IsNotThereYet) { EXPECT_FALSE(read_state(path_, task_of("lenet5"))); }

TEST_F(TrainingState, OfAnotherTrainingIsRefused) {
  write_state(path_, task_of("lenet5"), {}, weights_);
  TrainTask other = task_of("samplenet");
  EXPECT_NE(refusal(other).find("holds a training with MODEL lenet5, this one has samplenet"), std::string::npos) << refusal(other);
  other = task_of("lenet5");
  other.rates.rate = 0.2;
  EXPECT_NE(refusal(other).find("--learning-rate 0.1, this one has 0.2"), std::string::npos) << refusal(other);
  other = task_of("lenet5");
  other.training.sha256 = "def";
  EXPECT_NE(refusal(other).find("--images abc, this one has def"), std::string::npos) << refusal(other);
  // Where it lies, how many threads compute and how often it is kept makes no other training.
  other = task_of("lenet5");
  other.folder = "/elsewhere";
  other.trainer.threads = 9;
  other.checkpoint_every_s = 1;
  EXPECT_EQ(refusal(other), "");
}

TEST_F(TrainingState, ARecordThatContradictsItselfIsRefused) {
  const EpochRecord first{1, 90, 45, 0.01, 0.5, 10, 9, 0.7, 1.25, true}, second{2, 90, 44, 0.02, 0.6, 10, 8, 0.8, 1.5, false};
  Progress good;
  good.epoch = 2;
  good.step = 3;
  good.images = 24;
  good.correct = 11;
  good.epochs = {first, second};
  const auto refusal_of = [&](const Progress& progress) {
    write_state(path_, task_of("lenet5"), progress, weights_);
    return refusal(task_of("lenet5"));
  };
  EXPECT_EQ(refusal_of(good), "");
  const auto broken = [&](auto change) {
    Progress progress = good;
    change(progress);
    EXPECT_NE(refusal_of(progress).find(path_.string() + ": its record of the training is damaged"), std::string::npos);
  };
  broken([](Progress& progress) { progress.epoch = 3; });
  broken([](Progress& progress) { progress.epoch = -1; });
  broken([](Progress& progress) { progress.step = -1; });
  broken([](Progress& progress) { progress.images = -64; });
  broken([](Progress& progress) { progress.images = progress.correct = 0; });  // steps without pictures
  broken([](Progress& progress) { progress.step = 0; });
  broken([](Progress& progress) { progress.correct = 25; });
  broken([](Progress& progress) { progress.epochs.pop_back(); });
  broken([](Progress& progress) { progress.epochs[1].epoch = 1; });
  broken([](Progress& progress) { progress.epochs[0].best = false; });
  broken([&](Progress& progress) {
    progress.epochs.assign(8, second);
    for (std::size_t i = 0; i < 8; ++i) progress.epochs[i].epoch = static_cast<std::int64_t>(i) + 1;
    progress.epochs[0].best = true;
    progress.epoch = 8;  // of 7
  });
}

TEST_F(TrainingState, ForeignFilesAreRefused) {
  formats::write_safetensors(weights_, path_);
  EXPECT_NE(refusal(task_of("lenet5")).find("is no training of inferometer's"), std::string::npos);
  write_file_atomically(path_, "no tensors at all, but some bytes");
  EXPECT_NE(refusal(task_of("lenet5")), "");
}

TEST(TrainTask, TravelsBetweenProcesses) {
  const TrainTask task = task_of("lenet5");
  const auto back = nlohmann::json::parse(nlohmann::json(task).dump()).get<TrainTask>();
  EXPECT_EQ(settings_of(back), settings_of(task));
  EXPECT_EQ(nlohmann::json(back), nlohmann::json(task));
}

TEST(TrainTask, SaysTheCommandThatRepeatsIt) {
  EXPECT_EQ(repro_command(task_of("lenet5")),
            "inferometer train lenet5 --images /data/images --labels /data/labels --train-range 1-90 --validation-range 91-100 "
            "--resize short:256 --interpolation bilinear --crop 224 --channels rgb --scale 0.00392156862745098 --mean 0.1,0.2,0.3 "
            "--std 0.229,0.224,0.225 --random-crop 4 --flip --engine torch --device cpu --batch 1 --optimizer sgd --momentum 0.9 "
            "--weight-decay 0 --learning-rate 0.1 --schedule step --warmup-epochs 1.5 --step-epochs 3,5 --step-factor 0.2 --epochs 7 "
            "--seed 1 --threads 1 -o /data/out");
}

}  // namespace
}  // namespace inferometer::train
