#include "graph/builder.h"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::graph {
namespace {

TEST(Builder, NamesLayersAndTensorsAsTorchvisionDoes) {
  Builder net("net");
  TensorId x = net.input("input", {kBatch, 3, 8, 8});
  x = net.conv("features.0", x, {.channels = 4, .kernel = 3, .stride = 2, .padding = 1});
  x = net.batch_norm("features.1", x);
  EXPECT_EQ(net.shape(x), (Shape{1, 4, 4, 4}));
  EXPECT_EQ(net.channels(x), 4);
  const Graph graph = net.finish(net.linear("classifier", net.flatten("flatten", x), {.features = 10}));
  const std::vector<std::pair<std::string, Role>> expected = {
      {"input", Role::input},
      {"features.0.weight", Role::parameter},
      {"features.0.bias", Role::parameter},
      {"features.0", Role::activation},
      {"features.1.weight", Role::parameter},
      {"features.1.bias", Role::parameter},
      {"features.1.running_mean", Role::buffer},
      {"features.1.running_var", Role::buffer},
      {"features.1", Role::activation},
      {"flatten", Role::activation},
      {"classifier.weight", Role::parameter},
      {"classifier.bias", Role::parameter},
      {"output", Role::activation},
  };
  ASSERT_EQ(graph.tensors.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(graph.tensors[i].name, expected[i].first);
    EXPECT_EQ(graph.tensors[i].role, expected[i].second) << expected[i].first;
  }
  EXPECT_EQ(graph.tensors[1].shape, (Shape{4, 3, 3, 3}));
  const Window& window = std::get<Conv>(graph.nodes[0].op).window;
  EXPECT_EQ(window.strides, (std::array<std::int64_t, 2>{2, 2}));
  EXPECT_EQ(window.pads, (std::array<std::int64_t, 4>{1, 1, 1, 1}));
}

TEST(Builder, PaddingIsHeightThenWidthAtBothEnds) {
  Builder net("net");
  TensorId x = net.input("input", {kBatch, 3, 8, 8});
  x = net.conv("conv", x, {.channels = 4, .kernel = Extent(1, 7), .padding = Extent(0, 3)});
  EXPECT_EQ(net.shape(x), (Shape{1, 4, 8, 8}));
  const Graph graph = net.finish(x);
  EXPECT_EQ(std::get<Conv>(graph.nodes[0].op).window.pads, (std::array<std::int64_t, 4>{0, 3, 0, 3}));
}

TEST(Builder, InitialValuesFollowHe) {
  EXPECT_EQ(initial_of({}, 6).radius, 1.0f);
  EXPECT_EQ(initial_of({0.5f, 3.0f}, 150).radius, 0.1f);
  EXPECT_EQ(initial_of({0.5f, 3.0f}, 150).centre, -0.02f);
  EXPECT_EQ(initial_of({}, 27).centre, 0.0f);
  Builder net("net");
  const TensorId x = net.input("input", {kBatch, 8, 8, 8});
  const Graph graph = net.finish(net.conv("conv", x, {.channels = 4, .kernel = 3, .groups = 2}));
  EXPECT_EQ(graph.tensors[1].initial.radius, initial_of({}, 4 * 9).radius);
}

/// Of a 5 x 3 kernel over a map of 2 x 8 at most two rows meet values.
TEST(Builder, InitialValuesAllowForPaddingAroundSmallMaps) {
  Builder net("net");
  const TensorId x = net.input("input", {kBatch, 4, 2, 8});
  const Graph graph = net.finish(net.conv("conv", x, {.channels = 4, .kernel = {5, 3}, .padding = {2, 1}}));
  EXPECT_EQ(graph.tensors[1].initial.radius, initial_of({}, 4 * 2 * 3).radius);
}

TEST(Builder, SeveralOutputs) {
  Builder net("net");
  const TensorId x = net.input("input", {kBatch, 6, 8, 8});
  const auto parts = net.split("split", x, {2, 4});
  EXPECT_EQ(net.channels(parts[1]), 4);
  const Graph graph = net.finish(parts);
  EXPECT_EQ(graph.tensors[parts[0]].name, "output.0");
  EXPECT_EQ(graph.tensors[parts[1]].name, "output.1");
}

TEST(Builder, ErrorsAppearAtTheLayerThatCausesThem) {
  Builder net("net");
  const TensorId x = net.input("input", {kBatch, 6, 2, 2});
  EXPECT_THROW(net.conv("conv", x, {.channels = 4, .kernel = 3}), Error);
  EXPECT_THROW(net.conv("groups", x, {.channels = 4, .groups = 4}), Error);
  EXPECT_THROW(net.conv("none", x, {.channels = 0}), Error);
  EXPECT_THROW(net.linear("empty", x, {.features = 0}), Error);
  EXPECT_THROW(net.linear("huge", x, {.features = std::int64_t{1} << 62}), Error);
  EXPECT_THROW(net.input("empty", {kBatch, 3, 0, 4}), Error);
  try {
    net.max_pool("pool", x, {.kernel = 3, .stride = 2});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "net: nothing left after pool (MaxPool): a 3x3 window does not fit its 2x2 input");
  }
}

TEST(Names, AreWhatTablesShow) {
  EXPECT_EQ(name_of(Operator{Conv{}}), "Conv");
  EXPECT_EQ(name_of(Operator{Activation{ActivationKind::clip}}), "Clip");
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(ActivationKind::erf); ++kind) {
    names.insert(name_of(Operator{Activation{static_cast<ActivationKind>(kind)}}));
  }
  EXPECT_EQ(names.size(), 13u);
}

}  // namespace
}  // namespace inferometer::graph
