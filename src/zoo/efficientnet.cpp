#include <cmath>
#include <span>

#include "zoo/blocks.h"
#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

// Gates need inputs that differ between images and channels, else they are all 1/2; what they take, the next convolution restores.
constexpr graph::Draw kSqueeze = graph::kMoreSelective, kExcite{2.0f, 0}, kAfterGate{1.75f, 0};
constexpr float kBranchGain = 0.1f;  ///< damps residual branches: their sum stays in range, and a SiLU of it away from denormals
constexpr float kStemGain = 2.0f, kStemShift = -0.5f, kLastGain = 1.0f, kLastShift = -0.7f;

/// The two kinds of block: an inverted residual with its gate, and one whose first two convolutions are one.
enum class Kind { separable, fused };

/// A row of the papers' tables (Table 1 of version 1, Table 4 of version 2), before width and depth multipliers.
struct Stage {
  Kind kind;
  std::int64_t expansion, kernel, stride, channels;
  int repetitions;
};
constexpr std::array<Stage, 7> kVersion1{{{Kind::separable, 1, 3, 1, 16, 1},
                                          {Kind::separable, 6, 3, 2, 24, 2},
                                          {Kind::separable, 6, 5, 2, 40, 2},
                                          {Kind::separable, 6, 3, 2, 80, 3},
                                          {Kind::separable, 6, 5, 1, 112, 3},
                                          {Kind::separable, 6, 5, 2, 192, 4},
                                          {Kind::separable, 6, 3, 1, 320, 1}}};
constexpr std::array<Stage, 6> kVersion2Small{{{Kind::fused, 1, 3, 1, 24, 2},
                                               {Kind::fused, 4, 3, 2, 48, 4},
                                               {Kind::fused, 4, 3, 2, 64, 4},
                                               {Kind::separable, 4, 3, 2, 128, 6},
                                               {Kind::separable, 6, 3, 1, 160, 9},
                                               {Kind::separable, 6, 3, 2, 256, 15}}};

struct Design {
  const char* name;
  std::span<const Stage> stages;
  double width, depth;
  std::int64_t stem_channels, last_channels;
  std::int64_t input_size;
  float epsilon;
};

/// One block under construction: its convolutions are numbered in the order in which they are added.
class Block {
 public:
  Block(Builder& net, std::string name, TensorId x, float epsilon) : net_(net), name_(std::move(name)), x_(x), epsilon_(epsilon) {}

  Block& add(const graph::ConvOptions& conv, Nonlinearity nonlinearity, float gain = 1) {
    x_ = conv_norm(net_, next(), x_, conv, {.epsilon = epsilon_, .gain = gain}, nonlinearity);
    return *this;
  }
  Block& gate(std::int64_t channels) {
    x_ = squeeze_excitation(
        net_, next(), x_,
        {.channels = channels, .squeezed = Nonlinearity::silu, .gate = Nonlinearity::sigmoid, .first = kSqueeze, .second = kExcite});
    return *this;
  }
  TensorId end() const { return x_; }

 private:
  std::string next() { return inside(name_, "block." + std::to_string(position_++)); }

  Builder& net_;
  std::string name_;
  TensorId x_;
  float epsilon_;
  int position_ = 0;
};

TensorId block(Builder& net, const std::string& name, TensorId x, const Stage& stage, std::int64_t channels, std::int64_t stride,
               float epsilon) {
  const std::int64_t in = net.channels(x), hidden = in * stage.expansion, padding = stage.kernel / 2;
  const bool residual = stride == 1 && in == channels;
  const float gain = residual ? kBranchGain : 1.0f;
  Block branch(net, name, x, epsilon);
  if (stage.kind == Kind::separable) {
    if (stage.expansion != 1) branch.add({.channels = hidden}, Nonlinearity::silu);
    branch.add({.channels = hidden, .kernel = stage.kernel, .stride = stride, .padding = padding, .groups = hidden}, Nonlinearity::silu)
        .gate(std::max<std::int64_t>(1, in / 4))
        .add({.channels = channels, .draw = kAfterGate}, Nonlinearity::none, gain);
  } else if (stage.expansion != 1) {
    branch.add({.channels = hidden, .kernel = stage.kernel, .stride = stride, .padding = padding}, Nonlinearity::silu)
        .add({.channels = channels, .draw = graph::kLinear}, Nonlinearity::none, gain);
  } else {
    branch.add({.channels = channels, .kernel = stage.kernel, .stride = stride, .padding = padding}, Nonlinearity::silu, gain);
  }
  return residual ? net.add(inside(name, "add"), branch.end(), x) : branch.end();
}

