#include "zoo/caffe_layers.h"

// DenseNet in Caffe (github.com/shicai/DenseNet-Caffe), as the networks of dd_performances were built: with Caffe's own rounding
// at every pool, the first included, so that maps are 57, 29, 15 and 8 wide. The files ask for rounding down at the first pool;
// Caffe versions without that option ignore it.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr std::int64_t kGrowth = 32;
constexpr std::int64_t kBottleneck = 4 * kGrowth;  ///< channels of a layer's 1x1 convolution

struct Design {
  int layers;
  std::array<int, 4> blocks;  ///< layers of the four dense blocks
  double top1, top5;
};

std::string name_of(const Design& design) { return "caffe_densenet" + std::to_string(design.layers); }

/// BatchNorm, Scale and ReLU in front of a convolution.
TensorId norm_relu(Builder& net, const std::string& layer, const std::string& relu, TensorId x, graph::BatchNormOptions norm = {}) {
  const std::string scale = layer + "/scale";
  norm.affine = scale;
  x = net.batch_norm(layer + "/bn", x, norm);
  return net.relu(relu, x);
}

TensorId dense_layer(Builder& net, const std::string& number, TensorId x) {
  const std::string layer = "conv" + number;
  TensorId added = norm_relu(net, layer + "/x1", "relu" + number + "/x1", x);
  added = net.conv(layer + "/x1", added, {.channels = kBottleneck, .bias = false, .draw = graph::kMoreSelective});
  added = norm_relu(net, layer + "/x2", "relu" + number + "/x2", added);
  added = net.conv(layer + "/x2", added, {.channels = kGrowth, .kernel = 3, .padding = 1, .bias = false, .draw = graph::kMoreSelective});
  return net.concat("concat_" + number, {x, added});
}

graph::Graph build_densenet(const Design& design, const BuildOptions& options) {
  Builder net(name_of(design));
  TensorId x = image_input(net, options, kInputSize);
  x = net.conv("conv1", x, {.channels = 64, .kernel = 7, .stride = 2, .padding = 3, .bias = false});
  x = norm_relu(net, "conv1", "relu1", x);
  x = net.max_pool("pool1", x, caffe_pool(3, 2, 1));
  for (std::size_t block = 0; block < design.blocks.size(); ++block) {
    const std::string stage = std::to_string(block + 2);
    for (int i = 1; i <= design.blocks[block]; ++i) x = dense_layer(net, stage + "_" + std::to_string(i), x);
    const bool last = block + 1 == design.blocks.size();
    const std::string transition = "conv" + stage + "_blk";
    x = norm_relu(net, transition, "relu" + stage + "_blk", x, {.shift = last ? -0.7f : 0.0f});
    if (last) break;
    x = net.conv(transition, x, {.channels = net.channels(x) / 2, .bias = false, .draw = graph::kMoreSelective});
    x = net.average_pool("pool" + stage, x, caffe_pool(2, 2));
  }
  x = net.global_average_pool("pool5", x);
  x = net.conv("fc6", x, {.channels = options.classes});
  return net.finish(net.flatten("flatten", x));
}

Network describe(const Design& design) {
  return {.name = name_of(design),
          .family = "densenet",
          .year = 2016,
          .paper = "Huang, Liu, van der Maaten, Weinberger: Densely connected convolutional networks, CVPR 2017",
          .input_size = kInputSize,
          .preprocessing = caffe_preprocessing(ResizeRule::short_side, kInputSize, kMean, 0.017),
          .published = Published{design.top1, design.top5, "shicai/DenseNet-Caffe readme"},
          .build = [design](const BuildOptions& options) { return build_densenet(design, options); }};
}

}  // namespace

std::vector<Network> caffe_densenet_networks() {
  return {describe({121, {6, 12, 24, 16}, 74.91, 92.19}), describe({201, {6, 12, 48, 32}, 77.31, 93.64})};
}

}  // namespace inferometer::zoo
