#include <cmath>

#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
// Branches add up to the trunk: damped by the square root of their number in a stage, all of them together change it little.
constexpr float kBranchGain = 0.2f;
// The trunk has few ReLUs that change it, at its start and at the first block of a stage: they are all the more selective.
constexpr graph::BatchNormOptions kStemNorm{.gain = 2.0f, .shift = -1.0f};
constexpr graph::Draw kShortcut{1.77f, 6.0f};

enum class Block { basic, bottleneck };

struct Design {
  std::string name;
  Block block;
  std::array<int, 4> blocks;     ///< of the four stages
  std::int64_t groups = 1;       ///< of the 3x3 convolution
  std::int64_t base_width = 64;  ///< of one group in the first stage
};

/// The shape of one residual block; its middle convolution has the stride (as in torchvision, "ResNet v1.5").
struct Step {
  std::string name;
  std::int64_t planes;
  std::int64_t stride;
  float gain;  ///< of the branch
};

TensorId shortcut(Builder& net, const Step& step, TensorId x, std::int64_t channels) {
  if (step.stride == 1 && net.channels(x) == channels) return x;
  const std::string name = inside(step.name, "downsample");
  x = net.conv(inside(name, "0"), x, {.channels = channels, .stride = step.stride, .bias = false, .draw = kShortcut});
  return net.batch_norm(inside(name, "1"), x);
}

TensorId basic_block(Builder& net, const Step& step, TensorId x) {
  const auto name = [&step](const char* layer) { return inside(step.name, layer); };
  TensorId branch =
      net.conv(name("conv1"), x,
               {.channels = step.planes, .kernel = 3, .stride = step.stride, .padding = 1, .bias = false, .draw = graph::kMoreSelective});
  branch = net.batch_norm(name("bn1"), branch);
  branch = net.relu(name("relu"), branch);
  branch =
      net.conv(name("conv2"), branch, {.channels = step.planes, .kernel = 3, .padding = 1, .bias = false, .draw = graph::kMoreSelective});
  branch = net.batch_norm(name("bn2"), branch, {.gain = step.gain});
  const TensorId sum = net.add(name("add"), branch, shortcut(net, step, x, step.planes));
  return net.relu(name("relu_1"), sum);
}

TensorId bottleneck_block(Builder& net, const Design& design, const Step& step, TensorId x) {
  const auto name = [&step](const char* layer) { return inside(step.name, layer); };
  const std::int64_t width = step.planes * design.base_width / 64 * design.groups;
  const std::int64_t channels = 4 * step.planes;
  TensorId branch = net.conv(name("conv1"), x, {.channels = width, .bias = false, .draw = graph::kMoreSelective});
  branch = net.batch_norm(name("bn1"), branch);
  branch = net.relu(name("relu"), branch);
  branch = net.conv(name("conv2"), branch,
                    {.channels = width,
                     .kernel = 3,
                     .stride = step.stride,
                     .padding = 1,
                     .groups = design.groups,
                     .bias = false,
                     .draw = graph::kMoreSelective});
  branch = net.batch_norm(name("bn2"), branch);
  branch = net.relu(name("relu_1"), branch);
  branch = net.conv(name("conv3"), branch, {.channels = channels, .bias = false});
  branch = net.batch_norm(name("bn3"), branch, {.gain = step.gain});
  const TensorId sum = net.add(name("add"), branch, shortcut(net, step, x, channels));
  return net.relu(name("relu_2"), sum);
}

graph::Graph build_resnet(const Design& design, const BuildOptions& options) {
  Builder net(design.name);
  TensorId x = image_input(net, options, kInputSize);
  x = net.conv("conv1", x, {.channels = 64, .kernel = 7, .stride = 2, .padding = 3, .bias = false});
  x = net.batch_norm("bn1", x, kStemNorm);
  x = net.relu("relu", x);
  x = net.max_pool("maxpool", x, {.kernel = 3, .stride = 2, .padding = 1});
  for (std::size_t stage = 0; stage < design.blocks.size(); ++stage) {
    const float gain = kBranchGain / std::sqrt(static_cast<float>(design.blocks[stage]));
    for (int i = 0; i < design.blocks[stage]; ++i) {
      const Step step{"layer" + std::to_string(stage + 1) + "." + std::to_string(i), std::int64_t{64} << stage, stage > 0 && i == 0 ? 2 : 1,
                      gain};
      x = design.block == Block::basic ? basic_block(net, step, x) : bottleneck_block(net, design, step, x);
    }
  }
  x = net.global_average_pool("avgpool", x);
  x = net.flatten("flatten", x);
  return net.finish(net.linear("fc", x, {.features = options.classes}));
}

struct Source {
  const char* family;
  int year;
  const char* paper;
};

Network describe(const Source& source, const Design& design, double top1, double top5) {
  return {.name = design.name,
          .family = source.family,
          .year = source.year,
          .paper = source.paper,
          .input_size = kInputSize,
          .published = Published{top1, top5, kTorchvisionV1},
          .build = [design](const BuildOptions& options) { return build_resnet(design, options); }};
}

}  // namespace

std::vector<Network> resnet_networks() {
  const Source source{"resnet", 2015, "He, Zhang, Ren, Sun: Deep residual learning for image recognition, CVPR 2016"};
  return {describe(source, {"resnet18", Block::basic, {2, 2, 2, 2}}, 69.758, 89.078),
          describe(source, {"resnet34", Block::basic, {3, 4, 6, 3}}, 73.314, 91.420),
          describe(source, {"resnet50", Block::bottleneck, {3, 4, 6, 3}}, 76.130, 92.862),
          describe(source, {"resnet101", Block::bottleneck, {3, 4, 23, 3}}, 77.374, 93.546),
          describe(source, {"resnet152", Block::bottleneck, {3, 8, 36, 3}}, 78.312, 94.046)};
}

std::vector<Network> resnext_networks() {
  const Source source{"resnext", 2016,
                      "Xie, Girshick, Dollar, Tu, He: Aggregated residual transformations for deep neural networks, CVPR 2017"};
  return {describe(source, {"resnext50_32x4d", Block::bottleneck, {3, 4, 6, 3}, 32, 4}, 77.618, 93.698),
          describe(source, {"resnext101_32x8d", Block::bottleneck, {3, 4, 23, 3}, 32, 8}, 79.312, 94.526)};
}

std::vector<Network> wide_resnet_networks() {
  const Source source{"wide_resnet", 2016, "Zagoruyko, Komodakis: Wide residual networks, BMVC 2016"};
  return {describe(source, {"wide_resnet50_2", Block::bottleneck, {3, 4, 6, 3}, 1, 128}, 78.468, 94.086),
          describe(source, {"wide_resnet101_2", Block::bottleneck, {3, 4, 23, 3}, 1, 128}, 78.848, 94.284)};
}

}  // namespace inferometer::zoo
