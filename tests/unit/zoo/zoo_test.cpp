#include "zoo/zoo.h"

#include <algorithm>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/cost.h"

namespace inferometer::zoo {
namespace {

std::string error_of(const Network& network, const BuildOptions& options, ErrorCode code) {
  try {
    network.build(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "no error";
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
    const bool grey = network.preprocessing.channels == ChannelOrder::grey;
    EXPECT_EQ(shapes[graph.inputs[0]], (Shape{3, grey ? 1 : 3, 96, 128}));
    EXPECT_EQ(shapes[graph.outputs[0]], (Shape{3, 10}));
  }
}

TEST(Zoo, ZeroClassesMeanTheNetworksOwn) {
  for (const Network& network : networks()) {
    SCOPED_TRACE(network.name);
    const graph::Graph own = network.build({});
    EXPECT_EQ(graph::infer_shapes(own, 2)[own.outputs[0]], (Shape{2, network.classes}));
    EXPECT_EQ(graph::canonical_hash(own), graph::canonical_hash(network.build({.classes = network.classes})));
  }
  EXPECT_EQ(find("resnet18")->classes, 1000);
  EXPECT_EQ(find("cifar_resnet20")->classes, 10);
  EXPECT_EQ(find("lenet5")->classes, 10);
  // As before networks had a number of classes of their own: rows of a store are found by these.
  EXPECT_EQ(graph::canonical_hash(find("resnet18")->build({})), "f42563dd6941992c779b3ad5d25246e079770b520030d6c3a65bcc524cf53399");
  EXPECT_EQ(graph::canonical_hash(find("squeezenet1_1")->build({})), "6cad6b9f61dcd21ea42fd6d7a1f988cad7f8953df8bbc0e62eeff6be396a9081");
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
    EXPECT_NE(error_of(network, {.classes = -1}, ErrorCode::usage).find("-1 classes"), std::string::npos);
    error_of(network, {.height = std::numeric_limits<std::int64_t>::max()}, ErrorCode::input);
    error_of(network, {.classes = std::numeric_limits<std::int64_t>::max()}, ErrorCode::input);
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
