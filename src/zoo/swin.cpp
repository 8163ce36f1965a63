#include <fmt/format.h>

#include "base/error.h"
#include "zoo/families.h"
#include "zoo/token_layers.h"

namespace inferometer::zoo {

namespace {

using graph::Builder;
using graph::TensorId;

constexpr std::int64_t kInputSize = 224;
constexpr std::int64_t kWindow = 7, kTokens = kWindow * kWindow, kShift = kWindow / 2;
constexpr graph::Initial kBiasTable{0, 0.5f};
/// Added to the scores of tokens that only the shift brought into one window. torchvision adds -100, whose exponential is a
/// denormal number; both leave the sum of a softmax as it is, and with this one what is masked is exactly 0.
constexpr double kMasked = -200;
constexpr std::int64_t kLargestMask = std::int64_t{1} << 26;  ///< elements, far beyond any input that fits in memory

struct Stage {
  std::int64_t blocks, heads;
};

std::int64_t padded(std::int64_t size) { return (size + kWindow - 1) / kWindow * kWindow; }

/// What the blocks of a stage share: sizes in tokens, and the mask of the shifted blocks.
struct Layout {
  std::int64_t height, width;
  std::int64_t padded_height, padded_width;
  std::int64_t row_shift, column_shift;  ///< of the shifted blocks; 0 where one window covers the whole side
  TensorId mask = graph::kNoTensor;      ///< [windows, 1, 49, 49]; absent when nothing is shifted

