#include "zoo/families.h"

// Layers are named as in rwightman/pytorch-dpn-pretrained, whose checkpoints so load by name.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr float kEpsilon = 0.001f;
// Thresholds at the start and at the end keep the pooled features of different images apart.
constexpr graph::BatchNormOptions kStemNorm{.epsilon = kEpsilon, .gain = 2.0f, .shift = -1.0f};
constexpr graph::BatchNormOptions kLastNorm{.epsilon = kEpsilon, .shift = -0.7f};
constexpr graph::Draw kBranchEnd{0.3f, 0};  ///< damps what is added to the residual path, so that its sum stays in range

struct Design {
  const char* name;
  std::int64_t stem_channels, stem_kernel;
  std::int64_t residual;    ///< channels of the first stage's residual path; they double with each stage
  std::int64_t bottleneck;  ///< of the first stage; likewise
  std::int64_t groups;      ///< of the 3x3 convolutions, everywhere
  std::array<int, 4> blocks;
  std::array<std::int64_t, 4> increments;  ///< channels that a block adds to the dense path
};

/// The two paths through a stage, and both as one tensor, which is what convolutions read.
struct Paths {
  TensorId residual, dense, both;
};

/// Widths within the blocks of one stage.
struct Widths {
  std::int64_t residual, bottleneck, increment, groups;
};

/// BatchNorm, ReLU and a convolution without bias.
TensorId norm_conv(Builder& net, const std::string& name, TensorId x, graph::ConvOptions conv) {
  conv.bias = false;
  x = net.batch_norm(inside(name, "bn"), x, {.epsilon = kEpsilon});
  x = net.relu(inside(name, "act"), x);
  return net.conv(inside(name, "conv"), x, conv);
}

TensorId bottleneck(Builder& net, const std::string& block, TensorId x, const Widths& widths, std::int64_t stride) {
  const auto name = [&block](const char* layer) { return inside(block, layer); };
  x = norm_conv(net, name("c1x1_a"), x, {.channels = widths.bottleneck, .draw = graph::kMoreSelective});
  x = norm_conv(
      net, name("c3x3_b"), x,
      {.channels = widths.bottleneck, .kernel = 3, .stride = stride, .padding = 1, .groups = widths.groups, .draw = graph::kMoreSelective});
  return norm_conv(net, name("c1x1_c"), x, {.channels = widths.residual + widths.increment, .draw = kBranchEnd});
}

/// What a stage's first block makes of its input: the beginnings of both paths.
Paths project(Builder& net, const std::string& block, TensorId x, const Widths& widths, std::int64_t stride) {
  const std::string name = inside(block, stride == 1 ? "c1x1_w_s1" : "c1x1_w_s2");
  const TensorId start =
      norm_conv(net, name, x, {.channels = widths.residual + 2 * widths.increment, .stride = stride, .draw = graph::kMoreSelective});
  const std::vector<TensorId> parts = net.split(inside(name, "split"), start, {widths.residual, 2 * widths.increment});
  return {parts[0], parts[1], start};
}

/// @param before  the paths so far; the first block of a stage projects them anew
Paths dual_path_block(Builder& net, const std::string& block, const Paths& before, const Widths& widths, bool first, std::int64_t stride) {
  const Paths start = first ? project(net, block, before.both, widths, stride) : before;
  const TensorId change = bottleneck(net, block, before.both, widths, stride);
  const std::vector<TensorId> parts = net.split(inside(block, "split"), change, {widths.residual, widths.increment});
  const TensorId residual = net.add(inside(block, "add"), start.residual, parts[0]);
  const TensorId dense = net.concat(inside(block, "dense"), {start.dense, parts[1]});
  return {residual, dense, net.concat(inside(block, "cat"), {residual, dense})};
}

TensorId stem(Builder& net, const std::string& name, TensorId x, const Design& design) {
  x = net.conv(
      inside(name, "conv"), x,
      {.channels = design.stem_channels, .kernel = design.stem_kernel, .stride = 2, .padding = design.stem_kernel / 2, .bias = false});
  x = net.batch_norm(inside(name, "bn"), x, kStemNorm);
  x = net.relu(inside(name, "act"), x);
  return net.max_pool(inside(name, "pool"), x, {.kernel = 3, .stride = 2, .padding = 1});
}

graph::Graph build_dpn(const Design& design, const BuildOptions& options) {
  Builder net(design.name);
  TensorId x = stem(net, "features.conv1_1", image_input(net, options, kInputSize), design);
  Paths paths{x, x, x};  // the first block projects the stem's single tensor
  for (std::size_t stage = 0; stage < design.blocks.size(); ++stage) {
    const Widths widths{design.residual << stage, design.bottleneck << stage, design.increments[stage], design.groups};
    const std::string name = "features.conv" + std::to_string(stage + 2) + "_";
    for (int i = 1; i <= design.blocks[stage]; ++i) {
      paths = dual_path_block(net, name + std::to_string(i), paths, widths, i == 1, i == 1 && stage > 0 ? 2 : 1);
    }
  }
  x = net.batch_norm("features.conv5_bn_ac.bn", paths.both, kLastNorm);
  x = net.relu("features.conv5_bn_ac.act", x);
  x = net.global_average_pool("avgpool", x);
  x = net.conv("classifier", x, {.channels = options.classes});
  return net.finish(net.flatten("flatten", x));
}

Network describe(const Design& design, double top1, double top5, const char* source) {
  // 1 / (0.0167 x 255) for every channel, and means of 0 to 255: the original network's, made for MXNet.
  constexpr double kDeviation = 1 / (0.0167 * 255);
  return {.name = design.name,
          .family = "dpn",
          .year = 2017,
          .paper = "Chen, Li, Xiao, Jin, Yan, Feng: Dual path networks, NIPS 2017",
          .input_size = kInputSize,
          .preprocessing = {.interpolation = Interpolation::bicubic,
                            .mean = {124.0 / 255, 117.0 / 255, 104.0 / 255},
                            .standard_deviation = {kDeviation, kDeviation, kDeviation}},
          .published = Published{top1, top5, source},
          .build = [design](const BuildOptions& options) { return build_dpn(design, options); }};
}

}  // namespace

std::vector<Network> dpn_networks() {
  const char* source = "rwightman/pytorch-dpn-pretrained";
  return {describe({"dpn68", 10, 3, 64, 128, 32, {3, 4, 12, 3}, {16, 32, 32, 64}}, 76.346, 93.008, source),
          describe({"dpn92", 64, 7, 256, 96, 32, {3, 4, 20, 3}, {16, 32, 24, 128}}, 79.128, 94.448, source),
          describe({"dpn98", 96, 7, 256, 160, 40, {3, 6, 20, 3}, {16, 32, 32, 128}}, 79.666, 94.646, source),
          describe({"dpn131", 128, 7, 256, 160, 40, {4, 8, 28, 3}, {16, 32, 32, 128}}, 79.806, 94.706, source),
          describe({"dpn107", 128, 7, 256, 200, 50, {4, 8, 20, 3}, {20, 64, 64, 128}}, 80.172, 94.938,
                   "rwightman/pytorch-dpn-pretrained, trained on ImageNet-5k")};
}

}  // namespace inferometer::zoo
