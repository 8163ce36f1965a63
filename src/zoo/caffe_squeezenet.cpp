#include "zoo/caffe_layers.h"

// The authors' SqueezeNets. Their files declare 227x227 (the published costs of dd_performances were taken at 224), and version
// 1.0 pads its last 1x1 convolution, which torchvision's does not.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 227;

struct Design {
  const char* name;
  std::int64_t stem_channels, stem_kernel;
  std::array<int, 2> pools_after;  ///< fire modules (2 to 9) that a pool follows, named after them
  std::int64_t last_padding;
};

/// Squeeze and expand widths of fire modules 2 to 9; each expansion has as many 1x1 as 3x3 filters.
constexpr std::array<std::array<std::int64_t, 2>, 8> kFires{
    {{16, 64}, {16, 64}, {32, 128}, {32, 128}, {48, 192}, {48, 192}, {64, 256}, {64, 256}}};

TensorId fire(Builder& net, const std::string& block, TensorId x, std::int64_t squeeze, std::int64_t expand) {
  const auto conv_relu = [&](const std::string& layer, TensorId from, std::int64_t channels, std::int64_t kernel) {
    const TensorId y =
        net.conv(block + "/" + layer, from, {.channels = channels, .kernel = kernel, .padding = kernel / 2, .draw = graph::kMoreSelective});
    return net.relu(block + "/relu_" + layer, y);
  };
  x = conv_relu("squeeze1x1", x, squeeze, 1);
  const TensorId one = conv_relu("expand1x1", x, expand, 1);
  const TensorId three = conv_relu("expand3x3", x, expand, 3);
  return net.concat(block + "/concat", {one, three});
}

graph::Graph build_squeezenet(const Design& design, const BuildOptions& options) {
  Builder net(design.name);
  TensorId x = image_input(net, options, kInputSize);
  x = net.conv("conv1", x, {.channels = design.stem_channels, .kernel = design.stem_kernel, .stride = 2});
  x = net.relu("relu_conv1", x);
  x = net.max_pool("pool1", x, caffe_pool(3, 2));
  for (int number = 2; number <= 9; ++number) {
    const auto& widths = kFires[static_cast<std::size_t>(number - 2)];
    x = fire(net, "fire" + std::to_string(number), x, widths[0], widths[1]);
    const bool pooled = number == design.pools_after[0] || number == design.pools_after[1];
    if (pooled) x = net.max_pool("pool" + std::to_string(number), x, caffe_pool(3, 2));
  }
  x = net.conv("conv10", x, {.channels = options.classes, .padding = design.last_padding, .draw = graph::kMoreSelective});
  x = net.relu("relu_conv10", x);
  x = net.global_average_pool("pool10", x);
  return net.finish(net.flatten("flatten", x));
}

Network describe(const Design& design) {
  return {.name = design.name,
          .family = "squeezenet",
          .year = 2016,
          .paper =
              "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer: SqueezeNet: AlexNet-level accuracy with 50x fewer parameters "
              "and <0.5MB model size, arXiv:1602.07360",
          .input_size = kInputSize,
          .preprocessing = caffe_preprocessing(ResizeRule::warp, kInputSize, kRoundedMean),
          .published = Published{59.5, {}, kDeepDetectTable},
          .build = [design](const BuildOptions& options) { return build_squeezenet(design, options); }};
}

}  // namespace

std::vector<Network> caffe_squeezenet_networks() {
  return {describe({"caffe_squeezenet1_0", 96, 7, {4, 8}, 1}), describe({"caffe_squeezenet1_1", 64, 3, {3, 5}, 0})};
}

}  // namespace inferometer::zoo
