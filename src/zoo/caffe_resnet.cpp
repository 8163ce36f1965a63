#include <cmath>

#include "zoo/caffe_layers.h"

// The authors' own residual networks. A stage's stride is on the first 1x1 convolution of its first block; torchvision moved it
// to the 3x3 convolution, which costs more.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
// As for torchvision's: branches add up to the trunk, whose few ReLUs are the more selective.
constexpr float kBranchGain = 0.2f;
constexpr graph::Draw kShortcut{1.77f, 6.0f};

struct Design {
  int layers;
  std::array<int, 4> blocks;  ///< of the four stages
  bool stem_bias;             ///< the file of ResNet-50 alone has one
  double top1_error, top5_error;
};

std::string name_of(const Design& design) { return "caffe_resnet" + std::to_string(design.layers); }

/// Blocks are lettered; in the two middle stages of the deeper networks all but the first are b1, b2, ...
std::string block_name(const Design& design, std::size_t stage, int block) {
  const std::string start = std::to_string(stage + 2);
  const bool numbered = design.layers > 50 && (stage == 1 || stage == 2);
  if (block == 0 || !numbered) return start + static_cast<char>('a' + block);
  return start + "b" + std::to_string(block);
}

/// A convolution and its normalisation: res2a_branch1, bn2a_branch1 and scale2a_branch1.
TensorId conv_norm(Builder& net, const std::string& layer, TensorId x, graph::ConvOptions options, graph::BatchNormOptions norm = {}) {
  options.bias = false;
  x = net.conv("res" + layer, x, options);
  const std::string scale = "scale" + layer;
  norm.affine = scale;
  return net.batch_norm("bn" + layer, x, norm);
}

TensorId block(Builder& net, const std::string& name, TensorId x, std::int64_t width, std::int64_t stride, bool project, float gain) {
  const std::int64_t channels = 4 * width;
  const auto layer = [&name](const char* part) { return name + "_" + part; };
  const TensorId trunk = project ? conv_norm(net, layer("branch1"), x, {.channels = channels, .stride = stride, .draw = kShortcut}) : x;
  TensorId branch = conv_norm(net, layer("branch2a"), x, {.channels = width, .stride = stride, .draw = graph::kMoreSelective});
  branch = net.relu("res" + layer("branch2a_relu"), branch);
  branch = conv_norm(net, layer("branch2b"), branch, {.channels = width, .kernel = 3, .padding = 1, .draw = graph::kMoreSelective});
  branch = net.relu("res" + layer("branch2b_relu"), branch);
  branch = conv_norm(net, layer("branch2c"), branch, {.channels = channels}, {.gain = gain});
  x = net.add("res" + name, trunk, branch);
  return net.relu("res" + name + "_relu", x);
}

graph::Graph build_resnet(const Design& design, const BuildOptions& options) {
  Builder net(name_of(design));
  TensorId x = image_input(net, options, kInputSize);
  x = net.conv("conv1", x, {.channels = 64, .kernel = 7, .stride = 2, .padding = 3, .bias = design.stem_bias});
  x = net.batch_norm("bn_conv1", x, {.gain = 2.0f, .shift = -1.0f, .affine = "scale_conv1"});
  x = net.relu("conv1_relu", x);
  x = net.max_pool("pool1", x, caffe_pool(3, 2));
  for (std::size_t stage = 0; stage < design.blocks.size(); ++stage) {
    const int blocks = design.blocks[stage];
    const float gain = kBranchGain / std::sqrt(static_cast<float>(blocks));
    for (int i = 0; i < blocks; ++i) {
      x = block(net, block_name(design, stage, i), x, std::int64_t{64} << stage, stage > 0 && i == 0 ? 2 : 1, i == 0, gain);
    }
  }
  x = net.global_average_pool("pool5", x);
  x = net.flatten("flatten", x);
  return net.finish(net.linear("fc1000", x, {.features = options.classes}));
}

Network describe(const Design& design) {
  return {.name = name_of(design),
          .family = "resnet",
          .year = 2015,
          .paper = "He, Zhang, Ren, Sun: Deep residual learning for image recognition, CVPR 2016",
          .input_size = kInputSize,
          .preprocessing = caffe_preprocessing(ResizeRule::short_side, kInputSize, kMean),
          .published = Published{100 - design.top1_error, 100 - design.top5_error, "authors' readme, 1 crop"},
          .build = [design](const BuildOptions& options) { return build_resnet(design, options); }};
}

}  // namespace

std::vector<Network> caffe_resnet_networks() {
  return {describe({50, {3, 4, 6, 3}, true, 24.7, 7.8}), describe({101, {3, 4, 23, 3}, false, 23.6, 7.1}),
          describe({152, {3, 8, 36, 3}, false, 23.0, 6.7})};
}

}  // namespace inferometer::zoo
