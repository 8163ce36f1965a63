#include <gtest/gtest.h>

#include "caffe_test_files.h"
#include "graph/cost.h"

namespace inferometer::formats {
namespace {

using graph::Rounding;

std::vector<std::string> described(const graph::Graph& graph) {
  std::vector<std::string> lines;
  const auto shapes = graph::infer_shapes(graph, 1);
  for (const graph::Node& node : graph.nodes) {
    lines.push_back(node.name + " " + std::string(name_of(node.op)) + " " + to_string(shapes[node.outputs[0]]));
  }
  return lines;
}

using Lines = std::vector<std::string>;

const graph::Tensor& tensor_named(const graph::Graph& graph, const std::string& name) {
  for (const graph::Tensor& tensor : graph.tensors) {
    if (tensor.name == name) return tensor;
  }
  throw std::runtime_error("no tensor " + name);
}

TEST(CaffeRead, LayersWithWindows) {
  const graph::Graph graph = graph_of(with_input(R"(
    layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c' param { lr_mult: 1 }
            convolution_param { num_output: 6 kernel_h: 3 kernel_w: 1 stride: 2 pad_w: 1 group: 2 dilation: 2 bias_term: false
                                weight_filler { type: 'xavier' } engine: CAFFE } }
    layer { name: 'd' type: 'ConvolutionDepthwise' bottom: 'c' top: 'd' convolution_param { num_output: 12 kernel_size: 3 pad: 1 } }
    layer { name: 'm' type: 'Pooling' bottom: 'd' top: 'm' pooling_param { pool: MAX kernel_size: 2 stride: 2 pad: 1 } }
    layer { name: 'a' type: 'Pooling' bottom: 'm' top: 'a' pooling_param { pool: AVE kernel_h: 2 kernel_w: 1 } }
    layer { name: 'f' type: 'InnerProduct' bottom: 'a' top: 'f' inner_product_param { num_output: 7 } }
    layer { name: 'g' type: 'InnerProduct' bottom: 'f' top: 'g' inner_product_param { num_output: 3 bias_term: false } }
  )"));
  EXPECT_EQ(graph.name, "net");
  EXPECT_EQ(graph.tensors[graph.inputs.at(0)].shape, (Shape{graph::kBatch, 4, 9, 8}));
  // The window of 3 with dilation 2 spans 5 rows: (9 - 5) / 2 + 1; along the width (8 + 2 - 1) / 2 + 1.
  // The padded pooling would have one more window of each side, which begins in the padding at the end.
  EXPECT_EQ(described(graph), (Lines{"c Conv 1x6x3x5", "d Conv 1x12x3x5", "m MaxPool 1x12x2x3", "a AveragePool 1x12x1x3",
                                     "f/flatten Flatten 1x36", "f Linear 1x7", "g Linear 1x3"}));
  EXPECT_EQ(graph.tensors[graph.outputs.at(0)].name, "g");
  EXPECT_EQ(graph.nodes[0].inputs.size(), 2u);
  EXPECT_EQ(tensor_named(graph, "c.weight").shape, (Shape{6, 2, 3, 1}));
  EXPECT_EQ(graph.nodes[0].layer_type, "");
  EXPECT_EQ(graph.nodes[1].layer_type, "ConvolutionDepthwise");
  EXPECT_EQ(std::get<graph::Conv>(graph.nodes[1].op).groups, 6);
  EXPECT_EQ(std::get<graph::MaxPool>(graph.nodes[2].op).rounding, Rounding::caffe_ceil);
  EXPECT_TRUE(std::get<graph::AveragePool>(graph.nodes[3].op).count_include_pad);
}

TEST(CaffeRead, PoolingSizes) {
  const auto size = [](const std::string& parameters) {
    const graph::Graph graph =
        graph_of(with_input("layer { name: 'p' type: 'Pooling' bottom: 'data' top: 'p' pooling_param { " + parameters + " } }"));
    return described(graph).at(0);
  };
  EXPECT_EQ(size("kernel_size: 3 stride: 2"), "p MaxPool 1x4x4x4");  // (8 - 3) / 2 rounded up
  EXPECT_EQ(size("kernel_size: 3 stride: 2 round_mode: FLOOR"), "p MaxPool 1x4x4x3");
  EXPECT_EQ(size("kernel_size: 3 stride: 2 ceil_mode: false"), "p MaxPool 1x4x4x3");
  EXPECT_EQ(size("pool: AVE global_pooling: true"), "p GlobalAveragePool 1x4x1x1");
  EXPECT_EQ(size("pool: MAX global_pooling: true"), "p MaxPool 1x4x1x1");
}

TEST(CaffeRead, BatchNormAndScaleAreOneNodeOrTwo) {
  const std::string norm = "layer { name: 'bn' type: 'BatchNorm' bottom: 'data' top: 'x' batch_norm_param { eps: 0.001 } }";
  const std::string scale = "layer { name: 'sc' type: 'Scale' bottom: 'x' top: 'x' scale_param { bias_term: true } }";
  const graph::Graph both = graph_of(with_input(norm + scale));
  EXPECT_EQ(described(both), (Lines{"bn BatchNorm 1x4x9x8"}));
  EXPECT_EQ(std::get<graph::BatchNorm>(both.nodes[0].op).epsilon, 0.001F);
  EXPECT_EQ(tensor_named(both, "sc.weight").role, graph::Role::parameter);
  EXPECT_EQ(tensor_named(both, "sc.bias").role, graph::Role::parameter);
  EXPECT_EQ(tensor_named(both, "bn.running_mean").role, graph::Role::buffer);
  EXPECT_EQ(graph::compute_cost(both, graph::Convention::deepdetect).total.parameters, 8);

  const graph::Graph norm_only = graph_of(with_input(norm));
  EXPECT_EQ(tensor_named(norm_only, "bn.weight").role, graph::Role::constant);
  EXPECT_EQ(graph::compute_cost(norm_only, graph::Convention::deepdetect).total.parameters, 4);

  const graph::Graph scale_only = graph_of(with_input("layer { name: 'sc' type: 'Scale' bottom: 'data' top: 'x' }"));
  EXPECT_EQ(described(scale_only), (Lines{"sc BatchNorm 1x4x9x8"}));
  EXPECT_EQ(std::get<graph::BatchNorm>(scale_only.nodes[0].op).epsilon, 0);
  EXPECT_EQ(tensor_named(scale_only, "sc.running_var").initial.centre, 1);
  EXPECT_EQ(tensor_named(scale_only, "sc.bias").role, graph::Role::constant);
  EXPECT_EQ(graph::compute_cost(scale_only, graph::Convention::deepdetect).total.parameters, 4);

  // Somebody else reads what the BatchNorm gave: the Scale must not change that.
  const graph::Graph apart = graph_of(with_input(norm + R"(
    layer { name: 'sc' type: 'Scale' bottom: 'x' top: 'y' }
    layer { name: 'sum' type: 'Eltwise' bottom: 'x' bottom: 'y' top: 'sum' })"));
  EXPECT_EQ(described(apart), (Lines{"bn BatchNorm 1x4x9x8", "sc BatchNorm 1x4x9x8", "sum Add 1x4x9x8"}));
}

TEST(CaffeRead, LayersWithoutWindows) {
  const graph::Graph graph = graph_of(with_input(R"(
    layer { name: 'slice' type: 'Slice' bottom: 'data' top: 'p' top: 'q' slice_param { slice_point: 1 } }
    layer { name: 'relu' type: 'ReLU' bottom: 'q' top: 'q' }
    layer { name: 'leaky' type: 'ReLU' bottom: 'q' top: 'q' relu_param { negative_slope: 0.25 } }
    layer { name: 'prelu' type: 'PReLU' bottom: 'q' top: 'q' }
    layer { name: 'lrn' type: 'LRN' bottom: 'q' top: 'q' lrn_param { local_size: 3 } }
    layer { name: 'join' type: 'Concat' bottom: 'q' bottom: 'p' top: 'join' }
    layer { name: 'split' type: 'Split' bottom: 'join' top: 'left' top: 'right' }
    layer { name: 'power' type: 'Power' bottom: 'left' top: 'left' power_param { scale: 2 shift: 1 power: 0.5 } }
    layer { name: 'sum' type: 'Eltwise' bottom: 'left' bottom: 'right' bottom: 'data' top: 'sum' eltwise_param { coeff: 1 coeff: -0.5 coeff: 1 } }
    layer { name: 'shuffle' type: 'ShuffleChannel' bottom: 'sum' top: 'sum' shuffle_channel_param { group: 2 } }
    layer { name: 'drop' type: 'Dropout' bottom: 'sum' top: 'sum' dropout_param { dropout_ratio: 0.5 } }
    layer { name: 'pool' type: 'Pooling' bottom: 'sum' top: 'pool' pooling_param { pool: AVE global_pooling: true } }
    layer { name: 'flat' type: 'Flatten' bottom: 'pool' top: 'flat' }
    layer { name: 'factors' type: 'Sigmoid' bottom: 'flat' top: 'factors' }
    layer { name: 'scaled' type: 'Scale' bottom: 'sum' bottom: 'factors' top: 'scaled' scale_param { axis: 0 } }
    layer { name: 'rows' type: 'Reshape' bottom: 'scaled' top: 'rows' reshape_param { shape { dim: 0 dim: 2 dim: -1 } } }
    layer { name: 'turn' type: 'Permute' bottom: 'rows' top: 'turn' permute_param { order: 0 order: 2 order: 1 } }
    layer { name: 'tanh' type: 'TanH' bottom: 'turn' top: 'tanh' }
    layer { name: 'prob' type: 'Softmax' bottom: 'tanh' top: 'prob' softmax_param { axis: 2 } }
  )"));
  EXPECT_EQ(described(graph), (Lines{"slice Split 1x1x9x8",
                                     "relu Relu 1x3x9x8",
                                     "leaky LeakyRelu 1x3x9x8",
                                     "prelu/positive Relu 1x3x9x8",
                                     "prelu/negative Clip 1x3x9x8",
                                     "prelu/slope Mul 1x3x9x8",
                                     "prelu Add 1x3x9x8",
                                     "lrn Lrn 1x3x9x8",
                                     "join Concat 1x4x9x8",
                                     "split Identity 1x4x9x8",
                                     "power/scaled Mul 1x4x9x8",
                                     "power/shifted Add 1x4x9x8",
                                     "power Sqrt 1x4x9x8",
                                     "sum/term1 Mul 1x4x9x8",
                                     "sum/part1 Add 1x4x9x8",
                                     "sum Add 1x4x9x8",
                                     "shuffle/groups Reshape 1x2x2x72",
                                     "shuffle/deal Transpose 1x2x2x72",
                                     "shuffle Reshape 1x4x9x8",
                                     "drop Identity 1x4x9x8",
                                     "pool GlobalAveragePool 1x4x1x1",
                                     "flat Flatten 1x4",
                                     "factors Sigmoid 1x4",
                                     "scaled/reshape Reshape 1x4x1x1",
                                     "scaled Mul 1x4x9x8",
                                     "rows Reshape 1x2x144",
                                     "turn Transpose 1x144x2",
                                     "tanh Tanh 1x144x2",
                                     "prob Softmax 1x144x2"}));
  EXPECT_EQ(tensor_named(graph, "sum/term1.coefficient").initial.centre, -0.5F);
  EXPECT_EQ(std::get<graph::Lrn>(graph.nodes[7].op).alpha, 1);  // Caffe's default, not ONNX's
  EXPECT_EQ(std::get<graph::Lrn>(graph.nodes[7].op).size, 3);
}

TEST(CaffeRead, OlderDefinitions) {
  const char* layers = R"(
    layers { name: 'c' type: CONVOLUTION bottom: 'data' top: 'c' blobs_lr: 1 weight_decay: 0 convolution_param { num_output: 2 kernel_size: 3 } }
    layers { name: 'r' type: RELU bottom: 'c' top: 'c' }
    layers { name: 'i' type: INNER_PRODUCT bottom: 'c' top: 'i' inner_product_param { num_output: 5 } }
    layers { name: 'loss' type: SOFTMAX_LOSS bottom: 'i' bottom: 'label' top: 'loss' })";
  const Lines expected{"c Conv 1x2x7x6", "r Relu 1x2x7x6", "i/flatten Flatten 1x84", "i Linear 1x5"};
  EXPECT_EQ(described(graph_of(std::string("input: 'data' input_dim: 10 input_dim: 4 input_dim: 9 input_dim: 8 ") + layers)), expected);
  EXPECT_EQ(described(graph_of(std::string("input: 'data' input_shape { dim: 10 dim: 4 dim: 9 dim: 8 } ") + layers)), expected);
  // The label feeds the loss alone.
  EXPECT_EQ(described(graph_of(
                std::string("input: 'data' input: 'label' input_shape { dim: 1 dim: 4 dim: 9 dim: 8 } input_shape { dim: 1 } ") + layers)),
            expected);
}

TEST(CaffeRead, WhatTrainingNeedsIsLeftOut) {
  const graph::Graph graph = graph_of(with_input(R"(
    layer { name: 'train' type: 'Data' top: 'data' top: 'label' include { phase: TRAIN } transform_param { mirror: true } data_param { batch_size: 3 } }
    layer { name: 'no' type: 'ReLU' bottom: 'data' top: 'data' exclude { phase: TEST } }
    layer { name: 'staged' type: 'ReLU' bottom: 'data' top: 'data' include { phase: TEST stage: 'deploy' } }
    layer { name: 'yes' type: 'ReLU' bottom: 'data' top: 'yes' include { phase: TEST } }
    layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'yes' bottom: 'label' loss_param { ignore_label: 1 } }
    layer { name: 'top1' type: 'Accuracy' bottom: 'yes' bottom: 'label' top: 'top1' accuracy_param { top_k: 1 } })"));
  EXPECT_EQ(described(graph), (Lines{"yes Relu 1x4x9x8"}));
}

TEST(CaffeRead, OutputsAreWhatNobodyReads) {
  const graph::Graph graph = graph_of(with_input(R"(
    layer { name: 'a' type: 'ReLU' bottom: 'data' top: 'a' }
    layer { name: 'b' type: 'ReLU' bottom: 'a' top: 'b' }
    layer { name: 'c' type: 'ReLU' bottom: 'a' top: 'c' })"));
  ASSERT_EQ(graph.outputs.size(), 2u);
  EXPECT_EQ(graph.tensors[graph.outputs[0]].name, "b");
  EXPECT_EQ(graph.tensors[graph.outputs[1]].name, "c");
}

TEST(CaffeRead, Errors) {
  const auto layer = [](const std::string& text) {
    return error_of(with_input("layer { name: 'x' bottom: 'data' top: 'x' " + text + " }"));
  };
  const struct {
    std::string layer, error;
  } cases[] = {
      {"type: 'Deconvolution'", "unsupported: layer x (Deconvolution): layers of this type are not known here"},
      {"type: 'Convolution' convolution_param { num_output: 2 kernel_size: 3 offset: 4 }",
       "unsupported: layer x (Convolution), line 2: its field offset is not known here"},
      {"type: 'ReLU' quantization_param { bits: 8 }",
       "unsupported: layer x (ReLU), line 2: its field quantization_param is not known here"},
      {"type: 'Convolution' convolution_param { num_output: 2 }", "input: layer x (Convolution): it has no kernel_size"},
      {"type: 'Convolution' convolution_param { num_output: 3 kernel_size: 1 group: 2 }",
       "input: layer x (Convolution): 4 and 3 channels do not divide into 2 groups"},
      {"type: 'Convolution' convolution_param { num_output: 2 kernel_size: 10 }",
       "input: net: nothing left after x (Conv): a 10x10 window does not fit its 9x8 input"},
      {"type: 'Convolution' convolution_param { num_output: 2 kernel_size: 3 kernel_h: 3 }",
       "input: layer x (Convolution): its kernel_size is given in two ways"},
      {"type: 'DepthwiseConvolution' convolution_param { num_output: 4 kernel_size: 1 group: 2 }",
       "unsupported: layer x (DepthwiseConvolution): its 2 groups are not its 4 channels"},
      {"type: 'Pooling' pooling_param { kernel_size: 2 pool: STOCHASTIC }", "unsupported: layer x (Pooling): stochastic pooling"},
      {"type: 'LRN' lrn_param { norm_region: WITHIN_CHANNEL }", "unsupported: layer x (LRN): it normalises within a channel"},
      {"type: 'LRN' lrn_param { local_size: 4 }", "input: layer x (LRN): its local_size 4 is even"},
      {"type: 'BatchNorm' batch_norm_param { use_global_stats: false }",
       "unsupported: layer x (BatchNorm): it normalises with the statistics of the batch"},
      {"type: 'Eltwise' bottom: 'data' eltwise_param { operation: MAX }", "unsupported: layer x (Eltwise): the operation MAX"},
      {"type: 'Eltwise' bottom: 'data' eltwise_param { coeff: 1 }", "input: layer x (Eltwise): 1 coefficients for 2 bottoms"},
      {"type: 'Power' power_param { power: 3 }", "unsupported: layer x (Power): the power 3"},
      {"type: 'Reshape' reshape_param { shape { dim: -1 dim: 2 } }", "unsupported: layer x (Reshape): it mixes the images of a batch"},
      {"type: 'Concat' concat_param { axis: 0 }", "unsupported: layer x (Concat): it joins batches"},
      {"type: 'ReLU' bottom: 'nowhere'", "input: layer x (ReLU): its bottom nowhere is no layer's top before it"},
      {"type: 'ReLU' top: 'second'", "unsupported: layer x (ReLU): it has 2 tops, layers of this type give 1 here"},
      {"type: 'ReLU' relu_param { engine: FAST }",
       "input: is no prototxt: line 2: Unknown enumeration value of \"FAST\" for field \"engine\"."},
      {"type: 'Data'", "input: layer x (Data): it reads pictures from files, which is how a network is trained"},
  };
  for (const auto& c : cases) EXPECT_EQ(layer(c.layer), c.error) << c.layer;
  EXPECT_EQ(error_of(""), "input: it has no layers");
  EXPECT_EQ(error_of("name: 'net' layer {"), "input: is no prototxt: line 1: Expected identifier, got:");
  EXPECT_EQ(error_of("input: 'data' layer { name: 'r' type: 'ReLU' bottom: 'data' top: 'r' }"), "input: input data has no shape");
  EXPECT_EQ(
      error_of(with_input("layer { name: 'r' type: 'ReLU' bottom: 'data' top: 'r' } layer { name: 'r' type: 'ReLU' bottom: 'r' top: 's' }"))
          .substr(0, 5),
      "input");
  std::string deep = "layer ";
  for (int i = 0; i < 10000; ++i) deep += "{ unknown ";
  EXPECT_EQ(error_of(deep).substr(0, 28), "input: is no prototxt: line ");
}

}  // namespace
}  // namespace inferometer::formats
