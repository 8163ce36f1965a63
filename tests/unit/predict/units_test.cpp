#include "predict/units.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "graph/builder.h"
#include "predict/block_channels.h"
#include "zoo/zoo.h"

namespace inferometer::predict {
namespace {

using graph::Builder;
using graph::TensorId;

const Unit* find(const NetworkUnits& network, const std::string& layer) {
  const auto found = std::find_if(network.units.begin(), network.units.end(), [&](const Unit& unit) { return unit.layer == layer; });
  return found == network.units.end() ? nullptr : &*found;
}

const Unit* find_kind(const NetworkUnits& network, const std::string& layer, const std::string& kind) {
  const auto found =
      std::find_if(network.units.begin(), network.units.end(), [&](const Unit& unit) { return unit.layer == layer && unit.kind == kind; });
  return found == network.units.end() ? nullptr : &*found;
}

double amount(const Unit& unit, const std::string& column) {
  const auto found = unit.amounts.find(column);
  return found == unit.amounts.end() ? 0 : found->second;
}

/// Stem, depthwise and a residual branch: what each unit takes in was counted by hand.
graph::Graph small_network() {
  Builder net("small");
  TensorId x = net.input("input", {graph::kBatch, 3, 8, 8});
  x = net.conv("stem", x, {.channels = 16, .kernel = 3, .stride = 2, .padding = 1, .bias = false});
  x = net.relu("stem_relu", net.batch_norm("stem_norm", x));
  TensorId y = net.conv("depthwise", x, {.channels = 16, .kernel = 3, .padding = 1, .groups = 16});
  y = net.activation("swish", y, graph::ActivationKind::hard_swish);
  y = net.conv("project", y, {.channels = 16});
  y = net.relu("joined_relu", net.add("joined", y, x));
  y = net.flatten("flat", net.global_average_pool("pool", y));
  return net.finish(net.linear("head", y, {.features = 10}));
}

TEST(Units, FuseWhatEnginesFuseAndCountByHand) {
  const NetworkUnits network = units_of(small_network(), 2, kWidestBlock);
  std::vector<std::string> layers;
  for (const Unit& unit : network.units) layers.push_back(unit.layer);
  EXPECT_EQ(layers, (std::vector<std::string>{"input", "stem", "depthwise", "project", "pool", "flat", "head", "output", "weights"}));

  const Unit& stem = *find(network, "stem");
  EXPECT_EQ(stem.kind, "stem");
  EXPECT_DOUBLE_EQ(amount(stem, "stem.count"), 1);
  EXPECT_DOUBLE_EQ(amount(stem, "stem.gmac"), 2 * 16 * 16 * 3 * 9 * 1e-9);  // images x points x channels x inputs x kernel
  EXPECT_DOUBLE_EQ(amount(stem, "stem.input_mb"), 2 * 3 * 64 * 4 * 1e-6);
  EXPECT_DOUBLE_EQ(amount(stem, "stem.output_mb"), 2 * 16 * 16 * 4 * 1e-6);

  const Unit& depthwise = *find(network, "depthwise");
  EXPECT_EQ(depthwise.kind, "depthwise");
  EXPECT_DOUBLE_EQ(amount(depthwise, "depthwise.gmac"), 2 * 16 * 16 * 9 * 1e-9);
  EXPECT_DOUBLE_EQ(amount(depthwise, "hardswish.mb"), 2 * 16 * 16 * 4 * 1e-6);
  EXPECT_EQ(depthwise.amounts.count("depthwise.strided_gmac"), 0U);

  const Unit& project = *find(network, "project");
  EXPECT_EQ(project.kind, "pointwise");
  EXPECT_DOUBLE_EQ(amount(project, "residual.mb"), 2 * 16 * 16 * 4 * 1e-6);
  EXPECT_DOUBLE_EQ(amount(project, "pointwise.weights_mb"), 16 * 16 * 4 * 1e-6);

  EXPECT_DOUBLE_EQ(amount(*find(network, "head"), "linear.gmac"), 2 * 16 * 10 * 1e-9);
  EXPECT_DOUBLE_EQ(amount(*find(network, "output"), "output.mb"), 2 * 10 * 4 * 1e-6);
  // stem 432 + its norm 4 x 16, depthwise 144 + 16, project 256 + 16, head 160 + 10
  EXPECT_DOUBLE_EQ(network.weights_mb, (432 + 64 + 160 + 272 + 170) * 4 * 1e-6);
  // at the convolution behind the depthwise one: x, swish's output and its own, 512 values each
  EXPECT_DOUBLE_EQ(network.live_mb, 3 * 512 * 4 * 1e-6);
}

/// Activations scale with the batch, weights do not.
TEST(Units, BatchScalesWhatItMust) {
  const NetworkUnits one = units_of(small_network(), 1, kWidestBlock), four = units_of(small_network(), 4, kWidestBlock);
  const Amounts a = total_amounts(one), b = total_amounts(four);
  for (const auto& [column, value] : a) {
    const bool scales =
        column.ends_with("mb") ? column.find("weights") == std::string::npos : column.ends_with("gmac") || column.ends_with("channels");
    EXPECT_DOUBLE_EQ(b.at(column), scales ? 4 * value : value) << column;
  }
  EXPECT_DOUBLE_EQ(four.weights_mb, one.weights_mb);
}

/// What a gate multiplies is a loop for each channel of each image; on vectors activations count calls, not bytes; what is laid out anew is
/// a unit.
TEST(Units, GatesCountChannelsAndLayoutChanges) {
  Builder net("gate");
  TensorId x = net.input("input", {graph::kBatch, 3, 64, 64});
  x = net.activation("swish", net.conv("stem", x, {.channels = 32}), graph::ActivationKind::silu);
  TensorId y = net.conv("squeeze", net.global_average_pool("pool", x), {.channels = 6});
  y = net.conv("excite", net.relu("relu", y), {.channels = 32});
  y = net.activation("gate", y, graph::ActivationKind::sigmoid);
  const NetworkUnits network = units_of(net.finish(net.mul("scale", x, y)), 8, kWidestBlock);
  const double map_mb = 8 * 32 * 64 * 64 * 4e-6;

  ASSERT_NE(find_kind(network, "scale", "repeated_multiply"), nullptr);
  const Unit& scale = *find_kind(network, "scale", "repeated_multiply");
  EXPECT_DOUBLE_EQ(amount(scale, "repeated_multiply.channels"), 8 * 32);
  EXPECT_NEAR(amount(scale, "repeated_multiply.mb"), 2 * map_mb + 8 * 32 * 4e-6, 1e-12);

  const Unit& excite = *find(network, "excite");
  EXPECT_EQ(excite.kind, "vector");
  EXPECT_DOUBLE_EQ(amount(excite, "vector.gmac"), 8 * 6 * 32 * 1e-9);
  EXPECT_EQ(excite.amounts.count("vector.unaligned_gmac"), 0U);  // though 6 do not come in fours
  EXPECT_DOUBLE_EQ(amount(excite, "sigmoid.count"), 1);
  EXPECT_EQ(excite.amounts.count("sigmoid.mb"), 0U);

  const Unit& stem = *find(network, "stem");
  EXPECT_DOUBLE_EQ(amount(stem, "silu.mb"), map_mb);
  EXPECT_DOUBLE_EQ(amount(stem, "silu.far_mb"), map_mb - 2);

  ASSERT_NE(find_kind(network, "scale", "reorder"), nullptr);
  const Unit& reorder = *find_kind(network, "scale", "reorder");
  EXPECT_DOUBLE_EQ(amount(reorder, "reorder.to_plain_mb"), map_mb);
  EXPECT_DOUBLE_EQ(amount(reorder, "reorder.far_mb"), map_mb - 2);
  EXPECT_EQ(amount(reorder, "reorder.to_blocks_mb"), 0);
}

/// A matrix of every window's values is made where groups are no whole blocks; dearer where the windows lie apart.
TEST(Units, UnrolledWindowsOfGroups) {
  const auto grouped = [](std::int64_t groups, std::int64_t stride) {
    Builder net("grouped");
    const TensorId x = net.input("input", {graph::kBatch, 64, 8, 8});
    return *find(units_of(net.finish(net.conv("conv", x, {.channels = 64, .kernel = 3, .stride = stride, .padding = 1, .groups = groups})),
                          1, kWidestBlock),
                 "conv");
  };
  EXPECT_DOUBLE_EQ(amount(grouped(8, 1), "grouped.unrolled_mb"), 9 * 64 * 64 * 4e-6);
  EXPECT_EQ(amount(grouped(8, 1), "grouped.strided_unrolled_mb"), 0);
  EXPECT_DOUBLE_EQ(amount(grouped(8, 2), "grouped.strided_unrolled_mb"), 9 * 16 * 64 * 4e-6);
  EXPECT_EQ(amount(grouped(4, 2), "grouped.unrolled_mb"), 0);
}

/// 24 channels are three whole blocks of 8, and fill two of 16 badly; what a plain pooling would need laid out anew, one in blocks reads as
/// it is.
TEST(Units, BlocksAreAsWideAsTheCpuHasThem) {
  Builder net("odd");
  TensorId x = net.input("input", {graph::kBatch, 3, 16, 16});
  x = net.conv("stem", x, {.channels = 24, .kernel = 3, .padding = 1});
  x = net.conv("pointwise", x, {.channels = 24});
  x = net.conv("grouped", x, {.channels = 24, .kernel = 3, .padding = 1, .groups = 3});
  const graph::Graph graph = net.finish(net.global_average_pool("pool", x));
  const NetworkUnits wide = units_of(graph, 1, kWidestBlock), narrow = units_of(graph, 1, kNarrowBlock);
  EXPECT_EQ(narrow.block_channels, 8);
  EXPECT_DOUBLE_EQ(amount(*find_kind(wide, "pointwise", "pointwise"), "pointwise.gmac"), 256 * 24 * 32 * 1e-9);
  EXPECT_DOUBLE_EQ(amount(*find_kind(narrow, "pointwise", "pointwise"), "pointwise.gmac"), 256 * 24 * 24 * 1e-9);
  EXPECT_GT(amount(*find_kind(wide, "pointwise", "pointwise"), "pointwise.unaligned_output_mb"), 0);
  EXPECT_EQ(amount(*find_kind(narrow, "pointwise", "pointwise"), "pointwise.unaligned_output_mb"), 0);
  EXPECT_GT(amount(*find_kind(wide, "grouped", "grouped"), "grouped.unrolled_mb"), 0);
  EXPECT_EQ(amount(*find_kind(narrow, "grouped", "grouped"), "grouped.unrolled_mb"), 0);
  EXPECT_NE(find_kind(wide, "grouped", "reorder"), nullptr);
  EXPECT_EQ(find_kind(narrow, "grouped", "reorder"), nullptr);
}

/// A weight that several layers read is in memory once; a product of matrices is charged as the linear layers are whose kernels it has.
TEST(Units, SharedWeightsAndProducts) {
  Builder net("tied");
  TensorId x = net.input("input", {graph::kBatch, 8});
  const TensorId weight = net.parameter("weight", {8, 8}, {});
  graph::Graph tied = net.finish(net.matmul("third", net.matmul("second", net.matmul("first", x, weight), weight), weight));
  const NetworkUnits units = units_of(tied, 4, kWidestBlock);
  EXPECT_DOUBLE_EQ(units.linear_mb, 64 * 4e-6);
  EXPECT_DOUBLE_EQ(units.linear_mb, units.weights_mb);
  const Unit& product = *find(units, "first");
  EXPECT_EQ(product.kind, "matmul");
  EXPECT_DOUBLE_EQ(amount(product, "token_linear.gmac"), 4 * 8 * 8 * 1e-9);
  EXPECT_DOUBLE_EQ(product.extents.at("gmac"), 4 * 8 * 8 * 1e-9);
  EXPECT_DOUBLE_EQ(product.extents.at("megabytes"), (32 + 64 + 32) * 4e-6);
}

TEST(Units, NothingIsFusedBehindWhatOthersReadToo) {
  Builder net("branches");
  TensorId x = net.input("input", {graph::kBatch, 16, 8, 8});
  const TensorId y = net.conv("first", x, {.channels = 16});
  const TensorId z = net.relu("relu", y);
  const NetworkUnits network = units_of(net.finish(net.add("sum", y, z)), 1, kWidestBlock);
  ASSERT_NE(find(network, "relu"), nullptr);
  EXPECT_EQ(find(network, "relu")->kind, "activation");
  ASSERT_NE(find(network, "sum"), nullptr);
  EXPECT_EQ(find(network, "sum")->kind, "add");

  // An output is read from outside.
  Builder open("two outputs");
  const TensorId first = open.conv("first", open.input("input", {graph::kBatch, 16, 8, 8}), {.channels = 16});
  EXPECT_NE(find(units_of(open.finish({first, open.relu("relu", first)}), 1, kWidestBlock), "relu"), nullptr);
}

/// Every network of the zoo splits, and no multiply-accumulate is lost or counted twice (padding aside).
TEST(Units, OfTheWholeZooHoldItsWork) {
  for (const zoo::Network& network : zoo::networks()) {
    const NetworkUnits units = units_of(network.build({}), 1, kWidestBlock);
    EXPECT_GT(units.units.size(), 4U) << network.name;
    EXPECT_GT(units.live_mb, 0) << network.name;
    EXPECT_GT(units.weights_mb, 0) << network.name;
    EXPECT_GE(units.linear_mb, 0) << network.name;
    EXPECT_LE(units.linear_mb, units.weights_mb) << network.name;
    for (const Unit& unit : units.units) EXPECT_FALSE(unit.kind.empty()) << network.name << " " << unit.layer;
  }
}

}  // namespace
}  // namespace inferometer::predict
