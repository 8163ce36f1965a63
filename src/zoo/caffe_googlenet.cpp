#include "zoo/caffe_layers.h"

// BVLC's GoogLeNet: the paper's network with its 5x5 convolutions and local response normalisation, without the two heads that
// only train. The last pool covers the whole 7x7 map in the file, so it is a global one here, for other input sizes too.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;

/// Channels of the convolutions of an inception module (Table 1 of the paper).
struct Inception {
  const char* name;
  std::int64_t one, three_reduce, three, five_reduce, five, pool;
};

TensorId conv_relu(Builder& net, const std::string& block, const std::string& layer, TensorId x, graph::ConvOptions options) {
  x = net.conv(block + "/" + layer, x, options);
  // The stem's "7x7_s2" has its ReLU named without the stride.
  return net.relu(block + "/relu_" + layer.substr(0, layer.find("_s2")), x);
}

TensorId inception(Builder& net, const Inception& widths, TensorId x) {
  const std::string block = std::string("inception_") + widths.name;
  const auto layer = [&](const char* name, TensorId from, std::int64_t channels, std::int64_t kernel = 1) {
    return conv_relu(net, block, name, from,
                     {.channels = channels, .kernel = kernel, .padding = kernel / 2, .draw = graph::kMoreSelective});
  };
  const TensorId one = layer("1x1", x, widths.one);
  const TensorId three = layer("3x3", layer("3x3_reduce", x, widths.three_reduce), widths.three, 3);
  const TensorId five = layer("5x5", layer("5x5_reduce", x, widths.five_reduce), widths.five, 5);
  const TensorId pool = layer("pool_proj", net.max_pool(block + "/pool", x, caffe_pool(3, 1, 1)), widths.pool);
  return net.concat(block + "/output", {one, three, five, pool});
}

graph::Graph build_googlenet(const BuildOptions& options) {
  Builder net("caffe_googlenet");
  TensorId x = image_input(net, options, kInputSize);
  x = conv_relu(net, "conv1", "7x7_s2", x, {.channels = 64, .kernel = 7, .stride = 2, .padding = 3});
  x = net.max_pool("pool1/3x3_s2", x, caffe_pool(3, 2));
  x = net.node("pool1/norm1", graph::Lrn{}, {x});
  x = conv_relu(net, "conv2", "3x3_reduce", x, {.channels = 64, .draw = graph::kMoreSelective});
  x = conv_relu(net, "conv2", "3x3", x, {.channels = 192, .kernel = 3, .padding = 1, .draw = graph::kMoreSelective});
  x = net.node("conv2/norm2", graph::Lrn{}, {x});
  x = net.max_pool("pool2/3x3_s2", x, caffe_pool(3, 2));
  x = inception(net, {"3a", 64, 96, 128, 16, 32, 32}, x);
  x = inception(net, {"3b", 128, 128, 192, 32, 96, 64}, x);
  x = net.max_pool("pool3/3x3_s2", x, caffe_pool(3, 2));
  x = inception(net, {"4a", 192, 96, 208, 16, 48, 64}, x);
  x = inception(net, {"4b", 160, 112, 224, 24, 64, 64}, x);
  x = inception(net, {"4c", 128, 128, 256, 24, 64, 64}, x);
  x = inception(net, {"4d", 112, 144, 288, 32, 64, 64}, x);
  x = inception(net, {"4e", 256, 160, 320, 32, 128, 128}, x);
  x = net.max_pool("pool4/3x3_s2", x, caffe_pool(3, 2));
  x = inception(net, {"5a", 256, 160, 320, 32, 128, 128}, x);
  x = inception(net, {"5b", 384, 192, 384, 48, 128, 128}, x);
  x = net.global_average_pool("pool5/7x7_s1", x);
  x = net.flatten("flatten", x);
  return net.finish(net.linear("loss3/classifier", x, {.features = options.classes}));
}

}  // namespace

std::vector<Network> caffe_googlenet_networks() {
  return {{.name = "caffe_googlenet",
           .family = "googlenet",
           .year = 2014,
           .paper = "Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich: Going deeper with convolutions, CVPR 2015",
           .input_size = kInputSize,
           .preprocessing = caffe_preprocessing(ResizeRule::warp, kInputSize, kRoundedMean),
           .training_only = {"loss1/", "loss2/"},
           .published = Published{68.7, 88.9, "BVLC readme"},
           .build = build_googlenet}};
}

}  // namespace inferometer::zoo
