#include "measure/layers.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "measure/layer_network.h"
#include "measure/layer_profile.h"

namespace inferometer::measure {
namespace {

using engine::LayerTime;

LayerTime timed(const std::string& name, double time_us, const std::string& origins = "") {
  LayerTime time;
  time.name = name;
  time.op = "Op";
  time.time_us = time_us;
  time.origins = origins;
  return time;
}

LayerTime untimed(const std::string& name, const std::string& origins = "") {
  LayerTime time = timed(name, 0, origins);
  time.executed = false;
  return time;
}

struct Line {
  std::string name, op;
  std::int64_t macs;
  std::vector<std::size_t> producers;
};

Network network(const std::vector<Line>& lines) {
  Network result;
  for (const Line& line : lines) {
    result.names.emplace(line.name, result.layers.size());
    result.layers.push_back({line.name, line.op, line.macs, line.producers});
  }
  return result;
}

/// conv1 -> norm1 -> relu1 -> pool -> conv2 -> norm2 -> add (of pool too) -> relu2 -> flatten -> fc
Network residual() {
  return network({{"conv1", "Conv", 100, {}},
                  {"norm1", "BatchNorm", 0, {0}},
                  {"relu1", "Relu", 0, {1}},
                  {"pool", "MaxPool", 0, {2}},
                  {"conv2", "Conv", 200, {3}},
                  {"norm2", "BatchNorm", 0, {4}},
                  {"add", "Add", 0, {5, 3}},
                  {"relu2", "Relu", 0, {6}},
                  {"flatten", "Flatten", 0, {7}},
                  {"fc", "Linear", 50, {8}}});
}

/// "conv1: executed e0 | norm1: fused into conv1 (inferred)"
std::string text(const Network& network, const std::vector<LayerTime>& times, const std::vector<MappedLayer>& lines) {
  std::string result;
  for (const MappedLayer& line : lines) {
    if (!result.empty()) result += " | ";
    result += line.layer ? network.layers[*line.layer].name : "-";
    result += ": " + std::string(name_of(line.outcome));
    if (line.engine_layer) result += " " + times[*line.engine_layer].name;
    if (line.fused_into) result += " into " + network.layers[*line.fused_into].name;
    if (line.inferred) result += " (inferred)";
  }
  return result;
}

std::string mapped(const Network& network, const std::vector<LayerTime>& times) { return text(network, times, map_layers(network, times)); }

TEST(Layers, an_engine_that_runs_every_layer_by_its_name) {
  const Network net = network({{"a", "Conv", 1, {}}, {"b", "Relu", 0, {0}}});
  EXPECT_EQ(mapped(net, {timed("a", 1), timed("b", 2)}), "a: executed a | b: executed b");
}

// OpenVINO's way: one layer of the engine with the names of all that it stands for; some of those are its own.
TEST(Layers, names_of_several_layers_are_fused_into_the_one_with_most_macs) {
  const Network net = residual();
  EXPECT_EQ(
      mapped(net, {timed("conv1/WithoutBiases", 5, "conv1/WithoutBiases,conv1,norm1,relu1"), timed("pool", 1, "pool"),
                   timed("conv2", 7, "conv2,norm2,add,relu2"), untimed("flatten", "flatten"), timed("fc", 2, "fc")}),
      "conv1: executed conv1/WithoutBiases | norm1: fused into conv1 | relu1: fused into conv1 | pool: executed pool | "
      "conv2: executed conv2 | norm2: fused into conv2 | add: fused into conv2 | relu2: fused into conv2 | flatten: untimed flatten | "
      "fc: executed fc");
}

// ONNX Runtime's way: the engine's layer is named after the last, or the first, of those that it replaces.
TEST(Layers, what_no_name_means_is_inferred_from_its_neighbours) {
  const Network net = residual();
  EXPECT_EQ(
      mapped(net, {timed("relu1_nchwc", 5, "relu1"), timed("pool_nchwc", 1, "pool"), timed("norm2_nchwc", 7, "norm2"),
                   timed("ReorderOutput", 1), timed("fc", 2)}),
      "conv1: executed relu1_nchwc (inferred) | norm1: fused into conv1 (inferred) | relu1: fused into conv1 | pool: executed pool_nchwc | "
      "conv2: executed norm2_nchwc (inferred) | -: own ReorderOutput | norm2: fused into conv2 | add: fused into conv2 (inferred) | "
      "relu2: fused into conv2 (inferred) | flatten: optimised_out (inferred) | fc: executed fc");
  EXPECT_EQ(mapped(net, {timed("conv1", 5), timed("pool", 1), timed("conv2", 7), timed("fc", 2)}),
            "conv1: executed conv1 | norm1: fused into conv1 (inferred) | relu1: fused into conv1 (inferred) | pool: executed pool | "
            "conv2: executed conv2 | norm2: fused into conv2 (inferred) | add: fused into conv2 (inferred) | relu2: fused into conv2 "
            "(inferred) | "
            "flatten: optimised_out (inferred) | fc: executed fc");
}

// Two convolutions meet in an addition: only with the later one everything is there.
TEST(Layers, an_addition_is_fused_into_the_later_of_its_producers) {
  const Network net = network({{"left", "Conv", 5, {}}, {"right", "Conv", 5, {}}, {"add", "Add", 0, {0, 1}}});
  EXPECT_EQ(mapped(net, {timed("right", 1), timed("left", 1)}),
            "left: executed left | right: executed right | add: fused into left (inferred)");
  EXPECT_EQ(mapped(net, {timed("left", 1), timed("right", 1)}),
            "left: executed left | right: executed right | add: fused into right (inferred)");
}

// A convolution that two of the engine's layers read cannot have been fused into either.
TEST(Layers, what_cannot_be_inferred_is_not_told) {
  const Network net = network({{"conv", "Conv", 5, {}}, {"a", "MaxPool", 0, {0}}, {"b", "MaxPool", 0, {0}}, {"c", "MaxPool", 0, {2}}});
  EXPECT_EQ(mapped(net, {timed("a", 1), timed("b", 1)}), "conv: not_told | a: executed a | b: executed b | c: not_told");
}

// What a framework rewrites gets a name of its own, but still runs between what it reads and what reads it.
TEST(Layers, a_renamed_layer_is_known_by_its_operator_and_place) {
  const Network net =
      network({{"a", "Conv", 5, {}}, {"soft", "Softmax", 0, {0}}, {"mean", "GlobalAveragePool", 0, {1}}, {"b", "Linear", 5, {2}}});
  const auto named = [](const std::string& name, const std::string& op) {
    LayerTime time = timed(name, 1);
    time.op = op;
    return time;
  };
  EXPECT_EQ(mapped(net, {timed("a", 1), named("S_1", "SoftMax"), named("R_2", "Reduce"), timed("b", 1)}),
            "a: executed a | soft: executed S_1 (inferred) | mean: executed R_2 (inferred) | b: executed b");
  // Two candidates, one after the reader, and another operator: nothing is known.
  EXPECT_EQ(mapped(net, {timed("a", 1), named("S_1", "Softmax"), named("S_2", "Softmax"), timed("b", 1), named("R_2", "Reduce")}),
            "a: executed a | -: own S_1 | -: own S_2 | soft: not_told | mean: not_told | b: executed b | -: own R_2");
}

TEST(Layers, a_padding_is_computed_by_what_reads_it) {
  const Network net = network({{"pad", "Pad", 0, {}}, {"pool", "AveragePool", 0, {0}}});
  EXPECT_EQ(mapped(net, {timed("pool", 1)}), "pad: fused into pool (inferred) | pool: executed pool");
}

TEST(Layers, an_engine_that_tells_nothing) {
  const Network net = network({{"a", "Conv", 1, {}}, {"b", "Identity", 0, {0}}, {"c", "Relu", 0, {1}}});
  EXPECT_EQ(mapped(net, {}), "a: not_told | b: not_told | c: not_told");
}

TEST(Layers, what_only_the_engine_has_stands_where_it_ran) {
  const Network net = network({{"a", "Conv", 1, {}}, {"b", "MaxPool", 0, {0}}});
  EXPECT_EQ(mapped(net, {timed("in", 1), timed("a", 1), timed("x", 1), timed("y", 1), timed("b", 1), untimed("out")}),
            "-: own in | a: executed a | -: own x | -: own y | b: executed b | -: untimed out");
}

TEST(Layers, a_layer_in_several_parts_has_a_line_for_each) {
  Network net = network({{"a", "Conv", 1, {}}, {"norm", "LayerNorm", 0, {0}}, {"b", "Linear", 6, {1}}});
  net.names.emplace("norm/Mean", 1);
  net.names.emplace("norm/Sub", 1);
  EXPECT_EQ(mapped(net, {timed("a", 1), timed("norm/Mean", 1), timed("norm/Sub", 2), timed("norm", 3), timed("b", 1)}),
            "a: executed a | norm: executed norm/Mean | norm: executed norm/Sub | norm: executed norm | b: executed b");
}

// The rate is that of all that the time is of.
TEST(Layers, the_rate_counts_every_layer_that_was_fused_in) {
  Network net = network({{"conv", "Conv", 100, {}}, {"depthwise", "Conv", 20, {0}}, {"fc", "Linear", 50, {1}}});
  net.names.emplace("fc/MatMul", 2);
  const std::vector<LayerTime> times{timed("conv", 4, "conv,depthwise"), timed("fc/MatMul", 6), timed("fc", 2)};
  const std::vector<MappedLayer> lines = map_layers(net, times);
  ASSERT_EQ(text(net, times, lines), "conv: executed conv | depthwise: fused into conv | fc: executed fc/MatMul | fc: executed fc");
  EXPECT_EQ(lines[0].rate_macs, 120);
  EXPECT_EQ(lines[0].rate_time_us, 4);
  EXPECT_EQ(lines[1].rate_macs, std::nullopt);
  EXPECT_EQ(lines[2].rate_macs, 50);
  EXPECT_EQ(lines[2].rate_time_us, 8);
  EXPECT_EQ(lines[3].rate_macs, std::nullopt);
}

// A name that two layers share says nothing of either; two engine's layers of one name are two lines.
TEST(Layers, names_that_repeat) {
  const Network twice = network({{"a", "MaxPool", 1, {}}, {"a", "MaxPool", 0, {0}}, {"b", "MaxPool", 0, {1}}});
  EXPECT_EQ(mapped(twice, {timed("a", 1), timed("b", 1)}), "-: own a | a: not_told | a: not_told | b: executed b");
  const Network once = network({{"a", "Conv", 1, {}}, {"b", "MaxPool", 0, {0}}});
  EXPECT_EQ(mapped(once, {timed("a", 1), timed("a", 2), timed("b", 1)}), "a: executed a | a: executed a | b: executed b");
}

TEST(Layers, names_with_commas) {
  const Network net = network({{"a,b", "Conv", 1, {}}, {"a", "Relu", 0, {0}}, {"c", "Relu", 0, {1}}});
  using Names = std::vector<std::string>;
  EXPECT_EQ(split_names("a,b,c", net), (Names{"a,b", "c"}));
  EXPECT_EQ(split_names("a,c,b", net), (Names{"a", "c"}));
  EXPECT_EQ(split_names("x,y,a,b", net), (Names{"a,b"}));
  EXPECT_EQ(split_names("x,y", net), Names{});
  EXPECT_EQ(split_names(",,a,", net), (Names{"a"}));
  EXPECT_EQ(split_names("", net), Names{});
  EXPECT_EQ(mapped(net, {timed("fused", 1, "a,b,c"), timed("a", 2)}), "a,b: executed fused | a: executed a | c: fused into a,b");
}

TEST(Layers, a_constant_is_optimised_out) {
  Network net = network({{"table", "Mul", 0, {}}, {"add", "Add", 0, {0}}});
  net.layers[0].stored_only = true;
  EXPECT_EQ(mapped(net, {timed("add", 1)}), "table: optimised_out (inferred) | add: executed add");
  net.layers[0].stored_only = false;  // it reads the network's input
  EXPECT_EQ(mapped(net, {timed("add", 1)}), "table: fused into add (inferred) | add: executed add");
}

// Without multiply-accumulates a convolution still goes before the activation that the engine named.
TEST(Layers, a_product_stands_for_the_time_even_where_its_size_is_unknown) {
  Network net = network({{"conv", "Conv", 0, {}}, {"relu", "Relu", 0, {0}}});
  net.layers[0].macs.reset();
  EXPECT_EQ(mapped(net, {timed("relu_nchwc", 1, "relu")}), "conv: executed relu_nchwc (inferred) | relu: fused into conv");
}

TEST(LayerNetwork, names_of_a_group_of_nodes_and_what_depends_on_the_input) {
  const std::vector<formats::FileNode> nodes{
      {"table", "Mul", {"w", "v"}, {"t"}}, {"", "Conv", {"x", "w"}, {"c"}}, {"sum", "Add", {"c", "t"}, {"y"}}};
  const Network net = network_of(nodes, {"x"});
  ASSERT_EQ(net.layers.size(), 3u);
  EXPECT_EQ(net.layers[1].name, "c");
  EXPECT_TRUE(net.layers[0].stored_only);
  EXPECT_FALSE(net.layers[1].stored_only);
  EXPECT_FALSE(net.layers[2].stored_only);
  EXPECT_EQ(net.layers[2].producers, (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(net.names.count("sum"), 1u);
  EXPECT_EQ(net.names.count("y"), 1u);
}

// A normalisation that the file writes as two nodes: both names are the layer's, and neither is its neighbour's.
TEST(LayerNetwork, nodes_of_the_file_between_a_layers_tensors_are_names_of_it) {
  graph::Graph graph;
  graph.tensors = {{"x", {1, 4}, graph::Role::input}, {"n", {}}, {"y", {}}};
  graph.nodes = {{"norm", graph::Softmax{}, {0}, {1}}, {"act", graph::Activation{}, {1}, {2}}};
  graph.inputs = {0};
  graph.outputs = {2};
  const std::vector<formats::FileNode> nodes{
      {"norm/a", "Exp", {"x"}, {"norm/a"}}, {"norm", "Div", {"norm/a", "norm/a"}, {"n"}}, {"act", "Relu", {"n"}, {"y"}}};
  const Network net = network_of(graph, nodes);
  EXPECT_EQ(mapped(net, {timed("norm/a", 1), timed("norm", 2), timed("y", 3)}),
            "norm: executed norm/a | norm: executed norm | act: executed y");
  EXPECT_EQ(net.layers[0].macs, 0);
}

// Every layer of the network has a line, and every layer of the engine exactly one, whatever is told.
TEST(Layers, nothing_is_lost_or_counted_twice) {
  const Network net = residual();
  const std::vector<std::string> words{"conv1", "norm1", "relu1", "pool", "conv2", "norm2", "add", "relu2", "flatten", "fc", "x", ""};
  std::uint32_t state = 7;
  const auto next = [&](std::size_t below) { return (state = state * 1664525u + 1013904223u) / 65536 % below; };
  for (int round = 0; round < 3000; ++round) {
    std::vector<LayerTime> times;
    for (std::size_t i = next(9); i > 0; --i) {
      std::string origins;
      for (std::size_t k = next(4); k > 0; --k) origins += (origins.empty() ? "" : ",") + words[next(words.size())];
      times.push_back(timed(words[next(words.size())], static_cast<double>(next(5)), origins));
      times.back().executed = next(4) > 0;
    }
    const std::vector<MappedLayer> lines = map_layers(net, times);
    std::vector<int> of_network(net.layers.size()), of_engine(times.size());
    for (const MappedLayer& line : lines) {
      if (line.layer) ++of_network[*line.layer];
      if (line.engine_layer) ++of_engine[*line.engine_layer];
      EXPECT_EQ(line.outcome == LayerOutcome::fused, line.fused_into.has_value());
      const bool has_time = line.outcome == LayerOutcome::executed || line.outcome == LayerOutcome::own;
      EXPECT_TRUE(!has_time || times[line.engine_layer.value()].executed);
    }
    for (const int count : of_network) ASSERT_GE(count, 1) << text(net, times, lines);
    for (const int count : of_engine) ASSERT_EQ(count, 1) << text(net, times, lines);
  }
}

TEST(LayerRows, shares_add_up_and_untimed_lines_have_no_time) {
  const Network net = network({{"a", "Conv", 3000, {}}, {"b", "Relu", 0, {0}}, {"c", "MaxPool", 0, {1}}});
  LayerProfile profile{{timed("a", 6), timed("copy", 2), untimed("c")}, 40, false, 8.5};
  const std::vector<LayerRow> rows = layer_rows(net, profile, 2);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].share_ratio, 0.75);
  EXPECT_DOUBLE_EQ(*rows[0].gmacs_per_s, 1);  // 2 x 3000 in 6 us
  EXPECT_EQ(rows[1].layer, "");
  EXPECT_EQ(rows[1].outcome, "own");
  EXPECT_EQ(rows[1].mapping, "");
  EXPECT_EQ(rows[1].cumulative_share_ratio, 1);
  EXPECT_EQ(rows[2].fused_into, "a");
  EXPECT_EQ(rows[2].mapping, "inferred");
  EXPECT_EQ(rows[2].time_us, std::nullopt);
  EXPECT_EQ(rows[3].outcome, "untimed");
  EXPECT_EQ(rows[3].time_us, std::nullopt);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].position, static_cast<std::int64_t>(i));
    EXPECT_EQ(rows[i].layers_us, 8);
    EXPECT_EQ(rows[i].total_us, 8.5);
    EXPECT_EQ(rows[i].runs, 40);
    EXPECT_EQ(rows[i].statistic, "median");
  }
  profile.means = true;
  EXPECT_EQ(layer_rows(net, profile, 1)[0].statistic, "mean");
  EXPECT_EQ(layers_from_json(layers_json(rows)).size(), rows.size());
}

TEST(LayerRows, survive_json) {
  LayerRow row;
  row.layer = "a \"b\",c";
  row.time_us = 0.125;
  row.macs = std::int64_t{1} << 40;
  const LayerRow back = layers_from_json(layers_json({row})).at(0);
  for_each_layer_field([&](const auto& field) { EXPECT_EQ(back.*field.member, row.*field.member) << field.name; });
}

TEST(LayerRows, of_layers_that_all_take_no_time) {
  const Network net = network({{"a", "Conv", 10, {}}});
  const std::vector<LayerRow> rows = layer_rows(net, {{timed("a", 0)}, 20, true, 1}, 1);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].time_us, 0);
  EXPECT_EQ(rows[0].share_ratio, std::nullopt);
  EXPECT_EQ(rows[0].gmacs_per_s, std::nullopt);
  EXPECT_EQ(rows[0].layers_us, 0);
  EXPECT_EQ(layer_rows(net, {{}, 20, true, 1}, 1)[0].layers_us, std::nullopt);
}

}  // namespace
}  // namespace inferometer::measure
