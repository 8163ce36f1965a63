#include <fmt/format.h>

#include "base/error.h"
#include "zoo/families.h"
#include "zoo/token_layers.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr float kEpsilon = 1e-6f;
// Small against the patches, so that outputs depend on the image, not on these.
constexpr graph::Initial kEmbedding{0, 0.1f};

struct Design {
  std::string name;
  std::int64_t patch, layers, heads, features, hidden;
};

/// The image as tokens [N, T, C], one a patch.
TensorId patches(Builder& net, const Design& design, TensorId x) {
  const std::int64_t height = net.shape(x)[2], width = net.shape(x)[3];
  if (height % design.patch != 0 || width % design.patch != 0) {
    throw Error(ErrorCode::input,
                fmt::format("{}: conv_proj (Conv): an input of {}x{} does not divide into patches of {}x{}", design.name, height, width,
                            design.patch, design.patch),
                fmt::format("give multiples of {}", design.patch));
  }
  x = net.conv("conv_proj", x, {.channels = design.features, .kernel = design.patch, .stride = design.patch, .draw = graph::kLinear});
  x = net.reshape("patches", x, {0, design.features, -1});
  return net.transpose("tokens", x, {0, 2, 1});
}

/// The class token before the patches of every image. A concatenation would need the token once for each image of a batch whose
/// size is open; zeros in its place on the one side, zeros in the patches' places on the other, and their sum, which
/// broadcasting repeats, is the same to the bit.
TensorId with_class_token(Builder& net, TensorId patches) {
  const std::int64_t tokens = net.shape(patches)[1], features = net.shape(patches)[2];
  const TensorId token = net.parameter("class_token", {1, 1, features}, kEmbedding);
  const TensorId first = net.node("class_token.padded", graph::Pad{{0, 0, 0, 0, tokens, 0}}, {token});
  const TensorId others = net.node("tokens.padded", graph::Pad{{0, 1, 0, 0, 0, 0}}, {patches});
  return net.add("tokens.all", others, first);
}

TensorId encoder_layer(Builder& net, const Design& design, const std::string& name, TensorId x) {
  const std::int64_t features = design.features;
  const std::string self = inside(name, "self_attention");
  TensorId branch = net.layer_norm(inside(name, "ln_1"), x, kEpsilon);
  const TensorId weight =
      net.parameter(inside(self, "in_proj_weight"), {3 * features, features}, graph::initial_of(kAttentionDraw, features));
  const TensorId bias = net.parameter(inside(self, "in_proj_bias"), {3 * features}, {0, 0.05f});
  branch = net.node(inside(self, "in_proj"), graph::Linear{}, {branch, weight, bias});
  branch = attention(net, self, branch, design.heads);
  branch = net.linear(inside(self, "out_proj"), branch, {.features = features, .draw = graph::kLinear});
  x = net.add(inside(name, "add"), branch, x);
  branch = mlp(net, inside(name, "mlp"), net.layer_norm(inside(name, "ln_2"), x, kEpsilon), design.hidden);
  return net.add(inside(name, "add_1"), x, branch);
}

graph::Graph build_vision_transformer(const Design& design, const BuildOptions& options) {
  Builder net(design.name);
  TensorId x = with_class_token(net, patches(net, design, image_input(net, options, kInputSize)));
  const TensorId positions = net.parameter("encoder.pos_embedding", {1, net.shape(x)[1], design.features}, kEmbedding);
  x = net.add("encoder.add", x, positions);
  for (std::int64_t i = 0; i < design.layers; ++i) {
    x = encoder_layer(net, design, "encoder.layers.encoder_layer_" + std::to_string(i), x);
  }
  x = net.layer_norm("encoder.ln", x, kEpsilon);
  x = net.flatten("flatten", net.node("class", graph::Slice{1, 0, 1, 1}, {x}));
  return net.finish(net.linear("heads.head", x, {.features = options.classes, .draw = graph::kLinear}));
}

}  // namespace

std::vector<Network> vision_transformer_networks() {
  const Design base{"vit_b_16", 16, 12, 12, 768, 3072};
  return {{.name = base.name,
           .family = "vit",
           .year = 2020,
           .paper = "Dosovitskiy and others: An image is worth 16x16 words: transformers for image recognition at scale, ICLR 2021",
           .input_size = kInputSize,
           .published = Published{81.072, 95.318, kTorchvisionV1},
           .build = [base](const BuildOptions& options) { return build_vision_transformer(base, options); }}};
}

}  // namespace inferometer::zoo
