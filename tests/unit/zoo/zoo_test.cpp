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
    EXPECT_EQ(shapes[graph.inputs[0]], (Shape{3, 3, 96, 128}));
    EXPECT_EQ(shapes[graph.outputs[0]], (Shape{3, 10}));
  }
}

TEST(Zoo, TakesTheSmallPicturesOfCifarOrNamesTheLayerThatCannot) {
  std::set<std::string> refused;
  for (const Network& network : networks()) {
    SCOPED_TRACE(network.name);
    try {
      const graph::Graph graph = network.build({.height = 32, .width = 32, .classes = 10});
      EXPECT_EQ(graph::infer_shapes(graph, 1)[graph.outputs[0]], (Shape{1, 10}));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with(network.name + ": nothing left after ")) << message;
      refused.insert(network.name);
    }
  }
  EXPECT_EQ(refused, (std::set<std::string>{"alexnet", "caffe_alexnet", "caffe_googlenet", "inception_v3", "shufflenet_v1_g3"}));
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
