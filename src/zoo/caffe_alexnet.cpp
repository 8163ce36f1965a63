#include "zoo/caffe_layers.h"

// BVLC's AlexNet: the paper's network with its two towers as grouped convolutions, normalised before each of the first two pools.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 227;

graph::Graph build_alexnet(const BuildOptions& options) {
  Builder net("caffe_alexnet");
  TensorId x = image_input(net, options, kInputSize);
  x = net.conv("conv1", x, {.channels = 96, .kernel = 11, .stride = 4});
  x = net.relu("relu1", x);
  x = net.node("norm1", graph::Lrn{}, {x});
  x = net.max_pool("pool1", x, caffe_pool(3, 2));
  x = net.conv("conv2", x, {.channels = 256, .kernel = 5, .padding = 2, .groups = 2, .draw = graph::kSelective});
  x = net.relu("relu2", x);
  x = net.node("norm2", graph::Lrn{}, {x});
  x = net.max_pool("pool2", x, caffe_pool(3, 2));
  x = net.conv("conv3", x, {.channels = 384, .kernel = 3, .padding = 1, .draw = graph::kSelective});
  x = net.relu("relu3", x);
  x = net.conv("conv4", x, {.channels = 384, .kernel = 3, .padding = 1, .groups = 2, .draw = graph::kSelective});
  x = net.relu("relu4", x);
  x = net.conv("conv5", x, {.channels = 256, .kernel = 3, .padding = 1, .groups = 2, .draw = graph::kSelective});
  x = net.relu("relu5", x);
  x = net.max_pool("pool5", x, caffe_pool(3, 2));

  x = net.flatten("flatten", x);
  x = net.linear("fc6", x, {.features = 4096, .draw = graph::kSelective});
  x = net.relu("relu6", x);
  x = net.linear("fc7", x, {.features = 4096, .draw = graph::kSelective});
  x = net.relu("relu7", x);
  return net.finish(net.linear("fc8", x, {.features = options.classes}));
}

}  // namespace

std::vector<Network> caffe_alexnet_networks() {
  return {{.name = "caffe_alexnet",
           .family = "alexnet",
           .year = 2012,
           .paper = "Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks, NIPS 2012",
           .input_size = kInputSize,
           .preprocessing = caffe_preprocessing(ResizeRule::warp, kInputSize, kRoundedMean),
           .published = Published{57.1, 80.2, "BVLC readme"},
           .build = build_alexnet}};
}

}  // namespace inferometer::zoo
