#include "zoo/caffe_layers.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;

/// Convolutions in each of the five stages, whose widths are 64, 128, 256, 512, 512 (Table 1 of the paper).
struct Depth {
  int layers;
  std::array<int, 5> convolutions;
};
constexpr std::array<std::int64_t, 5> kWidths{64, 128, 256, 512, 512};

graph::Graph build_vgg(const std::string& name, const Depth& depth, const BuildOptions& options) {
  Builder net(name);
  TensorId x = image_input(net, options, kInputSize);
  graph::Draw draw;  // the image itself is not behind a ReLU
  for (std::size_t stage = 0; stage < kWidths.size(); ++stage) {
    const std::string number = std::to_string(stage + 1);
    for (int i = 1; i <= depth.convolutions[stage]; ++i) {
      const std::string layer = number + "_" + std::to_string(i);
      x = net.conv("conv" + layer, x, {.channels = kWidths[stage], .kernel = 3, .padding = 1, .draw = draw});
      x = net.relu("relu" + layer, x);
      draw = graph::kSelective;
    }
    x = net.max_pool("pool" + number, x, caffe_pool(2, 2));
  }
  x = net.flatten("flatten", x);
  x = net.linear("fc6", x, {.features = 4096, .draw = graph::kSelective});
  x = net.relu("relu6", x);
  x = net.linear("fc7", x, {.features = 4096, .draw = graph::kSelective});
  x = net.relu("relu7", x);
  return net.finish(net.linear("fc8", x, {.features = options.classes}));
}

Network describe(const Depth& depth, double top1) {
  const std::string name = "caffe_vgg" + std::to_string(depth.layers);
  return {.name = name,
          .family = "vgg",
          .year = 2014,
          .paper = "Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015",
          .input_size = kInputSize,
          .preprocessing = caffe_preprocessing(ResizeRule::short_side, kInputSize, {103.939, 116.779, 123.68}),
          .published = Published{top1, {}, kDeepDetectTable},
          .build = [=](const BuildOptions& options) { return build_vgg(name, depth, options); }};
}

}  // namespace

std::vector<Network> caffe_vgg_networks() { return {describe({16, {2, 2, 3, 3, 3}}, 70.5), describe({19, {2, 2, 4, 4, 4}}, 71.3)}; }

}  // namespace inferometer::zoo
