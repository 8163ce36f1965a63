#include "graph/prune.h"

#include <gtest/gtest.h>

#include "graph/builder.h"
#include "graph/cost.h"

namespace inferometer::graph {
namespace {

/// Two layers in a row, and beside them, where asked for, a branch of two that nobody reads.
Graph small_network(bool with_branch) {
  Builder net("net");
  const TensorId x = net.input("input", {kBatch, 8, 4, 4});
  TensorId y = net.conv("first", x, {.channels = 16});
  if (with_branch) net.relu("dead_relu", net.conv("dead", y, {.channels = 32}));
  y = net.conv("second", net.relu("relu", y), {.channels = 4});
  return net.finish(y);
}

TEST(Prune, DropsWhatNoOutputNeeds) {
  Model model{small_network(true), {}};
  for (const Tensor& tensor : model.graph.tensors)
    if (is_stored(tensor.role)) model.weights.emplace(tensor.name, Array{});
  const Graph plain = small_network(false);
  EXPECT_GT(compute_cost(model.graph).total.macs, compute_cost(plain).total.macs);
  prune(model);
  EXPECT_NO_THROW(validate(model.graph));
  EXPECT_EQ(canonical_hash(model.graph), canonical_hash(plain));
  EXPECT_EQ(compute_cost(model.graph).total.macs, compute_cost(plain).total.macs);
  EXPECT_EQ(model.weights.size(), 4U);  // two layers' weights and biases
  EXPECT_FALSE(model.weights.contains("dead.weight"));
}

TEST(Prune, LeavesInputsAndWholeNetworksAlone) {
  Graph graph = small_network(false);
  prune(graph);
  EXPECT_EQ(graph.tensors.size(), small_network(false).tensors.size());

  Builder net("two inputs");
  const TensorId x = net.input("input", {kBatch, 8, 4, 4}), unread = net.input("unread", {kBatch, 8, 4, 4});
  Graph open = net.finish({net.relu("relu", x)});
  prune(open);
  ASSERT_EQ(open.inputs.size(), 2U);
  EXPECT_EQ(open.tensors[open.inputs[1]].name, "unread");
  EXPECT_EQ(unread, open.inputs[1]);
}

}  // namespace
}  // namespace inferometer::graph
