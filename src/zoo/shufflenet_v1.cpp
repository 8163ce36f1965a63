#include "zoo/caffe_layers.h"

// ShuffleNet v1 with three groups in Caffe (github.com/farmingyard/ShuffleNet). The first unit of a stage keeps the bottleneck
// width of the stage before it, which the paper's text leaves open.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr std::int64_t kGroups = 3;

/// The units of one stage; the first halves the map and is joined with its pooled input.
struct Stage {
  int units;
  std::int64_t channels;          ///< of the output
  std::int64_t first_bottleneck;  ///< of the first unit; the others have a quarter of the output
};
constexpr std::array<Stage, 3> kStages{{{4, 240, 54}, {8, 480, 60}, {4, 960, 120}}};

// Branches add up to the trunk, as in a residual network.
constexpr float kBranchGain = 0.3f;

TensorId conv_norm(Builder& net, const std::string& layer, TensorId x, graph::ConvOptions options, graph::BatchNormOptions norm = {}) {
  const std::string scale = layer + "_scale";
  options.bias = false;
  norm.affine = scale;
  x = net.conv(layer, x, options);
  return net.batch_norm(layer + "_bn", x, norm);
}

/// Deal the channels of the groups out one by one: (group, place) becomes (place, group).
TensorId shuffle(Builder& net, const std::string& name, TensorId x) {
  const Shape shape = net.shape(x);
  x = net.reshape(name + "/groups", x, {0, kGroups, shape[1] / kGroups, shape[2] * shape[3]});
  x = net.transpose(name + "/deal", x, {0, 2, 1, 3});
  return net.reshape(name, x, {0, shape[1], shape[2], shape[3]});
}

TensorId unit(Builder& net, int number, TensorId x, const Stage& stage, bool first) {
  const std::string digits = std::to_string(number), name = "resx" + digits;
  const std::int64_t bottleneck = first ? stage.first_bottleneck : stage.channels / 4;
  const std::int64_t channels = first ? stage.channels - net.channels(x) : stage.channels;
  const std::int64_t stride = first ? 2 : 1;
  // Behind the stem there are too few channels for groups.
  const bool grouped = number > 1;
  const TensorId shortcut = first ? net.average_pool(name + "_match_conv", x, caffe_pool(3, 2)) : x;
  TensorId branch =
      conv_norm(net, name + "_conv1", x, {.channels = bottleneck, .groups = grouped ? kGroups : 1, .draw = graph::kMoreSelective});
  branch = net.relu(name + "_conv1_relu", branch);
  if (grouped) branch = shuffle(net, "shuffle" + digits, branch);
  branch = conv_norm(net, name + "_conv2", branch,
                     {.channels = bottleneck,
                      .kernel = 3,
                      .stride = stride,
                      .padding = 1,
                      .groups = bottleneck,
                      .draw = graph::kSelective,
                      .layer_type = "ConvolutionDepthwise"});
  branch = conv_norm(net, name + "_conv3", branch, {.channels = channels, .groups = kGroups, .draw = graph::kLinear},
                     {.gain = first ? 1.0f : kBranchGain});
  if (first) return net.relu(name + "_concat_relu", net.concat(name + "_concat", {shortcut, branch}));
  return net.relu(name + "_elewise_relu", net.add(name + "_elewise", shortcut, branch));
}

graph::Graph build_shufflenet_v1(const BuildOptions& options) {
  Builder net("shufflenet_v1_g3");
  TensorId x = image_input(net, options, kInputSize);
  x = conv_norm(net, "conv1", x, {.channels = 24, .kernel = 3, .stride = 2, .padding = 1});
  x = net.relu("conv1_relu", x);
  x = net.max_pool("pool1", x, caffe_pool(3, 2));
  int number = 0;
  for (const Stage& stage : kStages) {
    for (int i = 0; i < stage.units; ++i) x = unit(net, ++number, x, stage, i == 0);
  }
  x = net.global_average_pool("pool_ave", x);
  x = net.conv("fc1000", x, {.channels = options.classes});
  return net.finish(net.flatten("flatten", x));
}

}  // namespace

std::vector<Network> shufflenet_v1_networks() {
  return {{.name = "shufflenet_v1_g3",
           .family = "shufflenet",
           .year = 2017,
           .paper = "Zhang, Zhou, Lin, Sun: ShuffleNet: an extremely efficient convolutional neural network for mobile devices, CVPR 2018",
           .input_size = kInputSize,
           .preprocessing = caffe_preprocessing(ResizeRule::short_side, kInputSize, kMean, 0.017),
           .build = build_shufflenet_v1}};
}

}  // namespace inferometer::zoo
