#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "store/store.h"

namespace inferometer::store {
namespace {

class Trainings : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("inferometer_trainings_" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static train::TrainingRow row(const std::string& training, std::int64_t epoch, double loss) {
    train::TrainingRow made;
    made.training = training;
    made.model = "lenet5";
    made.epoch = epoch;
    made.train_loss = loss;
    made.best = 1;
    made.repro = "inferometer train lenet5";
    return made;
  }
  static std::vector<std::string> order(const std::vector<train::TrainingRow>& rows) {
    std::vector<std::string> names;
    for (const train::TrainingRow& each : rows) names.push_back(each.training + std::to_string(*each.epoch));
    return names;
  }

  std::filesystem::path folder_;
};

TEST_F(Trainings, EpochsComeBackByTrainingAndReplaceThemselves) {
  {
    Store store(folder_ / "s.db");
    const std::int64_t platform = store.save_platform("id", "machine", "{}");
    for (const auto& each : {row("b", 1, 3), row("b", 2, 2), row("a", 1, 5), row("b", 3, 1), row("b", 2, 1.5), row("b", 1, 2.5)})
      store.save_epoch(platform, each);
  }
  const Store store(folder_ / "s.db");
  const std::vector<train::TrainingRow> rows = store.epochs({});
  const auto sorted = order(rows);
  EXPECT_EQ(sorted.size(), 4u);
  EXPECT_EQ(rows[std::find(sorted.begin(), sorted.end(), "b2") - sorted.begin()].train_loss, 1.5);
  EXPECT_LT(std::find(sorted.begin(), sorted.end(), "b1"), std::find(sorted.begin(), sorted.end(), "b2"));
  EXPECT_LT(std::find(sorted.begin(), sorted.end(), "b2"), std::find(sorted.begin(), sorted.end(), "b3"));
  EXPECT_EQ(rows[0].best, 1);
  EXPECT_FALSE(rows[0].validation_loss);
  EXPECT_EQ(order(store.epochs({parse_training_where("training=b and epoch>=2")})), (std::vector<std::string>{"b2", "b3"}));
  EXPECT_EQ(store.epochs({parse_training_where("train_loss<=2 and validation_top1=null")}).size(), 2u);
}

TEST_F(Trainings, ConditionsNameTheirColumns) {
  EXPECT_THROW(parse_training_where("per_image_ms<1"), Error);
  EXPECT_NO_THROW(parse_training_where("validation_top1>97 and model like 'lenet%'"));
}

}  // namespace
}  // namespace inferometer::store
