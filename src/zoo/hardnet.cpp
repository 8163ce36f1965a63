#include <cmath>
#include <span>

#include "zoo/families.h"

// Layers are named as in the authors' repository (PingoLH/Pytorch-HarDNet), whose checkpoints so load by name.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
// Thresholds where a ReLU6 follows at the start and at the end: they keep the pooled features of different images apart.
constexpr graph::BatchNormOptions kStemNorm{.gain = 1.2f, .shift = -0.3f};
constexpr graph::BatchNormOptions kLastNorm{.gain = 1.5f, .shift = -0.7f};

/// "ds" networks: every 3x3 convolution is a 1x1 and a depthwise one, and depthwise convolutions stride in place of pools.
enum class Kind { standard, depthwise_separable };

struct Block {
  std::int64_t growth;
  int layers;
  std::int64_t channels;  ///< of the transition behind it
  bool shrinks;           ///< half the size behind that
};
constexpr std::array<Block, 4> kBlocks39{{{16, 4, 96, true}, {20, 16, 320, true}, {64, 8, 640, true}, {160, 4, 1024, false}}};
constexpr std::array<Block, 5> kBlocks68{
    {{14, 8, 128, true}, {16, 16, 256, false}, {20, 16, 320, true}, {40, 16, 640, true}, {160, 4, 1024, false}}};
constexpr std::array<Block, 6> kBlocks85{
    {{24, 8, 192, true}, {24, 16, 256, false}, {28, 16, 320, true}, {36, 16, 480, false}, {48, 16, 720, true}, {256, 4, 1280, false}}};

struct Design {
  const char* name;
  Kind kind;
  std::array<std::int64_t, 2> stem_channels;
  double multiplier;  ///< of a layer's width, for every link beyond the first
  std::span<const Block> blocks;
  bool dropout_before_last;  ///< takes a number in the authors' list of layers
};

TensorId conv_layer(Builder& net, const std::string& name, TensorId x, graph::ConvOptions conv, const graph::BatchNormOptions& norm = {}) {
  conv.bias = false;
  conv.padding = conv.kernel.height / 2;
  x = net.conv(inside(name, "conv"), x, conv);
  x = net.batch_norm(inside(name, "norm"), x, norm);
  return net.relu6(inside(name, "relu"), x);
}

TensorId depthwise_layer(Builder& net, const std::string& name, TensorId x, std::int64_t stride) {
  const std::int64_t channels = net.channels(x);
  x = net.conv(
      inside(name, "dwconv"), x,
      {.channels = channels, .kernel = 3, .stride = stride, .padding = 1, .groups = channels, .bias = false, .draw = graph::kLinear});
  return net.batch_norm(inside(name, "norm"), x);
}

/// The layers that a layer (from 1) of a block reads, nearest first: those 1, 2, 4, ... before it, as far as these divide it.
std::vector<int> links_of(int layer) {
  std::vector<int> links;
  for (int distance = 1; layer % distance == 0 && distance <= layer; distance *= 2) links.push_back(layer - distance);
  return links;
}

/// The growth, times the multiplier for every link beyond the first, to an even number.
std::int64_t width_of(std::size_t links, std::int64_t growth, double multiplier) {
  auto width = static_cast<double>(growth);
  for (std::size_t i = 1; i < links; ++i) width *= multiplier;
  return static_cast<std::int64_t>(width + 1) / 2 * 2;
}

TensorId harmonic_block(Builder& net, const std::string& name, TensorId x, const Design& design, const Block& block) {
  const auto joined = [&](const std::string& cat, const std::vector<TensorId>& parts) {
    return parts.size() == 1 ? parts.front() : net.concat(inside(name, cat), parts);
  };
  std::vector<TensorId> layers{x};
  std::vector<TensorId> kept;
  for (int i = 1; i <= block.layers; ++i) {
    const std::string layer = inside(name, "layers." + std::to_string(i - 1));
    const std::vector<int> links = links_of(i);
    std::vector<TensorId> parts;
    for (const int link : links) parts.push_back(layers[static_cast<std::size_t>(link)]);
    const std::int64_t width = width_of(links.size(), block.growth, design.multiplier);
    TensorId y = joined("layers." + std::to_string(i - 1) + ".cat", parts);
    if (design.kind == Kind::standard) {
      y = conv_layer(net, layer, y, {.channels = width, .kernel = 3, .draw = graph::kMoreSelective});
    } else {
      y = conv_layer(net, inside(layer, "layer1"), y, {.channels = width});
      y = depthwise_layer(net, inside(layer, "layer2"), y, 1);
    }
    layers.push_back(y);
    if (i % 2 == 1 || i == block.layers) kept.push_back(y);
  }
  return joined("cat", kept);
}

graph::Graph build_hardnet(const Design& design, const BuildOptions& options) {
  const bool standard = design.kind == Kind::standard;
  Builder net(design.name);
  TensorId x = image_input(net, options, kInputSize);
  int position = 0;
  const auto next = [&position] { return "base." + std::to_string(position++); };
  const auto shrink = [&](const std::string& name, std::int64_t kernel, std::int64_t padding) {
    return standard ? net.max_pool(name, x, {.kernel = kernel, .stride = 2, .padding = padding}) : depthwise_layer(net, name, x, 2);
  };
  x = conv_layer(net, next(), x, {.channels = design.stem_channels[0], .kernel = 3, .stride = 2}, kStemNorm);
  x = conv_layer(net, next(), x, {.channels = design.stem_channels[1], .kernel = standard ? 3 : 1, .draw = graph::kMoreSelective});
  x = shrink(next(), 3, 1);
  for (std::size_t i = 0; i < design.blocks.size(); ++i) {
    const Block& block = design.blocks[i];
    const bool last = i + 1 == design.blocks.size();
    x = harmonic_block(net, next(), x, design, block);
    if (last && design.dropout_before_last) next();
    x = conv_layer(net, next(), x, {.channels = block.channels, .draw = graph::kMoreSelective},
                   last ? kLastNorm : graph::BatchNormOptions{});
    if (block.shrinks) x = shrink(next(), 2, 0);
  }
  const std::string head = next();
  x = net.global_average_pool(inside(head, "0"), x);
  x = net.flatten(inside(head, "1"), x);
  return net.finish(net.linear(inside(head, "3"), x, {.features = options.classes}));
}

Network describe(const Design& design, double top1) {
  return {.name = design.name,
          .family = "hardnet",
          .year = 2019,
          .paper = "Chao, Kao, Ruan, Huang, Lin: HarDNet: a low memory traffic network, ICCV 2019",
          .input_size = kInputSize,
          .published = Published{top1, std::nullopt, "PingoLH/Pytorch-HarDNet"},
          .build = [design](const BuildOptions& options) { return build_hardnet(design, options); }};
}

}  // namespace

std::vector<Network> hardnet_networks() {
  return {describe({"hardnet39ds", Kind::depthwise_separable, {24, 48}, 1.6, kBlocks39, false}, 72.1),
          describe({"hardnet68", Kind::standard, {32, 64}, 1.7, kBlocks68, false}, 76.5),
          describe({"hardnet68ds", Kind::depthwise_separable, {32, 64}, 1.7, kBlocks68, false}, 74.3),
          describe({"hardnet85", Kind::standard, {48, 96}, 1.7, kBlocks85, true}, 78.0)};
}

}  // namespace inferometer::zoo
