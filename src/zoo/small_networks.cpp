#include "zoo/families.h"

// Networks of a few layers for CIFAR-10 and MNIST. Their first linear layer takes the whole image, so another input size makes
// another network: parameters differ.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kCifarSize = 32, kDigitSize = 28, kTen = 10;

Preprocessing digits(double mean, double standard_deviation) {
  return {.resize = ResizeRule::warp,
          .resize_to = kDigitSize,
          .crop = 0,
          .channels = ChannelOrder::grey,
          .mean = {mean, mean, mean},
          .standard_deviation = {standard_deviation, standard_deviation, standard_deviation}};
}

/// Named as the layers of its Caffe file.
graph::Graph build_samplenet(const BuildOptions& options) {
  const graph::PoolOptions halving{.kernel = 2, .stride = 2, .rounding = graph::Rounding::caffe_ceil};
  Builder net("samplenet");
  TensorId x = image_input(net, options, kCifarSize);
  x = net.relu("relu_conv1", net.conv("conv1", x, {.channels = 6, .kernel = 5}));
  x = net.max_pool("pool1", x, halving);
  x = net.relu("relu_conv2", net.conv("conv2", x, {.channels = 16, .kernel = 5, .draw = graph::kSelective}));
  x = net.flatten("flatten", net.max_pool("pool2", x, halving));
  x = net.relu("relu_fc1", net.linear("fc1", x, {.features = 120, .draw = graph::kSelective}));
  x = net.relu("relu_fc2", net.linear("fc2", x, {.features = 84, .draw = graph::kSelective}));
  return net.finish(net.linear("fc3", x, {.features = options.classes}));
}

/// As it is built today: two padded rows and columns stand for the paper's 32x32 image, every map of the second convolution sees
/// all six of the first, and poolings have no coefficients of their own.
graph::Graph build_lenet5(const BuildOptions& options) {
  const graph::PoolOptions halving{.kernel = 2, .stride = 2};
  const auto tanh = [](Builder& net, const std::string& name, TensorId x) { return net.activation(name, x, graph::ActivationKind::tanh); };
  Builder net("lenet5");
  TensorId x = image_input(net, options, kDigitSize, 1);
  x = tanh(net, "tanh1", net.conv("conv1", x, {.channels = 6, .kernel = 5, .padding = 2}));
  x = net.average_pool("pool1", x, halving);
  x = tanh(net, "tanh2", net.conv("conv2", x, {.channels = 16, .kernel = 5}));
  x = net.flatten("flatten", net.average_pool("pool2", x, halving));
  x = tanh(net, "tanh3", net.linear("fc1", x, {.features = 120}));
  x = tanh(net, "tanh4", net.linear("fc2", x, {.features = 84}));
  return net.finish(net.linear("fc3", x, {.features = options.classes}));
}

graph::Graph build_mnist_convnet(const BuildOptions& options) {
  const graph::PoolOptions halving{.kernel = 2, .stride = 2};
  Builder net("mnist_convnet");
  TensorId x = image_input(net, options, kDigitSize, 1);
  x = net.relu("relu", net.conv("conv1", x, {.channels = 32, .kernel = 3, .padding = 1}));
  x = net.max_pool("pool", x, halving);
  x = net.relu("relu_1", net.conv("conv2", x, {.channels = 64, .kernel = 3, .padding = 1, .draw = graph::kSelective}));
  x = net.flatten("flatten", net.max_pool("pool_1", x, halving));
  x = net.relu("relu_2", net.linear("fc1", x, {.features = 128, .draw = graph::kSelective}));
  return net.finish(net.linear("fc2", x, {.features = options.classes}));
}

}  // namespace

std::vector<Network> samplenet_networks() {
  return {{.name = "samplenet",
           .family = "samplenet",
           .year = 1998,
           .paper = "After LeNet (LeCun and others, 1998), with rectifiers and maximum pooling, for CIFAR-10",
           .input_size = kCifarSize,
           .classes = kTen,
           .preprocessing = {.resize = ResizeRule::warp,
                             .resize_to = kCifarSize,
                             .crop = 0,
                             .scale = 1,
                             .mean = {125.307, 122.961, 113.8575},
                             .standard_deviation = {51.5865, 50.847, 51.255}},
           .published = {},
           .build = build_samplenet}};
}

std::vector<Network> lenet_networks() {
  return {{.name = "lenet5",
           .family = "lenet",
           .year = 1998,
           .paper = "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, Proceedings of the IEEE 86",
           .input_size = kDigitSize,
           .classes = kTen,
           .preprocessing = digits(0.1307, 0.3081),  // of MNIST's training images
           .published = {},
           .build = build_lenet5}};
}

std::vector<Network> mnist_networks() {
  return {{.name = "mnist_convnet",
           .family = "mnist",
           .year = 1998,
           .paper = "After LeNet (LeCun and others, 1998): two convolutions and two linear layers, with rectifiers",
           .input_size = kDigitSize,
           .classes = kTen,
           .preprocessing = digits(0.5, 0.5),
           .published = {},
           .build = build_mnist_convnet}};
}

}  // namespace inferometer::zoo
