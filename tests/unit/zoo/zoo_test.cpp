#include "zoo/zoo.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/cost.h"

namespace inferometer::zoo {
namespace {

/// A row of torchvision_facts.csv.
struct Facts {
  std::string name;
  std::int64_t parameters = 0;
  double gmacs = 0, top1 = 0, top5 = 0;
  std::int64_t macs_224 = 0, activations_224 = 0;
  std::optional<std::int64_t> macs_32, activations_32;
};

std::vector<Facts> read_facts() {
  std::ifstream file(INFEROMETER_SOURCE_DIR "/tests/unit/zoo/torchvision_facts.csv");
  std::vector<Facts> facts;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#") || line.starts_with("name,")) continue;
    const auto cells = split(line, ',');
    facts.push_back({cells.at(0), parse_integer(cells.at(1)).value(), parse_number(cells.at(2)).value(), parse_number(cells.at(3)).value(),
                     parse_number(cells.at(4)).value(), parse_integer(cells.at(5)).value(), parse_integer(cells.at(6)).value(),
                     parse_integer(cells.at(7)), parse_integer(cells.at(8))});
  }
  return facts;
}

std::string error_of(const Network& network, const BuildOptions& options, ErrorCode code) {
  try {
    network.build(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "no error";
}

TEST(Zoo, CostsEqualThePublishedOnes) {
  const std::vector<Facts> facts = read_facts();
  ASSERT_EQ(facts.size(), 26u);
  for (const Facts& fact : facts) {
    SCOPED_TRACE(fact.name);
    const Network* network = find(fact.name);
    ASSERT_NE(network, nullptr);
    const graph::Cost cost = graph::compute_cost(network->build({})).total;
    EXPECT_EQ(cost.parameters, fact.parameters);
    // Whole millions, rounded as published: 3 decimals of a billion.
    EXPECT_EQ((cost.macs + 500'000) / 1'000'000, std::llround(fact.gmacs * 1000));
    EXPECT_EQ(cost.macs, fact.macs_224);
    EXPECT_EQ(cost.activations, fact.activations_224);
    ASSERT_TRUE(network->published.has_value());
    EXPECT_EQ(network->published->top1, fact.top1);
    EXPECT_EQ(network->published->top5, fact.top5);
    EXPECT_EQ(network->published->source, "torchvision IMAGENET1K_V1");
  }
}

TEST(Zoo, CostsAt32EqualThePublishedOnes) {
  int compared = 0;
  for (const Facts& fact : read_facts()) {
    if (!fact.macs_32) continue;
    SCOPED_TRACE(fact.name);
    const graph::Cost cost = graph::compute_cost(find(fact.name)->build({.height = 32, .width = 32})).total;
    EXPECT_EQ(cost.macs, *fact.macs_32);
    EXPECT_EQ(cost.activations, *fact.activations_32);
    ++compared;
  }
  EXPECT_EQ(compared, 25);
}

TEST(Zoo, LayersAddUpToTheTotal) {
  for (const Network& network : networks()) {
    const graph::CostTable table = graph::compute_cost(network.build({}));
    graph::Cost sum;
    for (const graph::LayerCost& layer : table.layers) {
      sum.parameters += layer.cost.parameters, sum.macs += layer.cost.macs;
      sum.elementwise_operations += layer.cost.elementwise_operations, sum.activations += layer.cost.activations;
    }
    EXPECT_EQ(sum.parameters, table.total.parameters) << network.name;
    EXPECT_EQ(sum.macs, table.total.macs) << network.name;
    EXPECT_EQ(sum.elementwise_operations, table.total.elementwise_operations) << network.name;
    EXPECT_EQ(sum.activations, table.total.activations) << network.name;
  }
}

TEST(Zoo, EveryNetworkTakesAnyBatchInputAndNumberOfClasses) {
  for (const Network& network : networks()) {
    SCOPED_TRACE(network.name);
    const graph::Graph graph = network.build({.height = 96, .width = 128, .classes = 10});
    EXPECT_EQ(graph.name, network.name);
    const auto shapes = graph::infer_shapes(graph, 3);
    ASSERT_EQ(graph.inputs.size(), 1u);
    ASSERT_EQ(graph.outputs.size(), 1u);
    EXPECT_EQ(graph.tensors[graph.inputs[0]].name, "input");
    EXPECT_EQ(graph.tensors[graph.outputs[0]].name, "output");
    EXPECT_EQ(shapes[graph.inputs[0]], (Shape{3, 3, 96, 128}));
    EXPECT_EQ(shapes[graph.outputs[0]], (Shape{3, 10}));
  }
}

TEST(Zoo, ErrorsNameTheLayerThatHasNothingLeft) {
  EXPECT_EQ(error_of(*find("alexnet"), {.height = 32, .width = 32}, ErrorCode::input),
            "alexnet: nothing left after features.12 (MaxPool): a 3x3 window does not fit its 1x1 input");
  EXPECT_NE(error_of(*find("vgg16"), {.height = 31, .width = 224}, ErrorCode::input).find("nothing left after features.30"),
            std::string::npos);
  EXPECT_NE(error_of(*find("densenet121"), {.height = 16, .width = 16}, ErrorCode::input).find("transition3.pool"), std::string::npos);
  for (const Network& network : networks()) {
    SCOPED_TRACE(network.name);
    EXPECT_NE(error_of(network, {.height = -1}, ErrorCode::usage).find("cannot be negative"), std::string::npos);
    EXPECT_NE(error_of(network, {.classes = 0}, ErrorCode::usage).find("0 classes"), std::string::npos);
    error_of(network, {.height = std::numeric_limits<std::int64_t>::max()}, ErrorCode::input);
    error_of(network, {.classes = std::numeric_limits<std::int64_t>::max()}, ErrorCode::input);
  }
}

TEST(Zoo, ParameterNamesAreTorchvisions) {
  const struct {
    const char* network;
    std::vector<const char*> names;
    std::size_t stored;  ///< tensors of torchvision's state dict, without num_batches_tracked and googlenet's auxiliary heads
  } cases[] = {
      {"alexnet", {"features.0.weight", "features.10.bias", "classifier.1.weight", "classifier.6.bias"}, 16},
      {"vgg11", {"features.18.weight", "classifier.6.weight"}, 22},
      {"vgg16_bn", {"features.40.weight", "features.41.running_var", "classifier.3.bias"}, 84},
      {"resnet18", {"conv1.weight", "bn1.running_mean", "layer2.0.downsample.0.weight", "layer4.1.bn2.bias", "fc.bias"}, 102},
      {"resnet50", {"layer1.0.downsample.1.weight", "layer3.5.conv3.weight"}, 267},
      {"squeezenet1_0", {"features.3.squeeze.weight", "features.12.expand3x3.bias", "classifier.1.weight"}, 52},
      {"squeezenet1_1", {"features.12.expand1x1.weight"}, 52},
      {"densenet121",
       {"features.conv0.weight", "features.denseblock4.denselayer16.norm2.bias", "features.transition3.conv.weight",
        "features.norm5.running_var", "classifier.weight"},
       606},
      {"googlenet", {"conv1.conv.weight", "inception3a.branch2.1.bn.weight", "inception5b.branch4.1.conv.weight", "fc.weight"}, 287},
      {"mobilenet_v2",
       {"features.0.0.weight", "features.1.conv.0.0.weight", "features.1.conv.1.weight", "features.1.conv.2.bias",
        "features.17.conv.3.running_mean", "features.18.1.weight", "classifier.1.bias"},
       262},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.network);
    std::set<std::string> stored;
    for (const graph::Tensor& tensor : find(c.network)->build({}).tensors) {
      if (tensor.role == graph::Role::parameter || tensor.role == graph::Role::buffer) stored.insert(tensor.name);
    }
    for (const char* name : c.names) EXPECT_TRUE(stored.contains(name)) << name;
    EXPECT_EQ(stored.size(), c.stored);
  }
}

TEST(Zoo, NamesAreSortedByFamilyAndFound) {
  const auto& all = networks();
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const Network& a, const Network& b) { return a.family < b.family; }));
  std::set<std::string> names;
  for (const Network& network : all) {
    EXPECT_TRUE(names.insert(network.name).second) << network.name;
    EXPECT_EQ(find(network.name), &network);
    EXPECT_FALSE(network.paper.empty());
    EXPECT_GE(network.year, 1998);
  }
  EXPECT_EQ(find("resnet17"), nullptr);
  EXPECT_EQ(find(""), nullptr);
  EXPECT_EQ(match("resnet*"), (std::vector<std::string>{"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"}));
  EXPECT_TRUE(match("nothing*").empty());
  ASSERT_FALSE(nearest("resnet81").empty());
  EXPECT_EQ(nearest("resnet81").front(), "resnet18");
  EXPECT_EQ(nearest("sqeezenet1_1", 1), (std::vector<std::string>{"squeezenet1_1"}));
}

TEST(Zoo, IdentitiesDiffer) {
  std::set<std::string> hashes;
  for (const Network& network : networks()) hashes.insert(graph::canonical_hash(network.build({})));
  EXPECT_EQ(hashes.size(), networks().size());
  const Network& net = *find("squeezenet1_1");
  EXPECT_EQ(graph::canonical_hash(net.build({})), graph::canonical_hash(net.build({.height = 224, .width = 224, .classes = 1000})));
  EXPECT_NE(graph::canonical_hash(net.build({})), graph::canonical_hash(net.build({.height = 225})));
}

}  // namespace
}  // namespace inferometer::zoo
