#include "zoo/families.h"

// torchvision's Inception v3. Its transform_input (a change of the input's mean and scale that the published weights expect)
// belongs to those weights' preprocessing and is no part of the network.

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::Extent;
using graph::TensorId;

constexpr std::int64_t kInputSize = 299;

/// One network under construction; block() opens a module whose layers are named within it.
class Inception {
 public:
  explicit Inception(Builder& net) : net_(net) {}

  /// Convolution without bias, BatchNorm and ReLU, with the padding that keeps the size (0 when it strides or `valid`).
  enum class Edge { same, valid };
  TensorId conv(const std::string& name, TensorId x, std::int64_t channels, Extent kernel = 1, Extent stride = 1, Edge edge = Edge::same) {
    const Extent padding = edge == Edge::same ? Extent(kernel.height / 2, kernel.width / 2) : Extent(0);
    const graph::Draw draw = name == "Conv2d_1a_3x3" ? graph::Draw{} : graph::kMoreSelective;  // the image is not behind a ReLU
    x = net_.conv(inside(name, "conv"), x,
                  {.channels = channels, .kernel = kernel, .stride = stride, .padding = padding, .bias = false, .draw = draw});
    x = net_.batch_norm(inside(name, "bn"), x, {.epsilon = 0.001f});
    return net_.relu(inside(name, "relu"), x);
  }
  /// A 3x3 convolution that halves the size.
  TensorId reduce(const std::string& name, TensorId x, std::int64_t channels) { return conv(name, x, channels, 3, 2, Edge::valid); }

  TensorId pool_branch(const std::string& block, TensorId x, std::int64_t channels) {
    x = net_.average_pool(inside(block, "avg_pool"), x, {.kernel = 3, .stride = 1, .padding = 1});
    return conv(inside(block, "branch_pool"), x, channels);
  }
  TensorId max_pool(const std::string& name, TensorId x) { return net_.max_pool(name, x, {.kernel = 3, .stride = 2}); }

  /// Figure 5 of the paper, with a 5x5 convolution in place of two 3x3 ones in one branch.
  TensorId a(const std::string& block, TensorId x, std::int64_t pool_channels) {
    const auto name = [&block](const char* layer) { return inside(block, layer); };
    const TensorId one = conv(name("branch1x1"), x, 64);
    TensorId five = conv(name("branch5x5_1"), x, 48);
    five = conv(name("branch5x5_2"), five, 64, 5);
    TensorId three = conv(name("branch3x3dbl_1"), x, 64);
    three = conv(name("branch3x3dbl_2"), three, 96, 3);
    three = conv(name("branch3x3dbl_3"), three, 96, 3);
    return net_.concat(name("cat"), {one, five, three, pool_branch(block, x, pool_channels)});
  }

  /// From 35x35 to 17x17 (Figure 10).
  TensorId b(const std::string& block, TensorId x) {
    const auto name = [&block](const char* layer) { return inside(block, layer); };
    const TensorId three = reduce(name("branch3x3"), x, 384);
    TensorId twice = conv(name("branch3x3dbl_1"), x, 64);
    twice = conv(name("branch3x3dbl_2"), twice, 96, 3);
    twice = reduce(name("branch3x3dbl_3"), twice, 96);
    return net_.concat(name("cat"), {three, twice, max_pool(name("max_pool"), x)});
  }

  /// 7x7 convolutions as rows and columns (Figure 6), of `width` channels between them.
  TensorId c(const std::string& block, TensorId x, std::int64_t width) {
    const auto name = [&block](const char* layer) { return inside(block, layer); };
    const Extent row(1, 7), column(7, 1);
    const TensorId one = conv(name("branch1x1"), x, 192);
    TensorId seven = conv(name("branch7x7_1"), x, width);
    seven = conv(name("branch7x7_2"), seven, width, row);
    seven = conv(name("branch7x7_3"), seven, 192, column);
    TensorId twice = conv(name("branch7x7dbl_1"), x, width);
    twice = conv(name("branch7x7dbl_2"), twice, width, column);
    twice = conv(name("branch7x7dbl_3"), twice, width, row);
    twice = conv(name("branch7x7dbl_4"), twice, width, column);
    twice = conv(name("branch7x7dbl_5"), twice, 192, row);
    return net_.concat(name("cat"), {one, seven, twice, pool_branch(block, x, 192)});
  }

