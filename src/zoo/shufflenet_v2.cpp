#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr std::array<int, 3> kRepetitions{4, 8, 4};  ///< units of stages 2 to 4 (Table 5 of the paper)
constexpr std::int64_t kStemChannels = 24;
// Thresholds where a ReLU follows at the start and at the end: they keep the pooled features of different images apart.
constexpr graph::BatchNormOptions kStemNorm{.gain = 2.0f, .shift = -1.0f};
constexpr graph::BatchNormOptions kLastNorm{.shift = -1.0f};

struct Design {
  const char* name;
  std::array<std::int64_t, 3> channels;  ///< of stages 2 to 4
  std::int64_t last_channels;
};

/// Number layers within a branch as torchvision's Sequential does.
class Branch {
 public:
  Branch(Builder& net, std::string name, TensorId x) : net_(net), name_(std::move(name)), x_(x) {}

  Branch& pointwise(std::int64_t channels, const graph::Draw& draw) {
    x_ = net_.conv(next(), x_, {.channels = channels, .bias = false, .draw = draw});
    x_ = net_.batch_norm(next(), x_);
    x_ = net_.relu(next(), x_);
    return *this;
  }
  Branch& depthwise(std::int64_t stride) {
    const std::int64_t channels = net_.channels(x_);
    x_ = net_.conv(
        next(), x_,
        {.channels = channels, .kernel = 3, .stride = stride, .padding = 1, .groups = channels, .bias = false, .draw = graph::kLinear});
    x_ = net_.batch_norm(next(), x_);
    return *this;
  }
  TensorId end() const { return x_; }

 private:
  std::string next() { return inside(name_, std::to_string(position_++)); }

  Builder& net_;
  std::string name_;
  TensorId x_;
  int position_ = 0;
};

/// Interleave the two halves of the channels.
TensorId shuffle(Builder& net, const std::string& block, TensorId x) {
  const Shape shape = net.shape(x);
  x = net.reshape(inside(block, "split_groups"), x, {0, 2, shape[1] / 2, shape[2], shape[3]});
  x = net.transpose(inside(block, "shuffle"), x, {0, 2, 1, 3, 4});
  return net.reshape(inside(block, "join_groups"), x, {0, shape[1], shape[2], shape[3]});
}

TensorId unit(Builder& net, const std::string& block, TensorId x, std::int64_t channels, std::int64_t stride) {
  const std::int64_t half = channels / 2;
  TensorId kept, changed = x;
  if (stride == 1) {
    const std::vector<TensorId> halves = net.split(inside(block, "chunk"), x, {half, half});
    kept = halves[0], changed = halves[1];
  } else {
    kept = Branch(net, inside(block, "branch1"), x).depthwise(stride).pointwise(half, graph::Draw{}).end();
  }
  changed = Branch(net, inside(block, "branch2"), changed)
                .pointwise(half, graph::kMoreSelective)
                .depthwise(stride)
                .pointwise(half, graph::Draw{})
                .end();
  return shuffle(net, block, net.concat(inside(block, "cat"), {kept, changed}));
}

graph::Graph build_shufflenet_v2(const Design& design, const BuildOptions& options) {
  Builder net(design.name);
  TensorId x = image_input(net, options, kInputSize);
  x = net.conv("conv1.0", x, {.channels = kStemChannels, .kernel = 3, .stride = 2, .padding = 1, .bias = false});
  x = net.batch_norm("conv1.1", x, kStemNorm);
  x = net.relu("conv1.2", x);
  x = net.max_pool("maxpool", x, {.kernel = 3, .stride = 2, .padding = 1});
  for (std::size_t stage = 0; stage < kRepetitions.size(); ++stage) {
    for (int i = 0; i < kRepetitions[stage]; ++i) {
      x = unit(net, "stage" + std::to_string(stage + 2) + "." + std::to_string(i), x, design.channels[stage], i == 0 ? 2 : 1);
    }
  }
  x = net.conv("conv5.0", x, {.channels = design.last_channels, .bias = false, .draw = graph::kMoreSelective});
  x = net.batch_norm("conv5.1", x, kLastNorm);
  x = net.relu("conv5.2", x);
  x = net.global_average_pool("mean", x);
  x = net.flatten("flatten", x);
  return net.finish(net.linear("fc", x, {.features = options.classes}));
}

Network describe(const Design& design, std::int64_t resize_to, double top1, double top5) {
  return {.name = design.name,
          .family = "shufflenet",
          .year = 2018,
          .paper = "Ma, Zhang, Zheng, Sun: ShuffleNet V2: practical guidelines for efficient CNN architecture design, ECCV 2018",
          .input_size = kInputSize,
          .preprocessing = {.resize_to = resize_to},
          .published = Published{top1, top5, kTorchvisionV1},
          .build = [design](const BuildOptions& options) { return build_shufflenet_v2(design, options); }};
}

}  // namespace

std::vector<Network> shufflenet_v2_networks() {
  return {describe({"shufflenet_v2_x0_5", {48, 96, 192}, 1024}, 256, 60.552, 81.746),
          describe({"shufflenet_v2_x1_0", {116, 232, 464}, 1024}, 256, 69.362, 88.316),
          describe({"shufflenet_v2_x1_5", {176, 352, 704}, 1024}, 232, 72.996, 91.086),
          describe({"shufflenet_v2_x2_0", {244, 488, 976}, 2048}, 232, 76.230, 93.006)};
}

}  // namespace inferometer::zoo
