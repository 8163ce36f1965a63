#include <array>

#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;

/// Convolutions in each of the five stages, whose widths are 64, 128, 256, 512, 512 (Table 1 of the paper).
struct Depth {
  int layers;
  std::array<int, 5> convolutions;
};
constexpr std::array<std::int64_t, 5> kWidths{64, 128, 256, 512, 512};

graph::Graph build_vgg(const std::string& name, const Depth& depth, bool normalized, const BuildOptions& options) {
  Builder net(name);
  TensorId x = image_input(net, options, kInputSize);
  int position = 0;
  const auto next = [&position] { return "features." + std::to_string(position++); };
  for (std::size_t stage = 0; stage < kWidths.size(); ++stage) {
    for (int i = 0; i < depth.convolutions[stage]; ++i) {
      const graph::Draw draw = position == 0 ? graph::Draw{} : graph::kSelective;  // the image itself is not behind a ReLU
      x = net.conv(next(), x, {.channels = kWidths[stage], .kernel = 3, .padding = 1, .draw = draw});
      if (normalized) x = net.batch_norm(next(), x);
      x = net.relu(next(), x);
    }
    x = net.max_pool(next(), x, {.kernel = 2, .stride = 2});
  }
  x = net.adaptive_average_pool("avgpool", x, 7);
  x = net.flatten("flatten", x);
  x = net.linear("classifier.0", x, {.features = 4096, .draw = graph::kSelective});
  x = net.relu("classifier.1", x);
  x = net.linear("classifier.3", x, {.features = 4096, .draw = graph::kSelective});
  x = net.relu("classifier.4", x);
  return net.finish(net.linear("classifier.6", x, {.features = options.classes}));
}

Network describe(const Depth& depth, bool normalized, double top1, double top5) {
  const std::string name = "vgg" + std::to_string(depth.layers) + (normalized ? "_bn" : "");
  return {.name = name,
          .family = "vgg",
          .year = 2014,
          .paper = "Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015",
          .input_size = kInputSize,
          .published = Published{top1, top5, kTorchvisionV1},
          .build = [=](const BuildOptions& options) { return build_vgg(name, depth, normalized, options); }};
}

}  // namespace

std::vector<Network> vgg_networks() {
  constexpr Depth k11{11, {1, 1, 2, 2, 2}}, k13{13, {2, 2, 2, 2, 2}}, k16{16, {2, 2, 3, 3, 3}}, k19{19, {2, 2, 4, 4, 4}};
  return {describe(k11, false, 69.020, 88.628), describe(k11, true, 70.370, 89.810),  describe(k13, false, 69.928, 89.246),
          describe(k13, true, 71.586, 90.374),  describe(k16, false, 71.592, 90.382), describe(k16, true, 73.360, 91.516),
          describe(k19, false, 72.376, 90.876), describe(k19, true, 74.218, 91.842)};
}

}  // namespace inferometer::zoo
