// The networks for CIFAR and MNIST, and all the others at their sizes.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/cost.h"
#include "zoo/zoo.h"

namespace inferometer::zoo {
namespace {

std::map<std::string, Shape> stored_tensors(const std::string& name) {
  std::map<std::string, Shape> stored;
  for (const graph::Tensor& tensor : find(name)->build({}).tensors) {
    if (graph::is_stored(tensor.role)) stored[tensor.name] = tensor.shape;
  }
  return stored;
}

// Parameters: the paper rounds to 0.27, 0.46, 0.66, 0.85 and 1.7 million; worked out as 16 (27 + 2) of the stem, 10 (64 + 1) of
// the linear layer, and for n blocks a stage 2 n (9 16^2 + 2 16), then 32 and 64 channels, less what the first convolution of a
// stage has fewer: 9 16 32 and 9 32 64. MACs likewise: every convolution 32^2 9 16^2 but the stem and two half ones.
TEST(SmallNetworks, CostOfCifarResnets) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {"cifar_resnet20", 3}, {"cifar_resnet32", 5}, {"cifar_resnet44", 7}, {"cifar_resnet56", 9}, {"cifar_resnet110", 18}};
  for (const auto& [name, n] : cases) {
    SCOPED_TRACE(name);
    const graph::Cost cost = graph::compute_cost(find(name)->build({})).total;
    std::int64_t parameters = 16 * (27 + 2) + 10 * (64 + 1) - 9 * 16 * 32 - 9 * 32 * 64;
    for (const std::int64_t channels : {16, 32, 64}) parameters += 2 * n * (9 * channels * channels + 2 * channels);
    EXPECT_EQ(cost.parameters, parameters);
    const std::int64_t one = 32 * 32 * 9 * 16 * 16;                     // a convolution of any stage
    EXPECT_EQ(cost.macs, 32 * 32 * 27 * 16 + 6 * n * one - one + 640);  // two of them take half as many channels
  }
  EXPECT_EQ(graph::compute_cost(find("cifar_resnet20")->build({})).total.parameters, 269'722);
  EXPECT_EQ(graph::compute_cost(find("cifar_resnet110")->build({})).total.parameters, 1'727'962);
}

TEST(SmallNetworks, CostOfTheOthers) {
  const struct {
    const char* name;
    std::int64_t parameters, macs;
  } cases[] = {
      {"samplenet", 456 + 2416 + 48120 + 10164 + 850, 352800 + 240000 + 48000 + 10080 + 840},
      {"lenet5", 61'706, 784 * 25 * 6 + 100 * 25 * 6 * 16 + 48000 + 10080 + 840},
      {"mnist_convnet", 320 + 18496 + 401536 + 1290, 225792 + 3612672 + 401408 + 1280},
  };
  for (const auto& c : cases) {
    const graph::Cost cost = graph::compute_cost(find(c.name)->build({})).total;
    EXPECT_EQ(cost.parameters, c.parameters) << c.name;
    EXPECT_EQ(cost.macs, c.macs) << c.name;
  }
}

TEST(SmallNetworks, NamesAreThoseOfTheirFiles) {
  const auto resnet = stored_tensors("cifar_resnet20");
  EXPECT_EQ(resnet.size(), 97u);
  EXPECT_EQ(resnet.at("conv1.weight"), (Shape{16, 3, 3, 3}));
  EXPECT_EQ(resnet.at("layer2.0.conv1.weight"), (Shape{32, 16, 3, 3}));
  EXPECT_EQ(resnet.at("layer3.2.bn2.running_var"), (Shape{64}));
  EXPECT_EQ(resnet.at("linear.weight"), (Shape{10, 64}));
  const std::map<std::string, Shape> samplenet{
      {"conv1.weight", {6, 3, 5, 5}}, {"conv1.bias", {6}}, {"conv2.weight", {16, 6, 5, 5}}, {"conv2.bias", {16}},
      {"fc1.weight", {120, 400}},     {"fc1.bias", {120}}, {"fc2.weight", {84, 120}},       {"fc2.bias", {84}},
      {"fc3.weight", {10, 84}},       {"fc3.bias", {10}}};
  EXPECT_EQ(stored_tensors("samplenet"), samplenet);
}

TEST(SmallNetworks, PreprocessingGivesTheirInputSize) {
  for (const char* name : {"cifar_resnet20", "samplenet", "lenet5", "mnist_convnet"}) {
    SCOPED_TRACE(name);
    const Network& network = *find(name);
    EXPECT_EQ(network.preprocessing.resize, ResizeRule::warp);
    EXPECT_EQ(network.preprocessing.resize_to, network.input_size);
    EXPECT_EQ(network.preprocessing.crop, 0);
  }
  EXPECT_EQ(find("cifar_resnet20")->preprocessing.mean, (std::array{0.485, 0.456, 0.406}));
  EXPECT_EQ(find("samplenet")->preprocessing.scale, 1);
  EXPECT_EQ(find("mnist_convnet")->preprocessing.standard_deviation[0], 0.5);
}

/// "alexnet: nothing left after features.12 (MaxPool)" -> "features.12 (MaxPool)".
std::string layer_without_rest(const Network& network, std::int64_t size, std::int64_t classes) {
  try {
    const graph::Graph graph = network.build({.height = size, .width = size, .classes = classes});
    EXPECT_EQ(graph::infer_shapes(graph, 1)[graph.outputs[0]], (Shape{1, classes}));
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    const std::string message = error.what(), words = network.name + ": nothing left after ";
    EXPECT_TRUE(message.starts_with(words)) << message;
    return message.substr(words.size(), message.find(')') + 1 - words.size());
  }
}

TEST(SmallNetworks, EveryNetworkTakes32OrNamesTheLayerThatHasNothingLeft) {
  const std::map<std::string, std::string> without{{"alexnet", "features.12 (MaxPool)"},
                                                   {"caffe_alexnet", "pool5 (MaxPool)"},
                                                   {"caffe_googlenet", "pool4/3x3_s2 (MaxPool)"},
                                                   {"inception_v3", "Mixed_6a.branch3x3.conv (Conv)"},
                                                   {"shufflenet_v1_g3", "resx13_match_conv (AveragePool)"}};
  for (const auto& [name, layer] : without) EXPECT_NE(find(name), nullptr) << name;
  for (const Network& network : networks()) {
    SCOPED_TRACE(network.name);
    for (const std::int64_t classes : {10, 100}) {
      const std::string layer = layer_without_rest(network, 32, classes);
      const auto expected = without.find(network.name);
      EXPECT_EQ(layer, expected == without.end() ? "" : expected->second);
    }
  }
}

}  // namespace
}  // namespace inferometer::zoo
