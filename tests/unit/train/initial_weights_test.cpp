#include "train/initial_weights.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "formats/checkpoint.h"
#include "zoo/synthetic_weights.h"

namespace inferometer::train {
namespace {

graph::Graph build(const std::string& name, std::int64_t classes = 0) { return zoo::find(name)->build({.classes = classes}); }

struct Moments {
  double mean = 0, least = 0, most = 0;
};
Moments moments(const graph::Array& array) {
  const std::int64_t count = element_count(array.shape);
  const float* values = array.floats();
  Moments result{0, values[0], values[0]};
  for (std::int64_t i = 0; i < count; ++i) {
    result.mean += static_cast<double>(values[i]) / static_cast<double>(count);
    result.least = std::min<double>(result.least, values[i]);
    result.most = std::max<double>(result.most, values[i]);
  }
  return result;
}

void expect_uniform(const graph::Array& array, double bound) {
  const Moments found = moments(array);
  EXPECT_NEAR(found.mean, 0, 0.05 * bound);
  EXPECT_LE(found.most, bound);
  EXPECT_GE(found.least, -bound);
  EXPECT_GT(found.most, 0.98 * bound);
  EXPECT_LT(found.least, -0.98 * bound);
}

void expect_all(const graph::Array& array, float value) {
  const Moments found = moments(array);
  EXPECT_EQ(found.least, value);
  EXPECT_EQ(found.most, value);
}

TEST(InitialWeights, FollowTheRuleOfEachOperator) {
  const graph::Weights weights = initial_weights(build("resnet18"), 1);
  expect_uniform(weights.at("layer1.0.conv1.weight"), std::sqrt(6.0 / (64 * 9)));
  expect_uniform(weights.at("fc.weight"), 1 / std::sqrt(512.0));
  expect_uniform(weights.at("fc.bias"), 1 / std::sqrt(512.0));
  expect_all(weights.at("layer1.0.bn2.weight"), 1);
  expect_all(weights.at("layer1.0.bn2.bias"), 0);
  expect_all(weights.at("bn1.running_mean"), 0);
  expect_all(weights.at("bn1.running_var"), 1);
  expect_all(initial_weights(build("lenet5"), 1).at("conv1.bias"), 0);
  expect_uniform(initial_weights(build("mobilenet_v2"), 1).at("features.15.conv.1.0.weight"), std::sqrt(6.0 / 9));
}

TEST(InitialWeights, DependOnTheSeedAlone) {
  const graph::Graph net = build("lenet5");
  EXPECT_EQ(initial_weights(net, 3).at("fc1.weight").bytes, initial_weights(net, 3).at("fc1.weight").bytes);
  EXPECT_NE(initial_weights(net, 3).at("fc1.weight").bytes, initial_weights(net, 4).at("fc1.weight").bytes);
  EXPECT_NE(initial_weights(net, 3).at("fc2.bias").bytes, initial_weights(net, 3).at("fc1.bias").bytes);
}

class WeightsFromFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("inferometer_train_" + std::to_string(getpid()) + ".pth");
    graph::Model model{build("cifar_resnet20"), {}};
    model.weights = zoo::synthetic_weights(model.graph, 9);
    weights_ = model.weights;
    formats::write_torch_checkpoint(formats::state_of(std::move(model)), path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }
  FileWeights read(const graph::Graph& graph) { return weights_from_file(*zoo::find("cifar_resnet20"), graph, path_, 1); }

  std::filesystem::path path_;
  graph::Weights weights_;
};

TEST_F(WeightsFromFile, AreTheFiles) {
  const FileWeights read_back = read(build("cifar_resnet20"));
  EXPECT_TRUE(read_back.begun_anew.empty());
  for (const auto& [name, array] : weights_) EXPECT_EQ(read_back.weights.at(name).bytes, array.bytes) << name;
}

TEST_F(WeightsFromFile, BeginTheLastLayerAnewForOtherClasses) {
  const graph::Graph seven = build("cifar_resnet20", 7);
  const FileWeights read_back = read(seven);
  EXPECT_EQ(read_back.begun_anew, (std::vector<std::string>{"linear.weight", "linear.bias"}));
  const graph::Weights drawn = initial_weights(seven, 1);
  for (const auto& [name, array] : read_back.weights)
    EXPECT_EQ(array.bytes, (name.starts_with("linear.") ? drawn : weights_).at(name).bytes) << name;
}

TEST_F(WeightsFromFile, OfAnotherNetworkAreRefused) {
  try {
    weights_from_file(*zoo::find("lenet5"), build("lenet5"), path_, 1);
    FAIL() << "the file of another network was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    EXPECT_NE(std::string(error.what()).find("does not fit lenet5"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace inferometer::train
