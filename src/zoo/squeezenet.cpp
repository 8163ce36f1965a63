#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;

struct Design {
  const char* name;
  std::int64_t stem_channels, stem_kernel;
  std::array<int, 2> pools_before;  ///< fire modules (0 to 7) that a pool precedes, beside the one after the stem
};

/// Squeeze and expand widths of the eight fire modules; each expansion has as many 1x1 as 3x3 filters.
constexpr std::array<std::array<std::int64_t, 2>, 8> kFires{
    {{16, 64}, {16, 64}, {32, 128}, {32, 128}, {48, 192}, {48, 192}, {64, 256}, {64, 256}}};

TensorId fire(Builder& net, const std::string& block, TensorId x, std::int64_t squeeze, std::int64_t expand) {
  x = net.conv(inside(block, "squeeze"), x, {.channels = squeeze, .draw = graph::kMoreSelective});
  x = net.relu(inside(block, "squeeze_activation"), x);
  TensorId one = net.conv(inside(block, "expand1x1"), x, {.channels = expand, .draw = graph::kMoreSelective});
  one = net.relu(inside(block, "expand1x1_activation"), one);
  TensorId three = net.conv(inside(block, "expand3x3"), x, {.channels = expand, .kernel = 3, .padding = 1, .draw = graph::kMoreSelective});
  three = net.relu(inside(block, "expand3x3_activation"), three);
  return net.concat(inside(block, "cat"), {one, three});
}

graph::Graph build_squeezenet(const Design& design, const BuildOptions& options) {
  const graph::PoolOptions pool{.kernel = 3, .stride = 2, .rounding = graph::Rounding::ceil};
  Builder net(design.name);
  int position = 0;
  const auto next = [&position] { return "features." + std::to_string(position++); };
  TensorId x = image_input(net, options, kInputSize);
  x = net.conv(next(), x, {.channels = design.stem_channels, .kernel = design.stem_kernel, .stride = 2});
  x = net.relu(next(), x);
  x = net.max_pool(next(), x, pool);
  for (int i = 0; i < static_cast<int>(kFires.size()); ++i) {
    if (i == design.pools_before[0] || i == design.pools_before[1]) x = net.max_pool(next(), x, pool);
    const auto [squeeze, expand] = kFires[static_cast<std::size_t>(i)];
    x = fire(net, next(), x, squeeze, expand);
  }
  x = net.conv("classifier.1", x, {.channels = options.classes, .draw = graph::kMoreSelective});
  x = net.relu("classifier.2", x);
  x = net.global_average_pool("classifier.3", x);
  return net.finish(net.flatten("flatten", x));
}

Network describe(const Design& design, double top1, double top5) {
  return {.name = design.name,
          .family = "squeezenet",
          .year = 2016,
          .paper =
              "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer: SqueezeNet: AlexNet-level accuracy with 50x fewer parameters "
              "and <0.5MB model size, arXiv:1602.07360",
          .input_size = kInputSize,
          .published = Published{top1, top5, kTorchvisionV1},
          .build = [design](const BuildOptions& options) { return build_squeezenet(design, options); }};
}

}  // namespace

std::vector<Network> squeezenet_networks() {
  return {describe({"squeezenet1_0", 96, 7, {3, 7}}, 58.092, 80.420), describe({"squeezenet1_1", 64, 3, {2, 4}}, 58.178, 80.624)};
}

}  // namespace inferometer::zoo
