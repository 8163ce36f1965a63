#include <cmath>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.h"
#include "graph/cost.h"
#include "zoo/zoo.h"

namespace inferometer::zoo {
namespace {

/// A row of caffe_facts.csv.
struct Facts {
  std::string name;
  std::int64_t input = 0;
  std::optional<std::int64_t> deepdetect_parameters;
  std::int64_t parameters = 0, macs = 0;
  std::optional<std::int64_t> deepdetect_macs;
};

std::vector<Facts> read_facts() {
  std::ifstream file(INFEROMETER_SOURCE_DIR "/tests/unit/zoo/caffe_facts.csv");
  std::vector<Facts> facts;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#") || line.starts_with("name,")) continue;
    const auto cells = split(line, ',');
    facts.push_back({cells.at(0), parse_integer(cells.at(1)).value(), parse_integer(cells.at(2)), parse_integer(cells.at(3)).value(),
                     parse_integer(cells.at(4)).value(), parse_integer(cells.at(5))});
  }
  return facts;
}

graph::Graph build(const std::string& name, std::int64_t input = 0) {
  const Network* network = find(name);
  if (network == nullptr) throw std::runtime_error("the zoo has no " + name);
  return network->build({.height = input, .width = input});
}

std::set<std::string> stored_names(const graph::Graph& graph) {
  std::set<std::string> names;
  for (const graph::Tensor& tensor : graph.tensors) {
    if (tensor.role == graph::Role::parameter || tensor.role == graph::Role::buffer) names.insert(tensor.name);
  }
  return names;
}

TEST(CaffeNetworks, CostsAreExactByBothConventions) {
  const std::vector<Facts> facts = read_facts();
  ASSERT_EQ(facts.size(), 14u);
  for (const Facts& fact : facts) {
    SCOPED_TRACE(fact.name);
    const graph::Graph graph = build(fact.name, fact.input);
    const graph::Cost cost = graph::compute_cost(graph).total;
    EXPECT_EQ(cost.parameters, fact.parameters);
    EXPECT_EQ(cost.macs, fact.macs);
    if (!fact.deepdetect_parameters) continue;
    const graph::Cost counted = graph::compute_cost(graph, graph::Convention::deepdetect).total;
    EXPECT_EQ(counted.parameters, *fact.deepdetect_parameters);
    EXPECT_EQ(counted.macs, *fact.deepdetect_macs);
    EXPECT_EQ(counted.elementwise_operations, cost.elementwise_operations);
    EXPECT_EQ(counted.activations, cost.activations);
  }
}

TEST(CaffeNetworks, TheirOwnInputsAre227WhereTheFilesSaySo) {
  for (const char* name : {"caffe_alexnet", "caffe_squeezenet1_0", "caffe_squeezenet1_1"}) EXPECT_EQ(find(name)->input_size, 227) << name;
  // The published figures would be these if the table had been made at the files' own size.
  EXPECT_EQ(graph::compute_cost(build("caffe_squeezenet1_0")).total.macs / 100'000, 8613);
  EXPECT_EQ(graph::compute_cost(build("caffe_squeezenet1_1")).total.macs / 100'000, 3877);
}

TEST(CaffeNetworks, LayersHaveTheAuthorsNames) {
  const struct {
    const char* network;
    std::vector<const char*> names;
  } cases[] = {
      {"caffe_alexnet", {"conv1.weight", "conv5.bias", "fc6.weight", "fc8.bias"}},
      {"caffe_googlenet",
       {"conv1/7x7_s2.weight", "conv2/3x3_reduce.bias", "inception_3a/5x5_reduce.weight", "inception_5b/pool_proj.bias",
        "loss3/classifier.weight"}},
      {"caffe_vgg19", {"conv1_1.weight", "conv5_4.bias", "fc7.weight"}},
      {"caffe_resnet50",
       {"conv1.bias", "bn_conv1.running_mean", "scale_conv1.weight", "res2a_branch1.weight", "bn3d_branch2c.running_var",
        "scale4f_branch2b.bias", "fc1000.weight"}},
      {"caffe_resnet101", {"res3a_branch1.weight", "res3b3_branch2a.weight", "scale4b22_branch2c.bias", "res5c_branch2b.weight"}},
      {"caffe_resnet152", {"bn3b7_branch2a.running_mean", "res4b35_branch2c.weight", "scale2c_branch2a.weight"}},
      {"caffe_densenet121",
       {"conv1/bn.running_mean", "conv1/scale.weight", "conv2_1/x1.weight", "conv4_24/x2/scale.bias", "conv5_16/x2.weight",
        "conv4_blk.weight", "conv5_blk/bn.running_var", "fc6.bias"}},
      {"caffe_squeezenet1_1", {"conv1.bias", "fire2/squeeze1x1.weight", "fire9/expand3x3.bias", "conv10.weight"}},
      {"mobilenet_v1", {"conv1/scale.bias", "conv2_1/dw.weight", "conv5_6/sep/bn.running_mean", "conv6/dw/scale.weight", "fc7.bias"}},
      {"shufflenet_v1_g3",
       {"conv1_bn.running_var", "resx1_conv1.weight", "resx5_conv2_scale.weight", "resx16_conv3_bn.running_mean", "fc1000.bias"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.network);
    const std::set<std::string> stored = stored_names(build(c.network));
    for (const char* name : c.names) EXPECT_TRUE(stored.contains(name)) << name;
  }
  EXPECT_FALSE(stored_names(build("caffe_resnet101")).contains("conv1.bias"));
}

TEST(CaffeNetworks, PoolsHaveCaffesSizes) {
  const struct {
    const char* network;
    std::vector<std::pair<const char*, std::int64_t>> maps;
  } cases[] = {
      {"caffe_googlenet", {{"pool1/3x3_s2", 56}, {"pool2/3x3_s2", 28}, {"pool3/3x3_s2", 14}, {"pool4/3x3_s2", 7}}},
      {"caffe_resnet50", {{"pool1", 56}}},
      {"caffe_densenet121", {{"pool1", 57}, {"pool2", 29}, {"pool3", 15}, {"pool4", 8}}},
      {"caffe_squeezenet1_0", {{"pool1", 54}, {"pool4", 27}, {"pool8", 13}, {"conv10", 15}}},
      {"caffe_squeezenet1_1", {{"pool1", 55}, {"pool3", 27}, {"pool5", 13}}},
      {"shufflenet_v1_g3", {{"pool1", 56}, {"resx1_match_conv", 28}, {"resx5_match_conv", 14}, {"resx13_match_conv", 7}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.network);
    const graph::CostTable table = graph::compute_cost(build(c.network, 224));
    for (const auto& map : c.maps) {
      bool found = false;
      for (const graph::LayerCost& layer : table.layers) {
        if (layer.layer != map.first) continue;
        found = true;
        EXPECT_EQ(layer.output_shape[2], map.second) << map.first;
      }
      EXPECT_TRUE(found) << map.first;
    }
  }
}

TEST(CaffeNetworks, TheTwoMobileNetsDifferInTheTypeOfDepthwiseLayersAlone) {
  const graph::Graph plain = build("mobilenet_v1"), typed = build("mobilenet_v1_depthwise");
  ASSERT_EQ(plain.nodes.size(), typed.nodes.size());
  EXPECT_EQ(stored_names(plain), stored_names(typed));
  int depthwise = 0;
  for (std::size_t i = 0; i < plain.nodes.size(); ++i) {
    EXPECT_EQ(plain.nodes[i].layer_type, "");
    const auto* conv = std::get_if<graph::Conv>(&typed.nodes[i].op);
    const bool grouped = conv != nullptr && conv->groups > 1;
    EXPECT_EQ(typed.nodes[i].layer_type, grouped ? "DepthwiseConvolution" : "") << typed.nodes[i].name;
    depthwise += grouped ? 1 : 0;
  }
  EXPECT_EQ(depthwise, 13);
}

TEST(CaffeNetworks, PicturesAreBlueGreenRedWithoutScale) {
  for (const Network& network : networks()) {
    const bool caffe = network.name.starts_with("caffe_") || network.name.starts_with("mobilenet_v1") || network.name == "shufflenet_v1_g3";
    if (!caffe) continue;
    EXPECT_EQ(network.preprocessing.channels, ChannelOrder::bgr) << network.name;
    EXPECT_EQ(network.preprocessing.scale, 1) << network.name;
    EXPECT_EQ(network.preprocessing.crop, network.input_size) << network.name;
  }
  const Preprocessing& mobilenet = find("mobilenet_v1")->preprocessing;
  EXPECT_EQ(mobilenet.mean, (std::array<double, 3>{103.94, 116.78, 123.68}));
  EXPECT_NEAR(mobilenet.standard_deviation[0], 58.8235, 1e-4);
}

TEST(CaffeNetworks, EveryNetworkOfTheStudyIsInTheZoo) {
  std::ifstream file(INFEROMETER_SOURCE_DIR "/published/names.csv");
  int networks_named = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("dd_performances,")) continue;
    const std::string model = split(line, ',').at(2);
    if (model.empty()) continue;
    EXPECT_NE(find(model), nullptr) << line;
    ++networks_named;
  }
  EXPECT_EQ(networks_named, 14);
}

}  // namespace
}  // namespace inferometer::zoo
