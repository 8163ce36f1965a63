#include "zoo/caffe_layers.h"

// MobileNet v1 in Caffe (github.com/shicai/MobileNet-Caffe), twice: the same network, whose depthwise layers are ordinary grouped
// convolutions in one file and have a type of their own in the other. Only cost by Convention::deepdetect and Caffe files see
// that type.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;

struct Design {
  const char* name;
  const char* depthwise_type;  ///< Node::layer_type of the depthwise layers
};

/// A depthwise convolution and the pointwise one behind it.
struct Pair {
  const char* name;
  std::int64_t stride, channels;
};
constexpr std::array<Pair, 13> kPairs{{{"2_1", 1, 64},
                                       {"2_2", 2, 128},
                                       {"3_1", 1, 128},
                                       {"3_2", 2, 256},
                                       {"4_1", 1, 256},
                                       {"4_2", 2, 512},
                                       {"5_1", 1, 512},
                                       {"5_2", 1, 512},
                                       {"5_3", 1, 512},
                                       {"5_4", 1, 512},
                                       {"5_5", 1, 512},
                                       {"5_6", 2, 1024},
                                       {"6", 1, 1024}}};

/// Layers conv2_1/dw, conv2_1/dw/bn, conv2_1/dw/scale and relu2_1/dw for the layer "2_1/dw".
TensorId conv_norm_relu(Builder& net, const std::string& layer, TensorId x, graph::ConvOptions options, graph::BatchNormOptions norm = {}) {
  const std::string name = "conv" + layer, scale = name + "/scale";
  options.bias = false;
  norm.affine = scale;
  x = net.conv(name, x, options);
  x = net.batch_norm(name + "/bn", x, norm);
  return net.relu("relu" + layer, x);
}

graph::Graph build_mobilenet_v1(const Design& design, const BuildOptions& options) {
  Builder net(design.name);
  TensorId x = image_input(net, options, kInputSize);
  x = conv_norm_relu(net, "1", x, {.channels = 32, .kernel = 3, .stride = 2, .padding = 1});
  for (const Pair& pair : kPairs) {
    const std::string name = pair.name;
    const std::int64_t channels = net.channels(x);
    x = conv_norm_relu(net, name + "/dw", x,
                       {.channels = channels,
                        .kernel = 3,
                        .stride = pair.stride,
                        .padding = 1,
                        .groups = channels,
                        .draw = graph::kSelective,
                        .layer_type = design.depthwise_type});
    x = conv_norm_relu(net, name + "/sep", x, {.channels = pair.channels, .draw = graph::kMoreSelective});
  }
  x = net.global_average_pool("pool6", x);
  x = net.conv("fc7", x, {.channels = options.classes});
  return net.finish(net.flatten("flatten", x));
}

Network describe(const Design& design) {
  return {.name = design.name,
          .family = "mobilenet",
          .year = 2017,
          .paper =
              "Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam: MobileNets: efficient convolutional neural networks for "
              "mobile vision applications, arXiv:1704.04861",
          .input_size = kInputSize,
          .preprocessing = caffe_preprocessing(ResizeRule::short_side, kInputSize, kMean, 0.017),
          .published = Published{70.81, 89.85, "shicai/MobileNet-Caffe readme"},
          .build = [design](const BuildOptions& options) { return build_mobilenet_v1(design, options); }};
}

}  // namespace

std::vector<Network> mobilenet_v1_networks() {
  return {describe({"mobilenet_v1", ""}), describe({"mobilenet_v1_depthwise", "DepthwiseConvolution"})};
}

}  // namespace inferometer::zoo
