#include "zoo/families.h"
#include "zoo/token_layers.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr float kEpsilon = 1e-6f;
// Damped as the last scale of every residual branch is: the trunk must not grow with depth.
constexpr graph::Initial kLayerScale{0.3f, 0.03f};

struct Stage {
  std::int64_t channels;
  int blocks;
};

/// Over the channels of every pixel.
TensorId image_norm(Builder& net, const std::string& name, TensorId x) {
  x = channels_last(net, inside(name, "channels_last"), x);
  return channels_first(net, inside(name, "channels_first"), net.layer_norm(name, x, kEpsilon));
}

TensorId block(Builder& net, const std::string& name, TensorId x) {
  const std::int64_t channels = net.channels(x);
  const auto layer = [&name](const char* index) { return inside(name, std::string("block.") + index); };
  TensorId branch = net.conv(layer("0"), x, {.channels = channels, .kernel = 7, .padding = 3, .groups = channels, .draw = graph::kLinear});
  branch = net.layer_norm(layer("2"), channels_last(net, layer("1"), branch), kEpsilon);
  branch = net.linear(layer("3"), branch, {.features = 4 * channels, .draw = graph::kLinear});
  branch = net.activation(layer("4"), branch, graph::ActivationKind::gelu);
  branch = net.linear(layer("5"), branch, {.features = channels});
  branch = channels_first(net, layer("6"), branch);
  const TensorId scale = net.parameter(inside(name, "layer_scale"), {channels, 1, 1}, kLayerScale);
  return net.add(inside(name, "add"), net.mul(inside(name, "scaled"), branch, scale), x);
}

graph::Graph build_convnext(const std::string& network, const std::vector<Stage>& stages, const BuildOptions& options) {
  Builder net(network);
  TensorId x = image_input(net, options, kInputSize);
  x = net.conv("features.0.0", x, {.channels = stages.front().channels, .kernel = 4, .stride = 4, .draw = graph::kLinear});
  x = image_norm(net, "features.0.1", x);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i > 0) {
      const std::string name = "features." + std::to_string(2 * i);
      x = image_norm(net, inside(name, "0"), x);
      x = net.conv(inside(name, "1"), x, {.channels = stages[i].channels, .kernel = 2, .stride = 2, .draw = graph::kLinear});
    }
    const std::string name = "features." + std::to_string(2 * i + 1);
    for (int index = 0; index < stages[i].blocks; ++index) x = block(net, inside(name, std::to_string(index)), x);
  }
  x = net.global_average_pool("avgpool", x);
  x = net.flatten("classifier.1", image_norm(net, "classifier.0", x));
  return net.finish(net.linear("classifier.2", x, {.features = options.classes, .draw = graph::kLinear}));
}

}  // namespace

std::vector<Network> convnext_networks() {
  const std::vector<Stage> tiny{{96, 3}, {192, 3}, {384, 9}, {768, 3}};
  return {{.name = "convnext_tiny",
           .family = "convnext",
           .year = 2022,
           .paper = "Liu, Mao, Wu, Feichtenhofer, Darrell, Xie: A ConvNet for the 2020s, CVPR 2022",
           .input_size = kInputSize,
           .preprocessing = {.resize_to = 236},
           .published = Published{82.520, 96.146, kTorchvisionV1},
           .build = [tiny](const BuildOptions& options) { return build_convnext("convnext_tiny", tiny, options); }}};
}

}  // namespace inferometer::zoo
