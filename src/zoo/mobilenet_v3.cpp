#include <span>

#include "zoo/blocks.h"
#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr float kEpsilon = 0.001f;
constexpr float kBranchGain = 0.3f;  ///< damps residual branches, so that their sum stays in range
// Gates need inputs that differ between images and channels, else they are all 1/2; what they take, the next convolution restores.
constexpr graph::Draw kSqueeze = graph::kMoreSelective, kExcite{4.0f, 0}, kAfterGate{1.8f, 0};
// Thresholds where a nonlinearity follows that is not undone: they keep the pooled features of different images apart.
constexpr graph::BatchNormOptions kNorm{.epsilon = kEpsilon};
constexpr graph::BatchNormOptions kStemNorm{.epsilon = kEpsilon, .gain = 1.2f, .shift = -0.3f};
constexpr graph::BatchNormOptions kLastNorm{.epsilon = kEpsilon, .gain = 1.5f, .shift = -0.7f};

constexpr Nonlinearity RE = Nonlinearity::relu, HS = Nonlinearity::hard_swish;

/// A row of the paper's Tables 1 and 2.
struct Row {
  std::int64_t kernel, expanded, channels;
  bool gated;  ///< by squeeze and excitation
  Nonlinearity nonlinearity;
  std::int64_t stride;
};
// clang-format off
constexpr std::array<Row, 15> kLarge{{
    {3, 16, 16, false, RE, 1},
    {3, 64, 24, false, RE, 2}, {3, 72, 24, false, RE, 1},
    {5, 72, 40, true, RE, 2}, {5, 120, 40, true, RE, 1}, {5, 120, 40, true, RE, 1},
    {3, 240, 80, false, HS, 2}, {3, 200, 80, false, HS, 1}, {3, 184, 80, false, HS, 1}, {3, 184, 80, false, HS, 1},
    {3, 480, 112, true, HS, 1}, {3, 672, 112, true, HS, 1},
    {5, 672, 160, true, HS, 2}, {5, 960, 160, true, HS, 1}, {5, 960, 160, true, HS, 1}}};
constexpr std::array<Row, 11> kSmall{{
    {3, 16, 16, true, RE, 2},
    {3, 72, 24, false, RE, 2}, {3, 88, 24, false, RE, 1},
    {5, 96, 40, true, HS, 2}, {5, 240, 40, true, HS, 1}, {5, 240, 40, true, HS, 1},
    {5, 120, 48, true, HS, 1}, {5, 144, 48, true, HS, 1},
    {5, 288, 96, true, HS, 2}, {5, 576, 96, true, HS, 1}, {5, 576, 96, true, HS, 1}}};
// clang-format on

struct Design {
  const char* name;
  std::span<const Row> rows;
  std::int64_t hidden;  ///< features between the two linear layers
};

TensorId inverted_residual(Builder& net, const std::string& block, TensorId x, const Row& row) {
  const std::int64_t in = net.channels(x);
  const bool residual = row.stride == 1 && in == row.channels;
  int position = 0;
  const auto next = [&] { return inside(block, "block." + std::to_string(position++)); };
  TensorId branch = x;
  if (row.expanded != in) branch = conv_norm(net, next(), branch, {.channels = row.expanded}, kNorm, row.nonlinearity);
  branch =
      conv_norm(net, next(), branch,
                {.channels = row.expanded, .kernel = row.kernel, .stride = row.stride, .padding = row.kernel / 2, .groups = row.expanded},
                kNorm, row.nonlinearity);
  if (row.gated) {
    branch = squeeze_excitation(net, next(), branch,
                                {.channels = round_channels(static_cast<double>(row.expanded / 4)),
                                 .squeezed = Nonlinearity::relu,
                                 .gate = Nonlinearity::hard_sigmoid,
                                 .first = kSqueeze,
                                 .second = kExcite});
  }
  branch = conv_norm(net, next(), branch, {.channels = row.channels, .draw = row.gated ? kAfterGate : graph::kLinear},
                     {.epsilon = kEpsilon, .gain = residual ? kBranchGain : 1.0f}, Nonlinearity::none);
  return residual ? net.add(inside(block, "add"), branch, x) : branch;
}

graph::Graph build_mobilenet_v3(const Design& design, const BuildOptions& options) {
  Builder net(design.name);
  TensorId x = image_input(net, options, kInputSize);
  int position = 0;
  const auto next = [&position] { return "features." + std::to_string(position++); };
  x = conv_norm(net, next(), x, {.channels = 16, .kernel = 3, .stride = 2, .padding = 1}, kStemNorm, HS);
  for (const Row& row : design.rows) x = inverted_residual(net, next(), x, row);
  x = conv_norm(net, next(), x, {.channels = 6 * net.channels(x)}, kLastNorm, HS);
  x = net.global_average_pool("avgpool", x);
  x = net.flatten("flatten", x);
  x = net.linear("classifier.0", x, {.features = design.hidden});
  x = apply(net, "classifier.1", x, HS);
  return net.finish(net.linear("classifier.3", x, {.features = options.classes}));
}

Network describe(const Design& design, double top1, double top5) {
  return {.name = design.name,
          .family = "mobilenet",
          .year = 2019,
          .paper = "Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam: Searching for MobileNetV3, ICCV 2019",
          .input_size = kInputSize,
          .published = Published{top1, top5, kTorchvisionV1},
          .build = [design](const BuildOptions& options) { return build_mobilenet_v3(design, options); }};
}

}  // namespace

std::vector<Network> mobilenet_v3_networks() {
  return {describe({"mobilenet_v3_small", kSmall, 1024}, 67.668, 87.402), describe({"mobilenet_v3_large", kLarge, 1280}, 74.042, 91.340)};
}

}  // namespace inferometer::zoo
