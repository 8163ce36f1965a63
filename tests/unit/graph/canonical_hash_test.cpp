#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "graph/builder.h"
#include "graph/graph.h"

namespace inferometer::graph {
namespace {

/// Every operator with attributes, so that each attribute can be changed.
Graph many_operators() {
  Builder net("many");
  TensorId x = net.input("input", {kBatch, 4, 16, 16});
  x = net.conv("conv", x, {.channels = 8, .kernel = 3, .padding = 1});
  x = net.batch_norm("bn", x);
  x = net.relu6("relu6", x);
  x = net.max_pool("max", x, {.kernel = 2, .stride = 2});
  x = net.average_pool("average", x, {.kernel = 3, .stride = 1, .padding = 1});
  x = net.adaptive_average_pool("adaptive", x, 4);
  x = net.node("lrn", Lrn{}, {x});
  x = net.node("pad", Pad{{0, 0, 1, 0, 0, 0, 0, 0}}, {x});
  const auto parts = net.split("split", x, {4, 4});
  x = net.concat("concat", {parts[0], parts[1]});
  x = net.node("slice", Slice{2, 0, 4, 1}, {x});
  x = net.transpose("transpose", x, {0, 2, 3, 1});
  x = net.layer_norm("ln", x);
  x = net.node("mean", ReduceMean{{1}, true}, {x});
  x = net.reshape("reshape", x, {0, 4, 8});
  x = net.gather("gather", x, net.table("order", {3}, ElementType::i64, Role::constant, {2, 0, 3}), 1);
  x = net.flatten("flatten", x);
  x = net.linear("fc", x, {.features = 4});
  return net.finish(net.softmax("softmax", x));
}

template <class Op>
Op& op(Graph& graph, const char* name) {
  for (Node& node : graph.nodes) {
    if (node.name == name) return std::get<Op>(node.op);
  }
  throw std::logic_error(name);
}

Tensor& table(Graph& graph, const char* name) {
  for (Tensor& tensor : graph.tensors) {
    if (tensor.name == name) return tensor;
  }
  throw std::logic_error(name);
}

TEST(CanonicalHash, IsStable) {
  EXPECT_EQ(canonical_hash(many_operators()), canonical_hash(many_operators()));
  Builder net("tiny");
  TensorId x = net.input("input", {kBatch, 3, 8, 8});
  x = net.conv("conv", x, {.channels = 4, .kernel = 3});
  const Graph graph = net.finish(net.relu("relu", x));
  // Identities of stored measurements depend on this value: change it only together with the version in the canonical text.
  EXPECT_EQ(canonical_hash(graph), "df49bc7df57c78057a0dc6206161bae8b1c1d0c0f680e0aee0b6b1bd2c81a22e");
}

TEST(CanonicalHash, AnyChangeAltersIt) {
  const std::function<void(Graph&)> changes[] = {
      [](Graph& g) { g.name = "other"; },
      [](Graph& g) { g.tensors[1].name = "conv.w"; },
      [](Graph& g) { g.tensors[1].shape[0] = 9; },
      [](Graph& g) { g.tensors[1].role = Role::buffer; },
      [](Graph& g) { g.tensors[1].type = ElementType::f16; },
      [](Graph& g) { g.tensors[1].initial.centre = 0.5f; },
      [](Graph& g) { g.tensors[1].initial.radius *= 1.0000002f; },
      [](Graph& g) { g.nodes[0].name = "conv_"; },
      [](Graph& g) { g.nodes[0].inputs.pop_back(); },
      [](Graph& g) { g.nodes[0].inputs[2] = kNoTensor; },
      [](Graph& g) { g.nodes[0].outputs[0] = 9; },
      [](Graph& g) { g.inputs.clear(); },
      [](Graph& g) { g.outputs.push_back(0); },
      [](Graph& g) { g.tensors.pop_back(); },
      [](Graph& g) { g.nodes.pop_back(); },
      [](Graph& g) { g.nodes.back().op = Identity{}; },
      [](Graph& g) { op<Conv>(g, "conv").groups = 2; },
      [](Graph& g) { op<Conv>(g, "conv").window.kernel[1] = 5; },
      [](Graph& g) { op<Conv>(g, "conv").window.strides[0] = 2; },
      [](Graph& g) { op<Conv>(g, "conv").window.dilations[0] = 2; },
      [](Graph& g) { op<Conv>(g, "conv").window.pads[3] = 0; },
      [](Graph& g) { op<BatchNorm>(g, "bn").epsilon = 1e-3f; },
      [](Graph& g) { op<Activation>(g, "relu6").kind = ActivationKind::relu; },
      [](Graph& g) { op<Activation>(g, "relu6").alpha = 1; },
      [](Graph& g) { op<Activation>(g, "relu6").beta = 5; },
      [](Graph& g) { op<MaxPool>(g, "max").rounding = Rounding::ceil; },
      [](Graph& g) { op<MaxPool>(g, "max").rounding = Rounding::caffe_ceil; },
      [](Graph& g) { op<AveragePool>(g, "average").count_include_pad = false; },
      [](Graph& g) { op<AdaptiveAveragePool>(g, "adaptive").height = 5; },
      [](Graph& g) { op<AdaptiveAveragePool>(g, "adaptive").width = 5; },
      [](Graph& g) { op<Lrn>(g, "lrn").size = 3; },
      [](Graph& g) { op<Lrn>(g, "lrn").alpha = 2; },
      [](Graph& g) { op<Lrn>(g, "lrn").beta = 2; },
      [](Graph& g) { op<Lrn>(g, "lrn").k = 2; },
      [](Graph& g) { op<Pad>(g, "pad").pads[3] = 1; },
      [](Graph& g) { op<Pad>(g, "pad").value = 1; },
      [](Graph& g) {
        op<Split>(g, "split").sizes = {3, 5};
      },
      [](Graph& g) { op<Split>(g, "split").axis = 2; },
      [](Graph& g) { op<Concat>(g, "concat").axis = 2; },
      [](Graph& g) { op<Slice>(g, "slice").begin = 1; },
      [](Graph& g) { op<Slice>(g, "slice").end = 3; },
      [](Graph& g) { op<Slice>(g, "slice").step = 2; },
      [](Graph& g) { op<Slice>(g, "slice").axis = 3; },
      [](Graph& g) {
        op<Transpose>(g, "transpose").permutation = {0, 3, 2, 1};
      },
      [](Graph& g) { op<LayerNorm>(g, "ln").epsilon = 1; },
      [](Graph& g) { op<LayerNorm>(g, "ln").axis = 2; },
      [](Graph& g) { op<ReduceMean>(g, "mean").axes = {2}; },
      [](Graph& g) { op<ReduceMean>(g, "mean").keep_dimensions = false; },
      [](Graph& g) {
        op<Reshape>(g, "reshape").shape = {0, 8, 4};
      },
      [](Graph& g) { op<Gather>(g, "gather").axis = 2; },
      [](Graph& g) { table(g, "order").values[1] = 1; },
      [](Graph& g) { table(g, "order").values.clear(); },
      [](Graph& g) { table(g, "order").values.push_back(0); },
      [](Graph& g) { op<Flatten>(g, "flatten").axis = 2; },
      [](Graph& g) { op<Softmax>(g, "softmax").axis = 1; },
  };
  std::set<std::string> hashes{canonical_hash(many_operators())};
  std::size_t expected = 1;
  for (const auto& change : changes) {
    Graph graph = many_operators();
    change(graph);
    hashes.insert(canonical_hash(graph));
    EXPECT_EQ(hashes.size(), ++expected) << "change " << expected - 2;
  }
}

TEST(CanonicalHash, NamesCannotImitateStructure) {
  Graph a = many_operators(), b = many_operators();
  a.tensors[1].name = "w 4:rest";
  b.tensors[1].name = std::string("w");
  b.tensors[2].name = "rest";
  EXPECT_NE(canonical_hash(a), canonical_hash(b));
}

}  // namespace
}  // namespace inferometer::graph
