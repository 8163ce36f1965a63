#include "zoo/synthetic_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/hash.h"
#include "graph/builder.h"
#include "zoo/zoo.h"

namespace inferometer::zoo {
namespace {

graph::Graph one_tensor(const std::string& name, Shape shape, graph::Initial initial, graph::Role role = graph::Role::parameter) {
  graph::Graph graph;
  graph.name = "net";
  graph.tensors.push_back({name, std::move(shape), role, ElementType::f32, initial});
  return graph;
}

/// Of all values, in order of tensor names.
std::string digest(const graph::Weights& weights) {
  Sha256 hash;
  for (const auto& [name, array] : weights) {
    hash.update(name);
    hash.update({reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size()});
  }
  return hash.hex();
}

TEST(SyntheticWeights, GoldenValues) {
  // Worked out by an independent implementation (Python integers) of: key = mix(mix(seed + golden) ^ fnv1a("conv1.weight")),
  // bits = mix(key + (i / 2 + 1) golden), 24 of them at 40 (even i) or 16 (odd i), value = (2 bits + 1 - 2^24) / 2^24.
  const graph::Weights weights = synthetic_weights(one_tensor("conv1.weight", {2, 3, 1000}, {0.0f, 1.0f}), 1);
  const float* values = weights.at("conv1.weight").floats();
  const std::pair<std::size_t, float> expected[] = {
      {0, 0x1.408f2a0000000p-1f},    {1, -0x1.f8e2a00000000p-5f},   {2, -0x1.4289520000000p-1f},   {3, 0x1.38175e0000000p-1f},
      {4095, 0x1.7b3db00000000p-4f}, {4096, 0x1.8d14b40000000p-2f}, {5999, -0x1.54faa80000000p-3f}};
  for (const auto& [index, value] : expected) EXPECT_EQ(values[index], value) << index;
  const graph::Weights shifted = synthetic_weights(one_tensor("conv1.weight", {2}, {1.0f, 0.1f}), 1);
  EXPECT_EQ(shifted.at("conv1.weight").floats()[0], 0x1.1007280000000p+0f);
}

TEST(SyntheticWeights, GoldenNetwork) {
  // Every stored row of a zoo network depends on these values: change them only together with kSyntheticWeightsVersion.
  EXPECT_EQ(kSyntheticWeightsVersion, 1);
  EXPECT_EQ(digest(synthetic_weights(find("squeezenet1_1")->build({}), 1)),
            "f7ef99b464c4d122ef625e56bc74797f5403db29d12c6c52e6762fc78ac10f58");
}

TEST(SyntheticWeights, AreTheSameForAnyNumberOfThreads) {
  const graph::Graph graph = find("resnet18")->build({});  // large enough that threads are used
  const std::string one = digest(synthetic_weights(graph, 7, 1));
  for (const unsigned threads : {0u, 2u, 3u, 8u}) EXPECT_EQ(digest(synthetic_weights(graph, 7, threads)), one) << threads;
}

TEST(SyntheticWeights, DependOnSeedAndNameAndNothingElse) {
  const auto values = [](const std::string& name, Shape shape, std::uint64_t seed) {
    const graph::Weights weights = synthetic_weights(one_tensor(name, std::move(shape), {0.0f, 1.0f}), seed);
    const float* first = weights.at(name).floats();
    return std::vector<float>(first, first + 5);
  };
  const auto base = values("a", {5}, 1);
  EXPECT_EQ(values("a", {10000, 2}, 1), base);
  EXPECT_NE(values("b", {5}, 1), base);
  EXPECT_NE(values("a", {5}, 2), base);
  EXPECT_NE(values("a", {5}, 0), base);
}

TEST(SyntheticWeights, AreUniform) {
  const graph::Weights weights = synthetic_weights(one_tensor("w", {1'000'003}, {2.0f, 0.5f}), 3);
  const graph::Array& array = weights.at("w");
  ASSERT_EQ(array.bytes.size(), 1'000'003 * sizeof(float));
  std::array<int, 16> bins{};
  double sum = 0, products = 0, previous = 0;
  for (std::size_t i = 0; i < 1'000'003; ++i) {
    const double u = (static_cast<double>(array.floats()[i]) - 2.0) / 0.5;
    ASSERT_LE(std::fabs(u), 1.0);
    ++bins[std::min<std::size_t>(15, static_cast<std::size_t>((u + 1) * 8))];
    sum += u;
    products += u * previous;
    previous = u;
  }
  // Standard errors: 250 a bin, 577 of the sum, 333 of the sum of products of neighbours. The values are fixed, so this cannot flicker.
  for (const int count : bins) EXPECT_NEAR(count, 62500, 1000);
  EXPECT_LT(std::fabs(sum), 2400);
  EXPECT_LT(std::fabs(products), 1400);
}

TEST(SyntheticWeights, NoTensorOfTheZooIsConstantZeroOrDenormal) {
  for (const char* name : {"densenet121", "googlenet", "mobilenet_v2", "resnet18", "squeezenet1_0"}) {
    SCOPED_TRACE(name);
    const graph::Graph graph = find(name)->build({});
    const graph::Weights weights = synthetic_weights(graph, 1);
    for (const graph::Tensor& tensor : graph.tensors) {
      if (tensor.role != graph::Role::parameter && tensor.role != graph::Role::buffer) continue;
      const graph::Array& array = weights.at(tensor.name);
      const auto count = static_cast<std::size_t>(element_count(tensor.shape));
      ASSERT_EQ(array.shape, tensor.shape);
      ASSERT_EQ(array.bytes.size(), count * sizeof(float));
      const std::span<const float> values(array.floats(), count);
      EXPECT_TRUE(std::all_of(values.begin(), values.end(), [](float value) { return std::isnormal(value); })) << tensor.name;
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      EXPECT_LT(*low, *high) << tensor.name;
      if (tensor.name.ends_with("running_var")) {
        EXPECT_GT(*low, 0.5f) << tensor.name;
      }
    }
  }
}

TEST(SyntheticWeights, AConstantIsItsCentre) {
  const graph::Weights weights = synthetic_weights(one_tensor("factor", {}, {0.125f, 0.0f}, graph::Role::constant), 1);
  EXPECT_EQ(weights.at("factor").floats()[0], 0.125f);
}

TEST(SyntheticWeights, ATableKeepsItsElements) {
  graph::Graph graph = one_tensor("order", {2, 2}, {}, graph::Role::buffer);
  graph.tensors[0].type = ElementType::i64;
  graph.tensors[0].values = {3, 0, 4294967297.0, 7};
  graph.tensors.push_back({"mask", {3}, graph::Role::constant, ElementType::f32, {}, {0, -100, 0.1}});
  const graph::Weights weights = synthetic_weights(graph, 1);
  const graph::Array& order = weights.at("order");
  EXPECT_EQ(order.type, ElementType::i64);
  EXPECT_EQ(order.shape, (Shape{2, 2}));
  ASSERT_EQ(order.bytes.size(), 4 * sizeof(std::int64_t));
  std::array<std::int64_t, 4> indices{};
  std::copy(order.bytes.begin(), order.bytes.end(), reinterpret_cast<std::byte*>(indices.data()));
  EXPECT_EQ(indices, (std::array<std::int64_t, 4>{3, 0, 4294967297, 7}));
  const float* mask = weights.at("mask").floats();
  EXPECT_EQ(std::vector<float>(mask, mask + 3), (std::vector<float>{0, -100, 0.1f}));
}

TEST(SyntheticWeights, Errors) {
  const auto error_of = [](const graph::Graph& graph) {
    try {
      synthetic_weights(graph, 1);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(error_of(one_tensor("w", {3}, {0.0f, 0.0f})), "net: synthetic values of w would be constant");
  graph::Graph integers = one_tensor("table", {3}, {0.0f, 1.0f}, graph::Role::constant);
  integers.tensors[0].type = ElementType::i64;
  EXPECT_EQ(error_of(integers), "net: no synthetic values for table of type i64");
  integers.tensors[0].values = {1, 2};
  EXPECT_EQ(error_of(integers), "net: table of 3 has 2 values");
  integers.tensors[0].values = {1, 2, 3};
  integers.tensors[0].type = ElementType::i8;
  EXPECT_EQ(error_of(integers), "net: no synthetic values for table of type i8");
  graph::Graph twice = one_tensor("w", {3}, {0.0f, 1.0f});
  twice.tensors.push_back(twice.tensors[0]);
  EXPECT_EQ(error_of(twice), "net: two tensors are named w");
}

}  // namespace
}  // namespace inferometer::zoo
