#include "zoo/blocks.h"
#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr std::int64_t kLastChannels = 1280;
constexpr float kBranchGain = 0.3f;  ///< damps residual branches, so that their sum stays in range
// Thresholds where a ReLU follows that is not undone: they keep the pooled features of different images apart.
constexpr graph::BatchNormOptions kStemNorm{.gain = 1.2f, .shift = -0.3f};
constexpr graph::BatchNormOptions kLastNorm{.gain = 1.5f, .shift = -0.7f};

/// A stack of inverted residuals of MNASNet-B1 (Figure 7 of the paper); channels before the width multiplier.
struct Stack {
  std::int64_t channels, kernel, stride, expansion;
  int repetitions;
};
constexpr std::array<Stack, 6> kStacks{
    {{24, 3, 2, 3, 3}, {40, 5, 2, 3, 3}, {80, 5, 2, 6, 3}, {96, 3, 1, 6, 2}, {192, 5, 2, 6, 4}, {320, 3, 1, 6, 1}}};

struct Design {
  const char* name;
  double width;
};

/// Convolution, BatchNorm and, except after the narrow end of a block, ReLU: consecutive numbers within `sequence`.
class Layers {
 public:
  Layers(Builder& net, std::string sequence, TensorId x) : net_(net), sequence_(std::move(sequence)), x_(x) {}

  Layers& add(graph::ConvOptions conv, const graph::BatchNormOptions& norm, Nonlinearity nonlinearity) {
    conv.bias = false;
    if (nonlinearity == Nonlinearity::none) conv.draw = graph::kLinear;
    x_ = net_.conv(next(), x_, conv);
    x_ = net_.batch_norm(next(), x_, norm);
    if (nonlinearity != Nonlinearity::none) x_ = apply(net_, next(), x_, nonlinearity);
    return *this;
  }
  Layers& depthwise(std::int64_t kernel, std::int64_t stride) {
    const std::int64_t channels = net_.channels(x_);
    return add({.channels = channels, .kernel = kernel, .stride = stride, .padding = kernel / 2, .groups = channels}, {},
               Nonlinearity::relu);
  }
  std::string next() { return inside(sequence_, std::to_string(position_++)); }
  TensorId& end() { return x_; }

 private:
  Builder& net_;
  std::string sequence_;
  TensorId x_;
  int position_ = 0;
};

TensorId inverted_residual(Builder& net, const std::string& block, TensorId x, const Stack& stack, std::int64_t channels,
                           std::int64_t stride) {
  const std::int64_t in = net.channels(x);
  const bool residual = stride == 1 && in == channels;
  const TensorId branch = Layers(net, inside(block, "layers"), x)
                              .add({.channels = in * stack.expansion}, {}, Nonlinearity::relu)
                              .depthwise(stack.kernel, stride)
                              .add({.channels = channels}, {.gain = residual ? kBranchGain : 1.0f}, Nonlinearity::none)
                              .end();
  return residual ? net.add(inside(block, "add"), branch, x) : branch;
}

graph::Graph build_mnasnet(const Design& design, const BuildOptions& options) {
  const auto scaled = [&design](std::int64_t channels) { return round_channels(static_cast<double>(channels) * design.width); };
  Builder net(design.name);
  Layers layers(net, "layers", image_input(net, options, kInputSize));
  layers.add({.channels = scaled(32), .kernel = 3, .stride = 2, .padding = 1}, kStemNorm, Nonlinearity::relu)
      .depthwise(3, 1)
      .add({.channels = scaled(16)}, {}, Nonlinearity::none);
  for (const Stack& stack : kStacks) {
    const std::string name = layers.next();
    for (int i = 0; i < stack.repetitions; ++i) {
      layers.end() =
          inverted_residual(net, inside(name, std::to_string(i)), layers.end(), stack, scaled(stack.channels), i == 0 ? stack.stride : 1);
    }
  }
  layers.add({.channels = kLastChannels}, kLastNorm, Nonlinearity::relu);
  TensorId x = net.global_average_pool("mean", layers.end());
  x = net.flatten("flatten", x);
  return net.finish(net.linear("classifier.1", x, {.features = options.classes}));
}

Network describe(const Design& design, std::int64_t resize_to, double top1, double top5) {
  return {
      .name = design.name,
      .family = "mnasnet",
      .year = 2018,
      .paper = "Tan, Chen, Pang, Vasudevan, Sandler, Howard, Le: MnasNet: platform-aware neural architecture search for mobile, CVPR 2019",
      .input_size = kInputSize,
      .preprocessing = {.resize_to = resize_to},
      .published = Published{top1, top5, kTorchvisionV1},
      .build = [design](const BuildOptions& options) { return build_mnasnet(design, options); }};
}

}  // namespace

std::vector<Network> mnasnet_networks() {
  return {describe({"mnasnet0_5", 0.5}, 256, 67.734, 87.490), describe({"mnasnet0_75", 0.75}, 232, 71.180, 90.496),
          describe({"mnasnet1_0", 1.0}, 256, 73.456, 91.510), describe({"mnasnet1_3", 1.3}, 232, 76.506, 93.522)};
}

}  // namespace inferometer::zoo