  bool shifts() const { return row_shift > 0 || column_shift > 0; }
  std::int64_t window_rows() const { return padded_height / kWindow; }
  std::int64_t window_columns() const { return padded_width / kWindow; }
  std::int64_t windows() const { return window_rows() * window_columns(); }
};

/// For every pair of tokens of a window the row of the bias table: their distance, counted from the most negative one.
std::vector<double> relative_positions() {
  std::vector<double> index;
  for (std::int64_t a = 0; a < kTokens; ++a) {
    for (std::int64_t b = 0; b < kTokens; ++b) {
      const std::int64_t rows = a / kWindow - b / kWindow + kWindow - 1, columns = a % kWindow - b % kWindow + kWindow - 1;
      index.push_back(static_cast<double>(rows * (2 * kWindow - 1) + columns));
    }
  }
  return index;
}

/// Tokens in rows (or columns) of the same number lay side by side before the shift: the last window holds two such parts.
std::int64_t region(std::int64_t position, std::int64_t size, std::int64_t shift) {
  if (shift == 0 || position < size - kWindow) return 0;
  return position < size - shift ? 1 : 2;
}

std::vector<double> mask_values(const Layout& layout) {
  const auto region_of = [&](std::int64_t window, std::int64_t token) {
    const std::int64_t row = window / layout.window_columns() * kWindow + token / kWindow;
    const std::int64_t column = window % layout.window_columns() * kWindow + token % kWindow;
    return 3 * region(row, layout.padded_height, layout.row_shift) + region(column, layout.padded_width, layout.column_shift);
  };
  std::vector<double> values;
  for (std::int64_t window = 0; window < layout.windows(); ++window) {
    for (std::int64_t a = 0; a < kTokens; ++a) {
      for (std::int64_t b = 0; b < kTokens; ++b) values.push_back(region_of(window, a) == region_of(window, b) ? 0 : kMasked);
    }
  }
  return values;
}

Layout layout_of(Builder& net, const std::string& network, const std::string& stage, TensorId x, bool has_shifted_blocks) {
  Layout layout{net.shape(x)[1], net.shape(x)[2], 0, 0, 0, 0};
  layout.padded_height = padded(layout.height);
  layout.padded_width = padded(layout.width);
  layout.row_shift = layout.padded_height > kWindow ? kShift : 0;
  layout.column_shift = layout.padded_width > kWindow ? kShift : 0;
  if (!has_shifted_blocks || !layout.shifts()) return layout;
  if (layout.windows() > kLargestMask / (kTokens * kTokens)) {
    throw Error(ErrorCode::input, fmt::format("{}: {}: {} windows are more than its mask can describe", network, stage, layout.windows()),
                "give a smaller input");
  }
  layout.mask = net.table(inside(stage, "mask"), {layout.windows(), 1, kTokens, kTokens}, ElementType::f32, graph::Role::constant,
                          mask_values(layout));
  return layout;
}

/// Bring the first `shift` positions of an axis behind the others.
TensorId roll(Builder& net, const std::string& name, TensorId x, std::int64_t axis, std::int64_t shift) {
  if (shift == 0) return x;
  const std::int64_t size = net.shape(x)[static_cast<std::size_t>(axis)];
  const auto parts = net.split(inside(name, "split"), x, {shift, size - shift}, axis);
  return net.concat(name, {parts[1], parts[0]}, axis);
}

/// [N, H, W, C] to windows [N * windows, 49, C].
TensorId into_windows(Builder& net, const std::string& name, const Layout& layout, TensorId x) {
  const std::int64_t channels = net.shape(x)[3];
  x = net.reshape(inside(name, "cut"), x, {0, layout.window_rows(), kWindow, layout.window_columns(), kWindow, channels});
  x = net.transpose(inside(name, "sorted"), x, {0, 1, 3, 2, 4, 5});
  return net.reshape(name, x, {-1, kTokens, channels});
}

/// And back.
TensorId from_windows(Builder& net, const std::string& name, const Layout& layout, TensorId x) {
  const std::int64_t channels = net.shape(x)[2];
  x = net.reshape(inside(name, "cut"), x, {-1, layout.window_rows(), layout.window_columns(), kWindow, kWindow, channels});
  x = net.transpose(inside(name, "sorted"), x, {0, 1, 3, 2, 4, 5});
  return net.reshape(name, x, {0, layout.padded_height, layout.padded_width, channels});
}

/// The learned bias of every head for every pair of tokens, and the mask.
TensorId adjusted_scores(Builder& net, const std::string& name, const Layout& layout, std::int64_t heads, bool shifted, TensorId scores) {
  const std::int64_t distances = (2 * kWindow - 1) * (2 * kWindow - 1);
  const TensorId table = net.parameter(inside(name, "relative_position_bias_table"), {distances, heads}, kBiasTable);
  const TensorId index =
      net.table(inside(name, "relative_position_index"), {kTokens * kTokens}, ElementType::i64, graph::Role::buffer, relative_positions());
  TensorId bias = net.gather(inside(name, "relative_position_bias"), table, index);
  bias = net.reshape(inside(name, "bias_of_pairs"), bias, {kTokens, kTokens, heads});
  bias = net.transpose(inside(name, "bias_of_heads"), bias, {2, 0, 1});
  scores = net.add(inside(name, "biased"), scores, bias);
  if (!shifted) return scores;
  scores = net.reshape(inside(name, "scores_by_window"), scores, {-1, layout.windows(), heads, kTokens, kTokens});
  scores = net.add(inside(name, "masked"), scores, layout.mask);
  return net.reshape(inside(name, "masked_scores"), scores, {-1, heads, kTokens, kTokens});
}

TensorId window_attention(Builder& net, const std::string& name, const Layout& layout, std::int64_t heads, bool shifted, TensorId x) {
  const std::int64_t channels = net.shape(x)[3];
  const std::int64_t below = layout.padded_height - layout.height, right = layout.padded_width - layout.width;
  if (below > 0 || right > 0) x = net.node(inside(name, "pad"), graph::Pad{{0, 0, 0, 0, 0, below, right, 0}}, {x});
  if (shifted) {
    x = roll(net, inside(name, "rows_shifted"), x, 1, layout.row_shift);
    x = roll(net, inside(name, "columns_shifted"), x, 2, layout.column_shift);
  }
  x = into_windows(net, inside(name, "windows"), layout, x);
  x = net.linear(inside(name, "qkv"), x, {.features = 3 * channels, .draw = kAttentionDraw});
  x = attention(net, name, x, heads, [&](TensorId scores) { return adjusted_scores(net, name, layout, heads, shifted, scores); });
  x = net.linear(inside(name, "proj"), x, {.features = channels, .draw = graph::kLinear});
  x = from_windows(net, inside(name, "image"), layout, x);
  if (shifted) {
    x = roll(net, inside(name, "rows_back"), x, 1, layout.row_shift == 0 ? 0 : layout.padded_height - layout.row_shift);
    x = roll(net, inside(name, "columns_back"), x, 2, layout.column_shift == 0 ? 0 : layout.padded_width - layout.column_shift);
  }
  if (below > 0) x = net.node(inside(name, "rows_kept"), graph::Slice{1, 0, layout.height, 1}, {x});
  if (right > 0) x = net.node(inside(name, "columns_kept"), graph::Slice{2, 0, layout.width, 1}, {x});
  return x;
}

TensorId block(Builder& net, const std::string& name, const Layout& layout, std::int64_t heads, bool shifted, TensorId x) {
  TensorId branch = net.layer_norm(inside(name, "norm1"), x);
  branch = window_attention(net, inside(name, "attn"), layout, heads, shifted && layout.shifts(), branch);
  x = net.add(inside(name, "add"), x, branch);
  branch = net.layer_norm(inside(name, "norm2"), x);
  return net.add(inside(name, "add_1"), x, mlp(net, inside(name, "mlp"), branch, 4 * net.shape(x)[3]));
}

/// Half as many rows and columns: four neighbours become the features of one token.
TensorId merge_patches(Builder& net, const std::string& name, TensorId x) {
  const std::int64_t channels = net.shape(x)[3];
  const std::int64_t below = net.shape(x)[1] % 2, right = net.shape(x)[2] % 2;
  if (below > 0 || right > 0) x = net.node(inside(name, "pad"), graph::Pad{{0, 0, 0, 0, 0, below, right, 0}}, {x});
  const std::int64_t rows = net.shape(x)[1] / 2, columns = net.shape(x)[2] / 2;
  x = net.reshape(inside(name, "cut"), x, {0, rows, 2, columns, 2, channels});
  // Features of a token: both rows of the left column, then both of the right one.
  x = net.transpose(inside(name, "neighbours"), x, {0, 1, 3, 4, 2, 5});
  x = net.reshape(inside(name, "merged"), x, {0, rows, columns, 4 * channels});
  x = net.layer_norm(inside(name, "norm"), x);
  return net.linear(inside(name, "reduction"), x, {.features = 2 * channels, .bias = false, .draw = graph::kLinear});
}

graph::Graph build_swin(const std::string& network, std::int64_t channels, const std::vector<Stage>& stages, const BuildOptions& options) {
  Builder net(network);
  TensorId x = image_input(net, options, kInputSize);
  x = net.conv("features.0.0", x, {.channels = channels, .kernel = 4, .stride = 4, .draw = graph::kLinear});
  x = net.layer_norm("features.0.2", channels_last(net, "features.0.1", x));
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i > 0) x = merge_patches(net, "features." + std::to_string(2 * i), x);
    const std::string stage = "features." + std::to_string(2 * i + 1);
    const Layout layout = layout_of(net, network, stage, x, stages[i].blocks > 1);
    for (std::int64_t index = 0; index < stages[i].blocks; ++index) {
      x = block(net, inside(stage, std::to_string(index)), layout, stages[i].heads, index % 2 == 1, x);
    }
  }
  x = channels_first(net, "permute", net.layer_norm("norm", x));
  x = net.flatten("flatten", net.global_average_pool("avgpool", x));
  return net.finish(net.linear("head", x, {.features = options.classes, .draw = graph::kLinear}));
}

}  // namespace

std::vector<Network> swin_networks() {
  const std::vector<Stage> tiny{{2, 3}, {2, 6}, {6, 12}, {2, 24}};
  return {{.name = "swin_t",
           .family = "swin",
           .year = 2021,
           .paper = "Liu and others: Swin transformer: hierarchical vision transformer using shifted windows, ICCV 2021",
           .input_size = kInputSize,
           .preprocessing = {.resize_to = 232, .interpolation = Interpolation::bicubic},
           .published = Published{81.474, 95.776, kTorchvisionV1},
           .build = [tiny](const BuildOptions& options) { return build_swin("swin_t", 96, tiny, options); }}};
}

}  // namespace inferometer::zoo
