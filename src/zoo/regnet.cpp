#include <cmath>

#include "zoo/blocks.h"
#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr std::int64_t kStemChannels = 32;
// Branches add up to the trunk: damped by the square root of their number in a stage, all of them together change it little.
constexpr float kBranchGain = 0.6f;
// The trunk has few ReLUs that change it, at its start and at the first block of a stage: they are all the more selective.
constexpr graph::BatchNormOptions kStemNorm{.gain = 2.0f, .shift = -1.0f};
constexpr graph::Draw kShortcut{1.77f, 6.0f};
// Gates need inputs that differ between images and channels, else they are all 1/2; what they take, the next convolution restores.
constexpr graph::Draw kSqueeze = graph::kMoreSelective, kExcite{4.0f, 0}, kAfterGate{2.5f, 0};

/// What the paper's linear rule (section 3.3) and its quantisation give: widths and depths of the four stages.
struct Design {
  const char* name;
  std::array<std::int64_t, 4> widths;
  std::array<int, 4> depths;
  std::int64_t group_width;
};

TensorId block(Builder& net, const std::string& name, TensorId x, std::int64_t width, std::int64_t stride, std::int64_t group_width,
               float gain) {
  const std::int64_t in = net.channels(x);
  const bool changes = in != width || stride != 1;
  const TensorId trunk =
      changes ? conv_norm(net, inside(name, "proj"), x, {.channels = width, .stride = stride, .draw = kShortcut}, {}, Nonlinearity::none)
              : x;
  TensorId branch = conv_norm(net, inside(name, "f.a"), x, {.channels = width, .draw = graph::kMoreSelective}, {}, Nonlinearity::relu);
  branch = conv_norm(
      net, inside(name, "f.b"), branch,
      {.channels = width, .kernel = 3, .stride = stride, .padding = 1, .groups = width / group_width, .draw = graph::kMoreSelective}, {},
      Nonlinearity::relu);
  branch = squeeze_excitation(net, inside(name, "f.se"), branch,
                              {.channels = in / 4,  // a quarter of the block's input, as published
                               .squeezed = Nonlinearity::relu,
                               .gate = Nonlinearity::sigmoid,
                               .first = kSqueeze,
                               .second = kExcite});
  branch = conv_norm(net, inside(name, "f.c"), branch, {.channels = width, .draw = kAfterGate}, {.gain = gain}, Nonlinearity::none);
  return net.relu(inside(name, "activation"), net.add(inside(name, "add"), trunk, branch));
}

graph::Graph build_regnet(const Design& design, const BuildOptions& options) {
  Builder net(design.name);
  TensorId x = image_input(net, options, kInputSize);
  x = conv_norm(net, "stem", x, {.channels = kStemChannels, .kernel = 3, .stride = 2, .padding = 1}, kStemNorm, Nonlinearity::relu);
  for (std::size_t stage = 0; stage < design.widths.size(); ++stage) {
    const std::string name = "block" + std::to_string(stage + 1);
    const float gain = kBranchGain / std::sqrt(static_cast<float>(design.depths[stage]));
    for (int i = 0; i < design.depths[stage]; ++i) {
      x = block(net, "trunk_output." + name + "." + name + "-" + std::to_string(i), x, design.widths[stage], i == 0 ? 2 : 1,
                design.group_width, gain);
    }
  }
  x = net.global_average_pool("avgpool", x);
  x = net.flatten("flatten", x);
  return net.finish(net.linear("fc", x, {.features = options.classes}));
}

}  // namespace

std::vector<Network> regnet_networks() {
  static constexpr Design kY400{"regnet_y_400mf", {48, 104, 208, 440}, {1, 3, 6, 6}, 8};
  return {{.name = kY400.name,
           .family = "regnet",
           .year = 2020,
           .paper = "Radosavovic, Kosaraju, Girshick, He, Dollar: Designing network design spaces, CVPR 2020",
           .input_size = kInputSize,
           .published = Published{74.046, 91.716, kTorchvisionV1},
           .build = [](const BuildOptions& options) { return build_regnet(kY400, options); }}};
}

}  // namespace inferometer::zoo
