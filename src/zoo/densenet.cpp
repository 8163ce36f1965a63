#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr std::int64_t kBottleneck = 4;  ///< channels of a layer's 1x1 convolution, in growth rates

struct Design {
  const char* name;
  std::int64_t growth;
  std::array<int, 4> layers;  ///< of the four blocks
  std::int64_t stem_channels;
};

TensorId dense_layer(Builder& net, const std::string& layer, TensorId x, std::int64_t growth) {
  x = net.batch_norm(inside(layer, "norm1"), x);
  x = net.relu(inside(layer, "relu1"), x);
  x = net.conv(inside(layer, "conv1"), x, {.channels = kBottleneck * growth, .bias = false, .draw = graph::kMoreSelective});
  x = net.batch_norm(inside(layer, "norm2"), x);
  x = net.relu(inside(layer, "relu2"), x);
  return net.conv(inside(layer, "conv2"), x, {.channels = growth, .kernel = 3, .padding = 1, .bias = false, .draw = graph::kMoreSelective});
}

TensorId dense_block(Builder& net, const std::string& block, TensorId x, const Design& design, int layers) {
  for (int i = 1; i <= layers; ++i) {
    const std::string layer = inside(block, "denselayer" + std::to_string(i));
    x = net.concat(inside(layer, "cat"), {x, dense_layer(net, layer, x, design.growth)});
  }
  return x;
}

TensorId transition(Builder& net, const std::string& name, TensorId x) {
  x = net.batch_norm(inside(name, "norm"), x);
  x = net.relu(inside(name, "relu"), x);
  x = net.conv(inside(name, "conv"), x, {.channels = net.channels(x) / 2, .bias = false, .draw = graph::kMoreSelective});
  return net.average_pool(inside(name, "pool"), x, {.kernel = 2, .stride = 2});
}

graph::Graph build_densenet(const Design& design, const BuildOptions& options) {
  Builder net(design.name);
  TensorId x = image_input(net, options, kInputSize);
  x = net.conv("features.conv0", x, {.channels = design.stem_channels, .kernel = 7, .stride = 2, .padding = 3, .bias = false});
  x = net.batch_norm("features.norm0", x);
  x = net.relu("features.relu0", x);
  x = net.max_pool("features.pool0", x, {.kernel = 3, .stride = 2, .padding = 1});
  for (std::size_t i = 0; i < design.layers.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    x = dense_block(net, "features.denseblock" + number, x, design, design.layers[i]);
    if (i + 1 < design.layers.size()) x = transition(net, "features.transition" + number, x);
  }
  x = net.batch_norm("features.norm5", x, {.shift = -0.7f});
  x = net.relu("relu", x);
  x = net.global_average_pool("avgpool", x);
  x = net.flatten("flatten", x);
  return net.finish(net.linear("classifier", x, {.features = options.classes}));
}

Network describe(const Design& design, double top1, double top5) {
  return {.name = design.name,
          .family = "densenet",
          .year = 2016,
          .paper = "Huang, Liu, van der Maaten, Weinberger: Densely connected convolutional networks, CVPR 2017",
          .input_size = kInputSize,
          .published = Published{top1, top5, kTorchvisionV1},
          .build = [design](const BuildOptions& options) { return build_densenet(design, options); }};
}

}  // namespace

std::vector<Network> densenet_networks() {
  return {describe({"densenet121", 32, {6, 12, 24, 16}, 64}, 74.434, 91.972),
          describe({"densenet169", 32, {6, 12, 32, 32}, 64}, 75.600, 92.806),
          describe({"densenet201", 32, {6, 12, 48, 32}, 64}, 76.896, 93.370),
          describe({"densenet161", 48, {6, 12, 36, 24}, 96}, 77.138, 93.560)};
}

}  // namespace inferometer::zoo