graph::Graph build_efficientnet(const Design& design, const BuildOptions& options) {
  const auto scaled = [&design](std::int64_t channels) { return round_channels(static_cast<double>(channels) * design.width); };
  Builder net(design.name);
  TensorId x = image_input(net, options, design.input_size);
  int position = 0;
  const auto next = [&position] { return "features." + std::to_string(position++); };
  x = conv_norm(net, next(), x, {.channels = scaled(design.stem_channels), .kernel = 3, .stride = 2, .padding = 1},
                {.epsilon = design.epsilon, .gain = kStemGain, .shift = kStemShift}, Nonlinearity::silu);
  for (const Stage& stage : design.stages) {
    const std::string name = next();
    const auto repetitions = static_cast<int>(std::ceil(stage.repetitions * design.depth));
    for (int i = 0; i < repetitions; ++i) {
      x = block(net, inside(name, std::to_string(i)), x, stage, scaled(stage.channels), i == 0 ? stage.stride : 1, design.epsilon);
    }
  }
  x = conv_norm(net, next(), x, {.channels = scaled(design.last_channels)},
                {.epsilon = design.epsilon, .gain = kLastGain, .shift = kLastShift}, Nonlinearity::silu);
  x = net.global_average_pool("avgpool", x);
  x = net.flatten("flatten", x);
  return net.finish(net.linear("classifier.1", x, {.features = options.classes}));
}

struct Evaluation {
  std::int64_t resize_to;
  Interpolation interpolation;
  double top1, top5;
};

Network describe(const Design& design, int year, const char* paper, const Evaluation& evaluation) {
  return {.name = design.name,
          .family = "efficientnet",
          .year = year,
          .paper = paper,
          .input_size = design.input_size,
          .preprocessing = {.resize_to = evaluation.resize_to, .interpolation = evaluation.interpolation, .crop = design.input_size},
          .published = Published{evaluation.top1, evaluation.top5, kTorchvisionV1},
          .build = [design](const BuildOptions& options) { return build_efficientnet(design, options); }};
}

}  // namespace

std::vector<Network> efficientnet_networks() {
  const char* first = "Tan, Le: EfficientNet: rethinking model scaling for convolutional neural networks, ICML 2019";
  const char* second = "Tan, Le: EfficientNetV2: smaller models and faster training, ICML 2021";
  const auto version1 = [](const char* name, double width, double depth, std::int64_t input_size) {
    return Design{name, kVersion1, width, depth, 32, 1280, input_size, 1e-5f};
  };
  return {
      describe(version1("efficientnet_b0", 1.0, 1.0, 224), 2019, first, {256, Interpolation::bicubic, 77.692, 93.532}),
      describe(version1("efficientnet_b1", 1.0, 1.1, 240), 2019, first, {256, Interpolation::bicubic, 78.642, 94.186}),
      describe(version1("efficientnet_b2", 1.1, 1.2, 288), 2019, first, {288, Interpolation::bicubic, 80.608, 95.310}),
      describe({"efficientnet_v2_s", kVersion2Small, 1.0, 1.0, 24, 1280, 384, 1e-3f}, 2021, second,
               {384, Interpolation::bilinear, 84.228, 96.878}),
  };
}

}  // namespace inferometer::zoo
