#include "zoo/blocks.h"
#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr float kBranchGain = 0.3f;  ///< damps residual branches, so that their sum stays in range
// Thresholds where a ReLU6 follows that is not undone: they keep the pooled features of different images apart.
constexpr graph::BatchNormOptions kStemNorm{.gain = 1.2f, .shift = -0.3f};
constexpr graph::BatchNormOptions kLastNorm{.gain = 1.5f, .shift = -0.7f};

/// A row of the paper's Table 2: expansion, output channels, repetitions, stride of the first.
struct Stage {
  std::int64_t expansion, channels, repetitions, stride;
};
constexpr std::array<Stage, 7> kStages{
    {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}}};

TensorId inverted_residual(Builder& net, const std::string& block, TensorId x, const Stage& stage, std::int64_t stride) {
  const std::int64_t in = net.channels(x), hidden = in * stage.expansion;
  const bool residual = stride == 1 && in == stage.channels;
  int position = 0;
  const auto next = [&] { return inside(block, "conv." + std::to_string(position++)); };
  TensorId branch = x;
  if (stage.expansion != 1) branch = conv_norm(net, next(), branch, {.channels = hidden}, {}, Nonlinearity::relu6);
  branch = conv_norm(net, next(), branch, {.channels = hidden, .kernel = 3, .stride = stride, .padding = 1, .groups = hidden}, {},
                     Nonlinearity::relu6);
  branch = net.conv(next(), branch, {.channels = stage.channels, .bias = false, .draw = graph::kLinear});
  branch = net.batch_norm(next(), branch, {.gain = residual ? kBranchGain : 1.0f});
  return residual ? net.add(inside(block, "add"), x, branch) : branch;
}

graph::Graph build_mobilenet_v2(const BuildOptions& options) {
  Builder net("mobilenet_v2");
  TensorId x = image_input(net, options, kInputSize);
  int position = 0;
  const auto next = [&position] { return "features." + std::to_string(position++); };
  x = conv_norm(net, next(), x, {.channels = 32, .kernel = 3, .stride = 2, .padding = 1}, kStemNorm, Nonlinearity::relu6);
  for (const Stage& stage : kStages) {
    for (std::int64_t i = 0; i < stage.repetitions; ++i) x = inverted_residual(net, next(), x, stage, i == 0 ? stage.stride : 1);
  }
  x = conv_norm(net, next(), x, {.channels = 1280}, kLastNorm, Nonlinearity::relu6);
  x = net.global_average_pool("avgpool", x);
  x = net.flatten("flatten", x);
  return net.finish(net.linear("classifier.1", x, {.features = options.classes}));
}

}  // namespace

std::vector<Network> mobilenet_v2_networks() {
  return {{.name = "mobilenet_v2",
           .family = "mobilenet",
           .year = 2018,
           .paper = "Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2: inverted residuals and linear bottlenecks, CVPR 2018",
           .input_size = kInputSize,
           .published = Published{71.878, 90.286, kTorchvisionV1},
           .build = build_mobilenet_v2}};
}

}  // namespace inferometer::zoo
