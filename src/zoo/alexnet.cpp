#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;

graph::Graph build_alexnet(const BuildOptions& options) {
  Builder net("alexnet");
  TensorId x = image_input(net, options, kInputSize);
  const graph::PoolOptions pool{.kernel = 3, .stride = 2};

  x = net.conv("features.0", x, {.channels = 64, .kernel = 11, .stride = 4, .padding = 2});
  x = net.relu("features.1", x);
  x = net.max_pool("features.2", x, pool);
  x = net.conv("features.3", x, {.channels = 192, .kernel = 5, .padding = 2, .draw = graph::kSelective});
  x = net.relu("features.4", x);
  x = net.max_pool("features.5", x, pool);
  x = net.conv("features.6", x, {.channels = 384, .kernel = 3, .padding = 1, .draw = graph::kSelective});
  x = net.relu("features.7", x);
  x = net.conv("features.8", x, {.channels = 256, .kernel = 3, .padding = 1, .draw = graph::kSelective});
  x = net.relu("features.9", x);
  x = net.conv("features.10", x, {.channels = 256, .kernel = 3, .padding = 1, .draw = graph::kSelective});
  x = net.relu("features.11", x);
  x = net.max_pool("features.12", x, pool);

  x = net.adaptive_average_pool("avgpool", x, 6);
  x = net.flatten("flatten", x);
  x = net.linear("classifier.1", x, {.features = 4096, .draw = graph::kSelective});
  x = net.relu("classifier.2", x);
  x = net.linear("classifier.4", x, {.features = 4096, .draw = graph::kSelective});
  x = net.relu("classifier.5", x);
  return net.finish(net.linear("classifier.6", x, {.features = options.classes}));
}

}  // namespace

std::vector<Network> alexnet_networks() {
  return {{.name = "alexnet",
           .family = "alexnet",
           .year = 2014,
           .paper = "Krizhevsky: One weird trick for parallelizing convolutional neural networks, arXiv:1404.5997",
           .input_size = kInputSize,
           .published = Published{56.522, 79.066, kTorchvisionV1},
           .build = build_alexnet}};
}

}  // namespace inferometer::zoo
