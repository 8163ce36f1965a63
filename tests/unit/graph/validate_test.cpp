#include <functional>

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/builder.h"
#include "graph/graph.h"

namespace inferometer::graph {
namespace {

Graph small() {
  Builder net("small");
  TensorId x = net.input("input", {kBatch, 3, 8, 8});
  x = net.conv("conv", x, {.channels = 4, .kernel = 3});
  x = net.relu("relu", x);
  return net.finish(x);
}

TEST(Validate, AcceptsWhatBuilderMakes) { EXPECT_NO_THROW(validate(small())); }

Graph with_table() {
  Builder net("picked");
  const TensorId x = net.input("input", {kBatch, 3, 8});
  return net.finish(net.gather("gather", x, net.table("order", {2, 2}, ElementType::i64, Role::buffer, {2, 0, 1, 2}), 1));
}

TEST(Validate, TablesHaveAnElementForEveryPlace) {
  const Graph graph = with_table();
  EXPECT_NO_THROW(validate(graph));
  EXPECT_EQ(graph.tensors[1].values, (std::vector<double>{2, 0, 1, 2}));
  EXPECT_EQ(graph.tensors[1].role, Role::buffer);
  const struct {
    const char* message;
    std::function<void(Tensor&)> change;
  } cases[] = {
      {"picked: order of 2x2 has 3 values", [](Tensor& t) { t.values.pop_back(); }},
      {"picked: order holds 0.5, which is no 64-bit integer", [](Tensor& t) { t.values[1] = 0.5; }},
      {"picked: order holds 1e+17, which is no 64-bit integer", [](Tensor& t) { t.values[1] = 1e17; }},
      {"picked: order is a table of u8", [](Tensor& t) { t.type = ElementType::u8; }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.message);
    Graph broken = graph;
    c.change(broken.tensors[1]);
    try {
      validate(broken);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), c.message);
    }
  }
  Graph fractions = graph;
  fractions.tensors[1].type = ElementType::f32;
  fractions.tensors[1].values[1] = 0.5;
  EXPECT_NO_THROW(validate(fractions));
  Builder net("net");
  EXPECT_THROW(net.table("empty", {2}, ElementType::f32, Role::constant, {}), Error);
}

TEST(Validate, NamesTheFirstBrokenRule) {
  struct Broken {
    const char* part;
    std::function<void(Graph&)> change;
  };
  // Tensors: 0 input, 1 weight, 2 bias, 3 conv, 4 output. Nodes: 0 conv, 1 relu.
  const Broken cases[] = {
      {"two tensors are named input", [](Graph& g) { g.tensors[1].name = "input"; }},
      {"a tensor has no name", [](Graph& g) { g.tensors[1].name.clear(); }},
      {"two nodes are named conv", [](Graph& g) { g.nodes[1].name = "conv"; }},
      {"a Relu node has no name", [](Graph& g) { g.nodes[1].name.clear(); }},
      {"before anything produces it", [](Graph& g) { std::swap(g.nodes[0], g.nodes[1]); }},
      {"before anything produces it", [](Graph& g) { g.nodes[0].inputs[0] = 4; }},
      {"a second time", [](Graph& g) { g.nodes[1].outputs[0] = 3; }},
      {"which is no activation", [](Graph& g) { g.nodes[1].outputs[0] = 1; }},
      {"which is not in the graph", [](Graph& g) { g.nodes[1].inputs[0] = 99; }},
      {"which is not in the graph", [](Graph& g) { g.nodes[1].outputs[0] = 99; }},
      {"lacks its input 0", [](Graph& g) { g.nodes[1].inputs[0] = kNoTensor; }},
      {"lacks its input 1", [](Graph& g) { g.nodes[0].inputs[1] = kNoTensor; }},
      {"cannot take 0 inputs", [](Graph& g) { g.nodes[1].inputs.clear(); }},
      {"cannot give 0 outputs", [](Graph& g) { g.nodes[1].outputs.clear(); }},
      {"the graph has no input", [](Graph& g) { g.inputs.clear(); }},
      {"listed twice", [](Graph& g) { g.inputs.push_back(0); }},
      {"has another role", [](Graph& g) { g.inputs.push_back(1); }},
      {"no tensor of the graph", [](Graph& g) { g.inputs[0] = 99; }},
      {"the graph has no output", [](Graph& g) { g.outputs.clear(); }},
      {"no tensor of the graph", [](Graph& g) { g.outputs[0] = 99; }},
      {"nothing produces the output", [](Graph& g) { g.nodes.pop_back(); }},
      {"negative dimension", [](Graph& g) { g.tensors[1].shape[0] = -4; }},
      {"not a positive number", [](Graph& g) { g.tensors[0].shape[2] = -1; }},
  };
  for (const Broken& broken : cases) {
    SCOPED_TRACE(broken.part);
    Graph graph = small();
    broken.change(graph);
    try {
      validate(graph);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      EXPECT_NE(std::string(error.what()).find(broken.part), std::string::npos) << error.what();
    }
  }
}

TEST(Validate, AnOptionalInputMayBeAbsent) {
  Graph graph = small();
  graph.nodes[0].inputs[2] = kNoTensor;
  EXPECT_NO_THROW(validate(graph));
  EXPECT_NO_THROW(infer_shapes(graph, 3));
}

TEST(Validate, MessagesAreOneLine) {
  Graph graph = small();
  graph.name = "evil\nname";
  graph.nodes[1].inputs.clear();
  try {
    validate(graph);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace inferometer::graph
