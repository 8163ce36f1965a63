#include <cmath>

#include <fmt/format.h>

#include "zoo/families.h"

// The residual networks for CIFAR of section 4.2 of the paper, under the names of Yerlan Idelbayev's PyTorch implementation
// (akamaster/pytorch_resnet_cifar10), whose checkpoints and accuracies are the published ones here.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 32, kFirstChannels = 16;
constexpr int kStages = 3;
// As in resnet.cpp: branches damped by their number, a selective stem.
constexpr float kBranchGain = 0.3f;
constexpr graph::BatchNormOptions kStemNorm{.gain = 2.0f, .shift = -1.0f};

/// Option A of the paper: no parameters. Every second row and column, zeros in place of the channels that are lacking,
/// half of them before and half behind.
TensorId shortcut(Builder& net, const std::string& block, TensorId x, std::int64_t channels) {
  const std::int64_t added = channels - net.channels(x);
  if (added == 0) return x;
  constexpr std::int64_t kEnd = 1 << 20;  // beyond any image; slices are clamped
  x = net.node(inside(block, "shortcut.rows"), graph::Slice{2, 0, kEnd, 2}, {x});
  x = net.node(inside(block, "shortcut.columns"), graph::Slice{3, 0, kEnd, 2}, {x});
  return net.node(inside(block, "shortcut"), graph::Pad{{0, added / 2, 0, 0, 0, added / 2, 0, 0}}, {x});
}

TensorId basic_block(Builder& net, const std::string& block, TensorId x, std::int64_t channels, float gain) {
  const auto conv = [&](const char* layer, TensorId from, std::int64_t stride) {
    return net.conv(inside(block, layer), from,
                    {.channels = channels, .kernel = 3, .stride = stride, .padding = 1, .bias = false, .draw = graph::kMoreSelective});
  };
  TensorId branch = conv("conv1", x, net.channels(x) == channels ? 1 : 2);
  branch = net.relu(inside(block, "relu"), net.batch_norm(inside(block, "bn1"), branch));
  branch = net.batch_norm(inside(block, "bn2"), conv("conv2", branch, 1), {.gain = gain});
  return net.relu(inside(block, "relu_1"), net.add(inside(block, "add"), branch, shortcut(net, block, x, channels)));
}

graph::Graph build_cifar_resnet(const std::string& name, int blocks, const BuildOptions& options) {
  Builder net(name);
  TensorId x = image_input(net, options, kInputSize);
  x = net.conv("conv1", x, {.channels = kFirstChannels, .kernel = 3, .padding = 1, .bias = false});
  x = net.relu("relu", net.batch_norm("bn1", x, kStemNorm));
  const float gain = kBranchGain / std::sqrt(static_cast<float>(blocks));
  for (int stage = 0; stage < kStages; ++stage) {
    for (int i = 0; i < blocks; ++i) {
      x = basic_block(net, fmt::format("layer{}.{}", stage + 1, i), x, kFirstChannels << stage, gain);
    }
  }
  x = net.flatten("flatten", net.global_average_pool("avg_pool", x));
  return net.finish(net.linear("linear", x, {.features = options.classes}));
}

Network describe(int depth, double top1) {
  const std::string name = fmt::format("cifar_resnet{}", depth);
  const int blocks = (depth - 2) / (2 * kStages);  // of two convolutions each; a stem and a linear layer beside them
  return {.name = name,
          .family = "cifar_resnet",
          .year = 2015,
          .paper = "He, Zhang, Ren, Sun: Deep residual learning for image recognition, CVPR 2016, section 4.2",
          .input_size = kInputSize,
          .classes = 10,
          .preprocessing = {.resize = ResizeRule::warp, .resize_to = kInputSize, .crop = 0},
          .published = Published{top1, std::nullopt, "akamaster/pytorch_resnet_cifar10, CIFAR-10"},
          .build = [name, blocks](const BuildOptions& options) { return build_cifar_resnet(name, blocks, options); }};
}

}  // namespace

std::vector<Network> cifar_resnet_networks() {
  return {describe(20, 91.73), describe(32, 92.63), describe(44, 93.10), describe(56, 93.39), describe(110, 93.68)};
}

}  // namespace inferometer::zoo