  /// From 17x17 to 8x8.
  TensorId d(const std::string& block, TensorId x) {
    const auto name = [&block](const char* layer) { return inside(block, layer); };
    TensorId three = conv(name("branch3x3_1"), x, 192);
    three = reduce(name("branch3x3_2"), three, 320);
    TensorId seven = conv(name("branch7x7x3_1"), x, 192);
    seven = conv(name("branch7x7x3_2"), seven, 192, Extent(1, 7));
    seven = conv(name("branch7x7x3_3"), seven, 192, Extent(7, 1));
    seven = reduce(name("branch7x7x3_4"), seven, 192);
    return net_.concat(name("cat"), {three, seven, max_pool(name("max_pool"), x)});
  }

  /// Wide blocks at 8x8 (Figure 7).
  TensorId e(const std::string& block, TensorId x) {
    const auto name = [&block](const char* layer) { return inside(block, layer); };
    const auto both = [&](const std::string& layer, TensorId from) {
      const TensorId row = conv(inside(block, layer + "a"), from, 384, Extent(1, 3));
      const TensorId column = conv(inside(block, layer + "b"), from, 384, Extent(3, 1));
      return net_.concat(inside(block, layer + "_cat"), {row, column});
    };
    const TensorId one = conv(name("branch1x1"), x, 320);
    const TensorId three = both("branch3x3_2", conv(name("branch3x3_1"), x, 384));
    TensorId twice = conv(name("branch3x3dbl_1"), x, 448);
    twice = both("branch3x3dbl_3", conv(name("branch3x3dbl_2"), twice, 384, 3));
    return net_.concat(name("cat"), {one, three, twice, pool_branch(block, x, 192)});
  }

  /// The classifier beside the 17x17 blocks that only trains.
  TensorId auxiliary(const std::string& block, TensorId x, std::int64_t classes) {
    const auto name = [&block](const char* layer) { return inside(block, layer); };
    x = net_.average_pool(name("avg_pool"), x, {.kernel = 5, .stride = 3});
    x = conv(name("conv0"), x, 128);
    x = conv(name("conv1"), x, 768, 5, 1, Edge::valid);
    x = net_.global_average_pool(name("avgpool"), x);
    x = net_.flatten(name("flatten"), x);
    return net_.linear(name("fc"), x, {.features = classes});
  }

 private:
  Builder& net_;
};

graph::Graph build_inception_v3(const BuildOptions& options) {
  Builder net("inception_v3");
  Inception modules(net);
  TensorId x = image_input(net, options, kInputSize);
  x = modules.reduce("Conv2d_1a_3x3", x, 32);
  x = modules.conv("Conv2d_2a_3x3", x, 32, 3, 1, Inception::Edge::valid);
  x = modules.conv("Conv2d_2b_3x3", x, 64, 3);
  x = modules.max_pool("maxpool1", x);
  x = modules.conv("Conv2d_3b_1x1", x, 80);
  x = modules.conv("Conv2d_4a_3x3", x, 192, 3, 1, Inception::Edge::valid);
  x = modules.max_pool("maxpool2", x);
  x = modules.a("Mixed_5b", x, 32);
  x = modules.a("Mixed_5c", x, 64);
  x = modules.a("Mixed_5d", x, 64);
  x = modules.b("Mixed_6a", x);
  x = modules.c("Mixed_6b", x, 128);
  x = modules.c("Mixed_6c", x, 160);
  x = modules.c("Mixed_6d", x, 160);
  x = modules.c("Mixed_6e", x, 192);
  std::vector<TensorId> outputs;
  if (options.with_auxiliary) outputs.push_back(modules.auxiliary("AuxLogits", x, options.classes));
  x = modules.d("Mixed_7a", x);
  x = modules.e("Mixed_7b", x);
  x = modules.e("Mixed_7c", x);
  x = net.global_average_pool("avgpool", x);
  x = net.flatten("flatten", x);
  outputs.insert(outputs.begin(), net.linear("fc", x, {.features = options.classes}));
  return net.finish(outputs);
}

}  // namespace

std::vector<Network> inception_v3_networks() {
  return {{.name = "inception_v3",
           .family = "inception",
           .year = 2015,
           .paper = "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna: Rethinking the Inception architecture for computer vision, CVPR 2016",
           .input_size = kInputSize,
           .preprocessing = {.resize_to = 342, .crop = kInputSize},
           .training_only = {"AuxLogits."},
           .published = Published{77.294, 93.450, kTorchvisionV1},
           .build = build_inception_v3}};
}

}  // namespace inferometer::zoo
