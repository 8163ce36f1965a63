#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/builder.h"
#include "graph/cost.h"

namespace inferometer::graph {
namespace {

void expect_cost(const Cost& cost, std::int64_t parameters, std::int64_t macs, std::int64_t elementwise, std::int64_t activations) {
  EXPECT_EQ(cost.parameters, parameters);
  EXPECT_EQ(cost.macs, macs);
  EXPECT_EQ(cost.elementwise_operations, elementwise);
  EXPECT_EQ(cost.activations, activations);
}

TEST(ComputeCost, EveryOperatorByHand) {
  Builder net("net");
  TensorId x = net.input("input", {kBatch, 4, 9, 8});
  x = net.conv("conv", x, {.channels = 6, .kernel = Extent(3, 1), .groups = 2});  // 6x7x8, weight 6x2x3x1
  x = net.batch_norm("bn", x);
  x = net.relu("relu", x);
  x = net.max_pool("max", x, {.kernel = Extent(2, 3), .stride = 1, .padding = Extent(0, 1)});  // 6x6x8
  x = net.adaptive_average_pool("adaptive", x, Extent(4, 8));                                  // windows of 2 rows; 0-2 1-3 3-5 4-6
  x = net.add("add", x, x);
  x = net.concat("concat", {x, x});  // 12x4x8
  x = net.transpose("transpose", x, {0, 2, 3, 1});
  x = net.reshape("reshape", x, {0, 32, 12});
  const TensorId t = net.transpose("turned", x, {0, 2, 1});
  TensorId y = net.matmul("attention", x, t);  // 32x32
  y = net.softmax("softmax", y);
  y = net.linear("linear", y, {.features = 5, .bias = false});  // 32x5
  y = net.node("mean", ReduceMean{{1}, false}, {y});
  const TensorId weight = net.parameter("product.weight", {5, 3}, {0, 1});
  y = net.matmul("product", y, weight);
  const CostTable table = compute_cost(net.finish(net.linear("shared", y, {.features = 3})));

  const struct {
    const char* layer;
    const char* op;
    Shape shape;
    Cost cost;
  } expected[] = {
      {"conv", "Conv", {1, 6, 7, 8}, {36 + 6, 336 * 6, 0, 336}},
      {"bn", "BatchNorm", {1, 6, 7, 8}, {12, 0, 336, 0}},
      {"relu", "Relu", {1, 6, 7, 8}, {0, 0, 336, 0}},
      {"max", "MaxPool", {1, 6, 6, 8}, {0, 0, 288 * 6, 0}},
      {"adaptive", "AdaptiveAveragePool", {1, 6, 4, 8}, {0, 0, 6 * 8 * (2 + 2 + 2 + 2), 0}},
      {"add", "Add", {1, 6, 4, 8}, {0, 0, 192, 0}},
      {"concat", "Concat", {1, 12, 4, 8}, {}},
      {"transpose", "Transpose", {1, 4, 8, 12}, {}},
      {"reshape", "Reshape", {1, 32, 12}, {}},
      {"turned", "Transpose", {1, 12, 32}, {}},
      {"attention", "MatMul", {1, 32, 32}, {0, 32 * 32 * 12, 0, 0}},
      {"softmax", "Softmax", {1, 32, 32}, {0, 0, 1024, 0}},
      {"linear", "Linear", {1, 32, 5}, {160, 32 * 5 * 32, 0, 160}},
      {"mean", "ReduceMean", {1, 5}, {0, 0, 160, 0}},
      {"product", "MatMul", {1, 3}, {15, 15, 0, 3}},
      {"shared", "Linear", {1, 3}, {12, 9, 0, 3}},
  };
  ASSERT_EQ(table.layers.size(), std::size(expected));
  Cost sum;
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    SCOPED_TRACE(expected[i].layer);
    const LayerCost& layer = table.layers[i];
    EXPECT_EQ(layer.layer, expected[i].layer);
    EXPECT_EQ(layer.op, expected[i].op);
    EXPECT_EQ(layer.output_shape, expected[i].shape);
    const Cost& cost = expected[i].cost;
    expect_cost(layer.cost, cost.parameters, cost.macs, cost.elementwise_operations, cost.activations);
    sum.parameters += cost.parameters, sum.macs += cost.macs;
    sum.elementwise_operations += cost.elementwise_operations, sum.activations += cost.activations;
  }
  expect_cost(table.total, sum.parameters, sum.macs, sum.elementwise_operations, sum.activations);
}

TEST(ComputeCost, AdaptiveWindowsOverlapAsPyTorchsDo) {
  for (std::int64_t in = 1; in <= 12; ++in) {
    for (std::int64_t out = 1; out <= 12; ++out) {
      std::int64_t cells = 0;
      for (std::int64_t i = 0; i < out; ++i) cells += ((i + 1) * in + out - 1) / out - i * in / out;
      Builder net("net");
      const TensorId x = net.input("input", {kBatch, 1, in, 1});
      const CostTable table = compute_cost(net.finish(net.adaptive_average_pool("pool", x, Extent(out, 1))));
      EXPECT_EQ(table.total.elementwise_operations, cells) << in << " to " << out;
    }
  }
}

TEST(ComputeCost, AGatherMovesDataAndCountsTheParameterThatItReads) {
  Builder net("net");
  const TensorId x = net.input("input", {kBatch, 4, 2});
  const TensorId bias = net.parameter("bias", {5, 2}, {0, 1});
  const TensorId order = net.table("order", {4}, ElementType::i64, Role::buffer, {4, 0, 0, 2});
  const CostTable table = compute_cost(net.finish(net.add("add", x, net.gather("gather", bias, order))));
  ASSERT_EQ(table.layers[0].op, "Gather");
  EXPECT_EQ(table.layers[0].output_shape, (Shape{4, 2}));
  expect_cost(table.layers[0].cost, 10, 0, 0, 0);
  expect_cost(table.total, 10, 0, 8, 0);
}

TEST(ComputeCost, ASharedParameterCountsOnce) {
  Builder net("net");
  TensorId x = net.input("input", {kBatch, 5});
  const TensorId weight = net.parameter("weight", {5, 5}, {0, 1});
  x = net.node("first", Linear{}, {x, weight});
  x = net.node("second", Linear{}, {x, weight});
  const CostTable table = compute_cost(net.finish(x));
  EXPECT_EQ(table.layers[0].cost.parameters, 25);
  EXPECT_EQ(table.layers[1].cost.parameters, 0);
  expect_cost(table.total, 25, 50, 0, 10);
}

TEST(ComputeCost, IsPerImageWhereTheFileFixesTheBatch) {
  const auto build = [](std::int64_t batch) {
    Builder net("net");
    TensorId x = net.input("input", {batch, 3, 8, 8});
    x = net.relu("relu", net.conv("conv", x, {.channels = 4, .kernel = 3}));
    return net.finish(x);
  };
  EXPECT_EQ(compute_cost(build(4), Convention::deepdetect).total.macs, 108 * 36);
  const CostTable any = compute_cost(build(kBatch)), four = compute_cost(build(4));
  expect_cost(four.total, any.total.parameters, any.total.macs, any.total.elementwise_operations, any.total.activations);
  EXPECT_EQ(four.layers[0].output_shape, (Shape{1, 4, 6, 6}));
}

TEST(ComputeCost, DeepDetectCountsFirstBlobs) {
  Builder net("net");
  TensorId x = net.input("input", {kBatch, 4, 9, 8});
  x = net.conv("conv", x, {.channels = 6, .kernel = Extent(3, 1), .groups = 2});  // 6x7x8, weight 6x2x3x1
  x = net.batch_norm("bn", x, {.affine = "scale"});
  x = net.conv("depthwise", x, {.channels = 6, .kernel = 3, .groups = 6, .bias = false, .layer_type = "DepthwiseConvolution"});  // 5x6
  x = net.conv("grouped", x, {.channels = 6, .kernel = 3, .padding = 1, .groups = 6, .bias = false});
  const TensorId one = net.constant("one", {6}, 1), none = net.constant("none", {6}, 0);
  const TensorId mean = net.buffer("alone.running_mean", {6}, {0, 1}), variance = net.buffer("alone.running_var", {6}, {1, 0.1f});
  x = net.node("alone", BatchNorm{}, {x, one, none, mean, variance});
  x = net.relu("relu", x);
  x = net.flatten("flatten", x);
  x = net.linear("fc", x, {.features = 10});
  const Graph graph = net.finish(x);
  const CostTable counted = compute_cost(graph, Convention::deepdetect), true_cost = compute_cost(graph);
  const struct {
    const char* layer;
    std::int64_t parameters, macs;
  } expected[] = {{"conv", 36, 36 * 56}, {"bn", 12, 12}, {"depthwise", 54, 54}, {"grouped", 54, 54 * 30},
                  {"alone", 6, 6},       {"relu", 0, 0}, {"flatten", 0, 0},     {"fc", 10 * 180, 10 * 180}};
  ASSERT_EQ(counted.layers.size(), std::size(expected));
  Cost sum;
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    SCOPED_TRACE(expected[i].layer);
    const Cost& cost = counted.layers[i].cost;
    EXPECT_EQ(counted.layers[i].layer, expected[i].layer);
    const Cost& other = true_cost.layers[i].cost;
    expect_cost(cost, expected[i].parameters, expected[i].macs, other.elementwise_operations, other.activations);
    sum.parameters += cost.parameters, sum.macs += cost.macs;
  }
  EXPECT_EQ(counted.total.parameters, sum.parameters);
  EXPECT_EQ(counted.total.macs, sum.macs);
}

TEST(ComputeCost, Errors) {
  // Each tensor fits; the product of the two does not.
  Builder net("net");
  const std::int64_t large = std::int64_t{1} << 32;
  const TensorId x = net.input("input", {kBatch, large, 2});
  const TensorId y = net.input("other", {kBatch, 2, 1});
  const TensorId wide = net.matmul("outer", x, y);
  const TensorId turned = net.transpose("turned", wide, {0, 2, 1});
  EXPECT_NO_THROW(compute_cost(net.finish(turned)));

  Builder too_wide("net");
  const TensorId a = too_wide.input("input", {kBatch, std::int64_t{1} << 28, std::int64_t{1} << 20});
  const TensorId b = too_wide.transpose("turned", a, {0, 2, 1});
  try {
    compute_cost(too_wide.finish(too_wide.matmul("square", a, b)));
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    EXPECT_NE(std::string(error.what()).find("square (MatMul)"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace inferometer::graph
