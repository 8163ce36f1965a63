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
