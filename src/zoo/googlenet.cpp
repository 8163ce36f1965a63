#include "zoo/families.h"

// torchvision's GoogLeNet: batch normalisation, a 3x3 convolution where the paper has 5x5, and ceil-mode pools. Its
// transform_input (a change of the input's mean and scale that the published weights expect) belongs to those weights'
// preprocessing and is no part of the network.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;

/// Channels of the four branches of an inception module (Table 1 of the paper).
struct Inception {
  std::int64_t one, three_reduce, three, five_reduce, five, pool;
};

TensorId basic_conv(Builder& net, const std::string& block, TensorId x, graph::ConvOptions options) {
  options.bias = false;
  if (block != "conv1") options.draw = graph::kMoreSelective;  // the image itself is not behind a ReLU
  x = net.conv(inside(block, "conv"), x, options);
  x = net.batch_norm(inside(block, "bn"), x, {.epsilon = 0.001f});
  return net.relu(inside(block, "relu"), x);
}

TensorId inception(Builder& net, const std::string& block, TensorId x, const Inception& widths) {
  const TensorId one = basic_conv(net, inside(block, "branch1"), x, {.channels = widths.one});
  TensorId three = basic_conv(net, inside(block, "branch2.0"), x, {.channels = widths.three_reduce});
  three = basic_conv(net, inside(block, "branch2.1"), three, {.channels = widths.three, .kernel = 3, .padding = 1});
  TensorId five = basic_conv(net, inside(block, "branch3.0"), x, {.channels = widths.five_reduce});
  five = basic_conv(net, inside(block, "branch3.1"), five, {.channels = widths.five, .kernel = 3, .padding = 1});
  TensorId pool = net.max_pool(inside(block, "branch4.0"), x, {.kernel = 3, .stride = 1, .padding = 1, .rounding = graph::Rounding::ceil});
  pool = basic_conv(net, inside(block, "branch4.1"), pool, {.channels = widths.pool});
  return net.concat(inside(block, "cat"), {one, three, five, pool});
}

/// A classifier beside the network that only trains.
TensorId auxiliary(Builder& net, const std::string& block, TensorId x, std::int64_t classes) {
  x = net.adaptive_average_pool(inside(block, "avgpool"), x, 4);
  x = basic_conv(net, inside(block, "conv"), x, {.channels = 128});
  x = net.flatten(inside(block, "flatten"), x);
  x = net.linear(inside(block, "fc1"), x, {.features = 1024});
  x = net.relu(inside(block, "relu"), x);
  return net.linear(inside(block, "fc2"), x, {.features = classes});
}

graph::Graph build_googlenet(const BuildOptions& options) {
  const graph::PoolOptions pool{.kernel = 3, .stride = 2, .rounding = graph::Rounding::ceil};
  Builder net("googlenet");
  TensorId x = image_input(net, options, kInputSize);
  std::vector<TensorId> outputs;
  x = basic_conv(net, "conv1", x, {.channels = 64, .kernel = 7, .stride = 2, .padding = 3});
  x = net.max_pool("maxpool1", x, pool);
  x = basic_conv(net, "conv2", x, {.channels = 64});
  x = basic_conv(net, "conv3", x, {.channels = 192, .kernel = 3, .padding = 1});
  x = net.max_pool("maxpool2", x, pool);
  x = inception(net, "inception3a", x, {64, 96, 128, 16, 32, 32});
  x = inception(net, "inception3b", x, {128, 128, 192, 32, 96, 64});
  x = net.max_pool("maxpool3", x, pool);
  x = inception(net, "inception4a", x, {192, 96, 208, 16, 48, 64});
  if (options.with_auxiliary) outputs.push_back(auxiliary(net, "aux1", x, options.classes));
  x = inception(net, "inception4b", x, {160, 112, 224, 24, 64, 64});
  x = inception(net, "inception4c", x, {128, 128, 256, 24, 64, 64});
  x = inception(net, "inception4d", x, {112, 144, 288, 32, 64, 64});
  if (options.with_auxiliary) outputs.push_back(auxiliary(net, "aux2", x, options.classes));
  x = inception(net, "inception4e", x, {256, 160, 320, 32, 128, 128});
  x = net.max_pool("maxpool4", x, {.kernel = 2, .stride = 2, .rounding = graph::Rounding::ceil});
  x = inception(net, "inception5a", x, {256, 160, 320, 32, 128, 128});
  x = inception(net, "inception5b", x, {384, 192, 384, 48, 128, 128});
  x = net.global_average_pool("avgpool", x);
  x = net.flatten("flatten", x);
  outputs.insert(outputs.begin(), net.linear("fc", x, {.features = options.classes}));
  return net.finish(outputs);
}

}  // namespace

std::vector<Network> googlenet_networks() {
  return {{.name = "googlenet",
           .family = "googlenet",
           .year = 2014,
           .paper = "Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich: Going deeper with convolutions, CVPR 2015",
           .input_size = kInputSize,
           .training_only = {"aux1.", "aux2."},
           .published = Published{69.778, 89.530, kTorchvisionV1},
           .build = build_googlenet}};
}

}  // namespace inferometer::zoo
