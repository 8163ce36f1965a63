#include "predict/probes.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/cost.h"
#include "predict/block_channels.h"
#include "predict/units.h"
#include "zoo/zoo.h"

namespace inferometer::predict {
namespace {

TEST(Probes, TheSameSeedGivesTheSameGraphs) {
  const auto a = generate_probes(kFewProbes, 1), b = generate_probes(kFewProbes, 1), c = generate_probes(kFewProbes, 2);
  ASSERT_EQ(a.size(), kFewProbes);
  std::size_t differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_EQ(graph::canonical_hash(a[i].graph), graph::canonical_hash(b[i].graph));
    differ += graph::canonical_hash(a[i].graph) != graph::canonical_hash(c[i].graph) ? 1 : 0;
  }
  EXPECT_GT(differ, a.size() / 2);
}

/// More probes leave the first ones as they are, so that a journal of fewer is of use.
TEST(Probes, MoreKeepTheFewer) {
  std::map<std::string, std::string> many;
  for (const Probe& probe : generate_probes(200, 1)) many[probe.name] = graph::canonical_hash(probe.graph);
  for (const Probe& probe : generate_probes(60, 1)) EXPECT_EQ(many.at(probe.name), graph::canonical_hash(probe.graph)) << probe.name;
}

TEST(Probes, AreValidDistinctAndSmall) {
  std::set<std::string> names, kinds;
  for (const Probe& probe : generate_probes(kDefaultProbes, 1)) {
    EXPECT_TRUE(names.insert(probe.name).second) << probe.name;
    kinds.insert(probe.kind);
    EXPECT_NO_THROW(graph::validate(probe.graph)) << probe.name;
    const graph::Cost cost = graph::compute_cost(probe.graph).total;
    EXPECT_LE(cost.macs, 600'000'000) << probe.name;
    EXPECT_GE(cost.elementwise_operations + cost.macs, 1) << probe.name;
  }
  EXPECT_EQ(names.size(), kDefaultProbes);
  EXPECT_EQ(kinds.size(), 23U);
  EXPECT_THROW(generate_probes(22, 1), Error);
}

/// A layer that nobody reads would be charged for and cost nothing, for engines drop it: one such probe among 280 moved all coefficients.
TEST(Probes, HaveNoLayerInVain) {
  for (const Probe& probe : generate_probes(kDefaultProbes, 1)) {
    std::vector<bool> read(probe.graph.tensors.size(), false);
    for (const graph::TensorId id : probe.graph.outputs) read[id] = true;
    for (const graph::Node& node : probe.graph.nodes)
      for (const graph::TensorId id : node.inputs)
        if (id != graph::kNoTensor) read[id] = true;
    for (const graph::Node& node : probe.graph.nodes)
      EXPECT_TRUE(std::any_of(node.outputs.begin(), node.outputs.end(), [&](graph::TensorId id) { return read[id]; }))
          << probe.name << " " << node.name;
  }
}

/// Whatever a network of the zoo is charged for, some probe is charged for too: no coefficient is left to chance.
TEST(Probes, KnowEveryKindOfUnitInTheZoo) {
  std::set<std::string> kinds;
  for (const Probe& probe : generate_probes(kDefaultProbes, 1))
    for (const Unit& unit : units_of(probe.graph, 1, kWidestBlock).units) kinds.insert(unit.kind);
  std::map<std::string, std::string> missing;
  for (const zoo::Network& network : zoo::networks())
    for (const Unit& unit : units_of(network.build({}), 1, kWidestBlock).units)
      if (!kinds.contains(unit.kind)) missing[unit.kind] = network.name + " " + unit.layer;
  std::string text;
  for (const auto& [kind, where] : missing) text += kind + " in " + where + "; ";
  EXPECT_EQ(text, "");
}

}  // namespace
}  // namespace inferometer::predict
