#include "operator_graphs.h"

#include <functional>

#include "contract.h"
#include "graph/builder.h"
#include "zoo/synthetic_weights.h"

namespace inferometer::contract {

namespace {

using graph::Builder;
using graph::kBatch;
using graph::TensorId;

using Body = std::function<TensorId(Builder&, TensorId)>;

/// Parameters get noise, not their synthetic values: a BatchNorm with mean 0 would not show a forgotten mean.
graph::Model with_values(graph::Graph graph) {
  graph::Model model{std::move(graph), {}};
  model.weights = zoo::synthetic_weights(model.graph, 1);
  std::uint64_t seed = 1000;
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (tensor.role != graph::Role::parameter && tensor.role != graph::Role::buffer) continue;
    if (!tensor.values.empty()) continue;
    graph::Array& array = model.weights.at(tensor.name);
    const std::vector<float> values = noise(element_count(array.shape), ++seed);
    const bool positive = tensor.name.ends_with("running_var");
    for (std::size_t i = 0; i < values.size(); ++i) array.floats()[i] = positive ? 1.5f + values[i] : values[i];
  }
  return model;
}

graph::Model single(const std::string& name, const Shape& image, const Body& body) {
  Builder net(name);
  Shape shape{kBatch};
  shape.insert(shape.end(), image.begin(), image.end());
  const TensorId x = net.input("input", shape);
  return with_values(net.finish(body(net, x)));
}

graph::Window window(std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  return {{kernel, kernel}, {stride, stride}, {1, 1}, {pad, pad, pad, pad}};
}

OperatorGraphs convolutions() {
  const auto conv = [](const std::string& name, const Shape& image, const graph::ConvOptions& options) {
    return single(name, image, [options](Builder& net, TensorId x) { return net.conv("conv", x, options); });
  };
  return {"convolution",
          {conv("1x1", {5, 7, 9}, {.channels = 6}), conv("1x1 stride 2", {5, 8, 9}, {.channels = 6, .stride = 2}),
           conv("1x1 padded", {2, 4, 4}, {.channels = 3, .padding = 1}),
           conv("3x3 without bias", {3, 9, 8}, {.channels = 4, .kernel = 3, .padding = 1, .bias = false}),
           conv("7x7 stride 2", {3, 23, 21}, {.channels = 8, .kernel = 7, .stride = 2, .padding = 3}),
           conv("1x7", {3, 9, 11}, {.channels = 4, .kernel = {1, 7}, .padding = {0, 3}}),
           conv("stride by axis", {3, 13, 12}, {.channels = 4, .kernel = 3, .stride = {2, 3}, .padding = 1}),
           conv("dilated", {3, 11, 12}, {.channels = 4, .kernel = 3, .padding = 2, .dilation = 2}),
           conv("grouped", {6, 8, 8}, {.channels = 9, .kernel = 3, .padding = 1, .groups = 3}),
           conv("depthwise", {6, 9, 10}, {.channels = 6, .kernel = 3, .padding = 1, .groups = 6}),
           conv("depthwise 5x5 stride 2", {6, 11, 10}, {.channels = 6, .kernel = 5, .stride = 2, .padding = 2, .groups = 6, .bias = false}),
           conv("depthwise multiplied", {4, 7, 7}, {.channels = 8, .kernel = 3, .padding = 1, .groups = 4}),
           conv("many columns", {3, 60, 61}, {.channels = 40, .kernel = 3, .padding = 1}),
           conv("many rows", {64, 5, 5}, {.channels = 200, .kernel = 3, .padding = 1}),
           single("uneven padding", {3, 8, 9}, [](Builder& net, TensorId x) {
             const TensorId weight = net.parameter("weight", {4, 3, 3, 3}, {0, 1});
             return net.node("conv", graph::Conv{{{3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}}, 1}, {x, weight});
           })}};
}

OperatorGraphs pooling() {
  using graph::Rounding;
  const auto pooled = [](const std::string& name, const Shape& image, graph::Operator op) {
    return single(name, image, [op](Builder& net, TensorId x) { return net.node("pool", op, {x}); });
  };
  return {
      "pooling",
      {pooled("max", {3, 8, 9}, graph::MaxPool{window(2, 2, 0), Rounding::floor}),
       pooled("max overlapping, padded", {3, 9, 8}, graph::MaxPool{window(3, 2, 1), Rounding::floor}),
       pooled("max ceil", {3, 8, 10}, graph::MaxPool{window(3, 2, 0), Rounding::ceil}),
       pooled("max ceil, last window dropped", {2, 3, 3}, graph::MaxPool{window(2, 2, 1), Rounding::ceil}),
       pooled("max caffe ceil", {3, 8, 11}, graph::MaxPool{window(3, 2, 0), Rounding::caffe_ceil}),
       pooled("max caffe ceil, padded", {3, 8, 11}, graph::MaxPool{window(3, 2, 1), Rounding::caffe_ceil}),
       pooled("average", {3, 8, 8}, graph::AveragePool{window(2, 2, 0), Rounding::floor, false}),
       pooled("average padded", {3, 9, 9}, graph::AveragePool{window(3, 1, 1), Rounding::floor, false}),
       pooled("average counting padding", {3, 9, 9}, graph::AveragePool{window(3, 1, 1), Rounding::floor, true}),
       pooled("average ceil", {3, 8, 8}, graph::AveragePool{window(3, 2, 0), Rounding::ceil, false}),
       pooled("average ceil counting padding", {3, 8, 8}, graph::AveragePool{window(3, 2, 1), Rounding::ceil, true}),
       pooled("adaptive", {3, 14, 14}, graph::AdaptiveAveragePool{7, 7}),
       pooled("adaptive uneven", {3, 10, 7}, graph::AdaptiveAveragePool{4, 3}),
       pooled("adaptive growing", {3, 2, 3}, graph::AdaptiveAveragePool{6, 6}), pooled("global", {5, 6, 7}, graph::GlobalAveragePool{}),
       pooled("mean of an image", {5, 6, 7}, graph::ReduceMean{{2, 3}, false}),
       pooled("mean of tokens", {6, 5}, graph::ReduceMean{{1}, true}), pooled("mean of features", {6, 5}, graph::ReduceMean{{-1}, true}),
       pooled("mean of outer axes", {4, 5, 6}, graph::ReduceMean{{1, 3}, false})}};
}

OperatorGraphs normalization() {
  return {"normalization",
          {single("batch norm", {5, 4, 3}, [](Builder& net, TensorId x) { return net.batch_norm("bn", x, {.epsilon = 1e-3f}); }),
           single("batch norm, then relu, both in place", {4, 5, 5},
                  [](Builder& net, TensorId x) {
                    x = net.conv("conv", x, {.channels = 6});
                    return net.relu("relu", net.batch_norm("bn", x));
                  }),
           single("lrn", {9, 4, 4},
                  [](Builder& net, TensorId x) {
                    return net.node("lrn", graph::Lrn{5, 0.5f, 0.75f, 1}, {x});
                  }),
           single("layer norm", {6, 7}, [](Builder& net, TensorId x) { return net.layer_norm("norm", x); }),
           single("softmax", {10}, [](Builder& net, TensorId x) { return net.softmax("softmax", x); }),
           single("softmax over channels", {6, 4, 5}, [](Builder& net, TensorId x) { return net.softmax("softmax", x, 1); })}};
}

OperatorGraphs even_lrn() {
  return {"lrn over an even number of channels", {single("size 4", {6, 4, 4}, [](Builder& net, TensorId x) {
            return net.node("lrn", graph::Lrn{4, 0.5f, 0.5f, 2}, {x});
          })}};
}

OperatorGraphs activations() {
  using graph::ActivationKind;
  const auto activated = [](const std::string& name, ActivationKind kind, float alpha = 0, float beta = 0) {
    return single(name, {4, 6, 5}, [=](Builder& net, TensorId x) {
      // Times 8, so that saturation and cut-offs are reached.
      const TensorId wide = net.mul("wide", x, net.constant("eight", {1}, 8));
      return net.activation("activation", wide, kind, alpha, beta);
    });
  };
  return {"activation",
          {activated("relu", ActivationKind::relu), activated("relu6", ActivationKind::clip, 0, 6),
           activated("clip", ActivationKind::clip, -1.5f, 2.5f), activated("leaky relu", ActivationKind::leaky_relu, 0.1f),
           activated("sigmoid", ActivationKind::sigmoid), activated("hard sigmoid", ActivationKind::hard_sigmoid, 1.0f / 6, 0.5f),
           activated("hard swish", ActivationKind::hard_swish), activated("silu", ActivationKind::silu),
           activated("gelu", ActivationKind::gelu), activated("tanh", ActivationKind::tanh), activated("exp", ActivationKind::exp),
           activated("erf", ActivationKind::erf),
           single("sqrt", {4, 5, 5},
                  [](Builder& net, TensorId x) { return net.activation("sqrt", net.mul("square", x, x), ActivationKind::sqrt); }),
           single("prelu", {4, 5, 5}, [](Builder& net, TensorId x) {
             return net.node("prelu", graph::Activation{ActivationKind::prelu_shared}, {x, net.parameter("slope", {1}, {0.25f, 0.1f})});
           })}};
}

OperatorGraphs arithmetic() {
  const auto with_parameter = [](const std::string& name, const Shape& image, const Shape& other, graph::Operator op, bool first = false) {
    return single(name, image, [=](Builder& net, TensorId x) {
      const TensorId p = net.parameter("p", other, {0, 1});
      return net.node("node", op, first ? std::vector<TensorId>{p, x} : std::vector<TensorId>{x, p});
    });
  };
  return {
      "arithmetic",
      {single("add", {4, 5, 6}, [](Builder& net, TensorId x) { return net.add("add", x, net.relu("relu", x)); }),
       single("squeeze and excite", {6, 5, 7},
              [](Builder& net, TensorId x) {
                const TensorId scale = net.activation("gate", net.global_average_pool("pool", x), graph::ActivationKind::sigmoid);
                return net.mul("mul", x, scale);
              }),
       with_parameter("add a channel", {4, 5, 6}, {4, 1, 1}, graph::Add{}), with_parameter("subtract a row", {4, 5, 6}, {6}, graph::Sub{}),
       with_parameter("subtract from a scalar", {4, 5, 6}, {1}, graph::Sub{}, true),
       with_parameter("multiply outer and inner", {4, 5, 6}, {1, 4, 1, 6}, graph::Mul{}),
       with_parameter("divide", {4, 6}, {4, 6}, graph::Div{}), with_parameter("stretch both", {4, 1, 6}, {5, 1}, graph::Add{})}};
}

/// Two outputs: the first is a view, computed before nodes that would like its memory.
graph::Model with_early_output() {
  Builder net("an early output");
  const TensorId x = net.input("input", {kBatch, 4, 4, 4});
  const TensorId early = net.flatten("early", net.conv("a", x, {.channels = 4}));
  TensorId late = net.conv("b", x, {.channels = 4});
  late = net.conv("d", net.conv("c", late, {.channels = 4}), {.channels = 4});
  return with_values(net.finish({early, late}));
}

OperatorGraphs layout() {
  const auto plain = [](const std::string& name, const Shape& image, graph::Operator op) {
    return single(name, image, [op](Builder& net, TensorId x) { return net.node("node", op, {x}); });
  };
  return {
      "layout",
      {single("concat channels", {3, 4, 5},
              [](Builder& net, TensorId x) {
                return net.concat("cat", {x, net.relu("relu", x), net.conv("conv", x, {.channels = 2})});
              }),
       single("concat tokens", {3, 4},
              [](Builder& net, TensorId x) {
                return net.concat("cat", {x, x}, 1);
              }),
       single("concat the last axis", {3, 4},
              [](Builder& net, TensorId x) {
                return net.concat("cat", {x, net.relu("relu", x)}, -1);
              }),
       single("split", {7, 4, 4},
              [](Builder& net, TensorId x) {
                const auto parts = net.split("split", x, {2, 4, 1});
                return net.concat("cat", {parts[2], parts[0], parts[1]});
              }),
       single("channel shuffle", {6, 4, 5},
              [](Builder& net, TensorId x) {
                x = net.reshape("split", x, {0, 2, 3, 4, 5});
                x = net.transpose("swap", x, {0, 2, 1, 3, 4});
                return net.reshape("join", x, {0, 6, 4, 5});
              }),
       plain("slice", {6, 5, 4}, graph::Slice{1, 1, 5, 1}),
       plain("slice by steps", {6, 7, 4}, graph::Slice{2, 1, 1000, 2}),
       plain("slice from the end", {6, 5, 4}, graph::Slice{-1, -3, 1000, 1}),
       single(
           "gather tokens", {5, 6},
           [](Builder& net, TensorId x) {
             return net.gather("pick", x, net.table("order", {2, 4}, ElementType::i64, graph::Role::buffer, {4, 0, 0, 3, 1, 2, 4, 1}), 1);
           }),
       single("gather features", {5, 6},
              [](Builder& net, TensorId x) {
                return net.gather("pick", x, net.table("order", {3}, ElementType::i64, graph::Role::constant, {5, 1, 1}), -1);
              }),
       single("gather of a parameter", {3, 2, 4},
              [](Builder& net, TensorId x) {
                const TensorId order = net.table("order", {3, 2}, ElementType::i64, graph::Role::buffer, {6, 0, 2, 2, 5, 1});
                return net.add("add", x, net.gather("pick", net.parameter("p", {7, 4}, {0, 1}), order));
              }),
       plain("reshape", {6, 5, 4}, graph::Reshape{{0, -1, 10}}),
       plain("flatten", {6, 5, 4}, graph::Flatten{2}),
       plain("to NHWC", {3, 5, 4}, graph::Transpose{{0, 2, 3, 1}}),
       plain("pad", {3, 5, 4}, graph::Pad{{0, 1, 2, 2, 0, 0, 1, 3}, 0.5f}),
       plain("identity of the input", {3, 5, 4}, graph::Identity{}),
       single("views of a tensor that lives on", {4, 4, 4},
              [](Builder& net, TensorId x) {
                const TensorId a = net.conv("a", x, {.channels = 4});
                const TensorId view = net.reshape("view", a, {0, 4, 4, 4});
                const TensorId relu = net.relu("relu", view);  // must not overwrite a, which is read below
                return net.add("add", relu, net.relu6("late", a));
              }),
       single("read again after its activation", {4, 4, 4},
              [](Builder& net, TensorId x) {
                const TensorId a = net.conv("a", x, {.channels = 4});
                return net.add("add", net.activation("tanh", a, graph::ActivationKind::tanh), a);
              }),
       single("read again after its view's activation", {4, 4, 4},
              [](Builder& net, TensorId x) {
                const TensorId a = net.conv("a", x, {.channels = 4});
                const TensorId tanh = net.activation("tanh", net.reshape("view", a, {0, 4, 4, 4}), graph::ActivationKind::tanh);
                return net.add("add", tanh, a);
              }),
       single("read again after a part's activation", {4, 4, 4},
              [](Builder& net, TensorId x) {
                const TensorId a = net.conv("a", x, {.channels = 4});
                const auto parts = net.split("split", a, {1, 3});
                return net.concat("cat", {net.activation("tanh", parts[0], graph::ActivationKind::tanh), parts[1], a});
              }),
       single("a view read long after its tensor", {4, 4, 4},
              [](Builder& net, TensorId x) {
                const TensorId view = net.reshape("view", net.conv("a", x, {.channels = 4}), {0, 4, 4, 4});
                const TensorId b = net.conv("b", x, {.channels = 4});
                return net.add("add", net.conv("c", b, {.channels = 4}), view);
              }),
       with_early_output(),
       single("a shortcut over in-place work", {4, 4, 4}, [](Builder& net, TensorId x) {
         TensorId a = net.conv("a", x, {.channels = 4});
         TensorId b = net.batch_norm("bn", a);
         b = net.relu("relu", net.conv("b", b, {.channels = 4, .kernel = 3, .padding = 1}));
         return net.add("add", b, a);
       })}};
}

OperatorGraphs products() {
  return {
      "product",
      {single("linear", {37}, [](Builder& net, TensorId x) { return net.linear("fc", x, {.features = 150}); }),
       single("linear without bias", {37}, [](Builder& net, TensorId x) { return net.linear("fc", x, {.features = 5, .bias = false}); }),
       single("linear of tokens", {6, 8}, [](Builder& net, TensorId x) { return net.linear("fc", x, {.features = 5}); }),
       single("linear of many tokens", {300, 8}, [](Builder& net, TensorId x) { return net.linear("fc", x, {.features = 5}); }),
       single("attention scores", {2, 7, 8},
              [](Builder& net, TensorId x) {
                return net.matmul("qk", x, net.transpose("k", x, {0, 1, 3, 2}));
              }),
       single("matrix of parameters", {2, 70, 8},
              [](Builder& net, TensorId x) {
                return net.matmul("mm", x, net.parameter("p", {8, 5}, {0, 1}));
              }),
       single("broadcast batches", {3, 5, 6}, [](Builder& net, TensorId x) {
         return net.matmul("mm", net.parameter("p", {1, 3, 4, 5}, {0, 1}), x);
       })}};
}

}  // namespace

std::vector<OperatorGraphs> operator_graphs() {
  return {convolutions(), pooling(), normalization(), activations(), arithmetic(), layout(), products(), even_lrn()};
}

}  // namespace inferometer::contract
