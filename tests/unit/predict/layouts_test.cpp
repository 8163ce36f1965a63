#include "predict/layouts.h"

#include <string>

#include <gtest/gtest.h>

#include "graph/builder.h"
#include "predict/block_channels.h"
#include "zoo/zoo.h"

namespace inferometer::predict {
namespace {

using graph::Builder;
using graph::TensorId;

/// "stem -> gate plain": which map is laid out anew, before which node, and how.
std::vector<std::string> changes_of(const graph::Graph& graph) {
  const std::vector<Shape> shapes = graph::infer_shapes(graph, 1);
  std::vector<std::string> texts;
  for (const LayoutChange& change : layout_changes({graph, shapes, kWidestBlock})) {
    std::string maker = "input";
    for (const graph::Node& node : graph.nodes)
      for (const TensorId id : node.outputs)
        if (id == change.map) maker = node.name;
    const std::string reader = change.reader < graph.nodes.size() ? graph.nodes[change.reader].name : "output";
    texts.push_back(maker + " -> " + reader + (change.to_blocks ? " blocks" : " plain"));
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Layouts, StayInBlocksWhereEveryLayerHasThem) {
  Builder net("aligned");
  TensorId x = net.input("input", {graph::kBatch, 3, 16, 16});
  x = net.relu("relu", net.batch_norm("norm", net.conv("stem", x, {.channels = 32, .kernel = 3, .padding = 1})));
  TensorId y = net.conv("squeeze", x, {.channels = 20});  // two blocks, the second one filled up
  y = net.conv("depthwise", y, {.channels = 20, .kernel = 3, .padding = 1, .groups = 20});
  y = net.conv("project", y, {.channels = 32});
  x = net.add("joined", y, x);
  x = net.concat("concat", {x, net.max_pool("pool", x, {.kernel = 3, .stride = 1, .padding = 1})});
  // The stem reads the plain image; behind the global pooling there are vectors, which have no layout.
  EXPECT_EQ(changes_of(net.finish(net.flatten("flat", net.global_average_pool("vector", x)))), Texts{});
}

TEST(Layouts, ChangeBeforeAndBehindLayersWithoutBlocks) {
  Builder net("mixed");
  TensorId x = net.input("input", {graph::kBatch, 3, 16, 16});
  x = net.conv("stem", x, {.channels = 18});
  x = net.conv("depthwise", x, {.channels = 18, .kernel = 3, .padding = 1, .groups = 18});  // 18 do not come in fours
  x = net.conv("wide", x, {.channels = 32});
  x = net.activation("swish", x, graph::ActivationKind::silu);  // keeps what it finds
  x = net.conv("narrow", x, {.channels = 6});
  x = net.conv("odd", x, {.channels = 32});
  x = net.conv("last", x, {.channels = 32});
  EXPECT_EQ(changes_of(net.finish(x)), (Texts{"stem -> depthwise plain", "swish -> narrow blocks", "narrow -> odd plain",
                                              "odd -> last blocks", "last -> output plain"}));
}

TEST(Layouts, OneChangeServesAllWhoReadTheMapSo) {
  Builder net("gate");
  TensorId x = net.input("input", {graph::kBatch, 16, 8, 8});
  x = net.conv("first", x, {.channels = 32});
  const TensorId gate = net.conv("gate", net.global_average_pool("squeeze", x), {.channels = 32});
  const TensorId scaled = net.mul("scale", x, gate);
  const TensorId twice = net.mul("again", x, gate);
  const TensorId sum = net.add("sum", net.conv("left", scaled, {.channels = 32}), net.conv("right", scaled, {.channels = 32}));
  EXPECT_EQ(changes_of(net.finish(net.add("all", sum, twice))),
            (Texts{"input -> first blocks", "first -> scale plain", "scale -> right blocks", "sum -> all plain"}));
}

TEST(Layouts, GroupsNeedWholeBlocks) {
  const auto changes = [](std::int64_t channels, std::int64_t groups) {
    Builder net("groups");
    TensorId x = net.input("input", {graph::kBatch, 3, 8, 8});
    x = net.conv("stem", x, {.channels = channels});
    x = net.conv("grouped", x, {.channels = channels, .kernel = 3, .padding = 1, .groups = groups});
    return changes_of(net.finish(net.global_average_pool("pool", x)));
  };
  EXPECT_EQ(changes(64, 4), Texts{});
  EXPECT_EQ(changes(64, 8), (Texts{"stem -> grouped plain", "grouped -> pool blocks"}));
}

TEST(Layouts, OfRealNetworks) {
  const auto count = [](const char* name) { return changes_of(zoo::find(name)->build({})).size(); };
  // Residual networks of whole blocks never leave them; each of 16 gates leaves them for its product and comes back.
  EXPECT_EQ(count("resnet18"), 0U);
  EXPECT_EQ(count("efficientnet_b0"), 32U);
}

}  // namespace
}  // namespace inferometer::predict
