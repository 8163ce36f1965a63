#include <algorithm>
#include <array>
#include <cmath>

#include "predict/probe_kinds.h"

namespace inferometer::predict {
namespace {

using graph::Graph;
using graph::TensorId;

/// Two or three convolutions of which the last is added to what came in.
Graph residual(ProbeMaker& make, std::size_t) {
  const bool bottleneck = make.chance(0.5);
  const std::int64_t narrow = make.channels(32, bottleneck ? 256 : 384), wide = bottleneck ? 4 * narrow : narrow;
  TensorId x = make.inner(wide, std::min<std::int64_t>(make.map_for(wide), bottleneck ? 56 : 28));
  for (int i = 0; i < 4; ++i) {
    if (i >= 1 && !make.room_for(make.work_of(x, narrow, bottleneck ? 13 : 18))) break;
    TensorId y = x;
    if (bottleneck) {
      y = make.relu(make.norm(make.conv(y, narrow)));
      y = make.relu(make.norm(make.conv(y, narrow, 3)));
      y = make.norm(make.conv(y, wide));
    } else {
      y = make.relu(make.norm(make.conv(y, narrow, 3)));
      y = make.norm(make.conv(y, narrow, 3));
    }
    x = make.relu(make.net().add(make.next("add"), y, x));
  }
  return make.finish(x);
}

/// Expanded, depthwise, perhaps gated, projected, added.
Graph inverted(ProbeMaker& make, std::size_t number) {
  const std::int64_t narrow = make.channels(16, 192), expansion = make.one_of({3, 4, 6, 6}), wide = narrow * expansion,
                     kernel = make.one_of({3, 3, 5});
  const int kind = static_cast<int>(number % 4);
  const bool gated = make.chance(0.5), hard = kind == 1;
  std::int64_t map = make.map_for(wide);
  TensorId x = make.inner(narrow, map);
  for (int i = 0; i < 4; ++i) {
    if (i >= 1 && !make.room_for(make.work_of(x, wide, 2))) break;
    TensorId y = make.nonlinearity(make.conv(x, wide), kind);
    y = make.nonlinearity(make.conv(y, wide, kernel, 1, wide), kind);
    // A quarter of what came in, or of what it was widened to in whole eights: both are about.
    if (gated)
      y = make.squeeze_excitation(y, hard ? std::max<std::int64_t>(8, wide / 32 * 8) : std::max<std::int64_t>(4, narrow / 4), hard);
    x = make.net().add(make.next("add"), make.conv(y, narrow), x);
  }
  return make.finish(x);
}

/// A gate behind each plain convolution.
Graph gates(ProbeMaker& make, std::size_t number) {
  const std::int64_t channels = make.channels(32, 960);
  TensorId x = make.image(channels, make.map_for(channels));
  const int kind = static_cast<int>(make.random().below(3));
  for (int i = 0; i < 3; ++i) {
    x = make.nonlinearity(make.conv(x, channels, 3, 1, channels), kind);
    x = make.squeeze_excitation(x, make.size(6, std::max<std::int64_t>(16, channels / 4), make.one_of({1, 2, 4, 8})), number % 2 == 0);
  }
  return make.finish(x);
}

/// Several branches over the same input, concatenated.
Graph branches(ProbeMaker& make, std::size_t) {
  const std::int64_t in = make.channels(32, 480);
  TensorId x = make.inner(in, std::min<std::int64_t>(56, make.map_for(in)));
  for (int i = 0; i < 3; ++i) {
    std::vector<TensorId> parts;
    const int count = static_cast<int>(make.one_of({2, 2, 3, 4}));
    for (int part = 0; part < count; ++part) {
      const std::int64_t narrow = make.channels(16, 96), wide = make.channels(16, 160);
      if (!make.room_for(make.work_of(x, narrow, 1) +
                         make.work_of(x, wide, 9) * static_cast<double>(narrow) / static_cast<double>(make.net().channels(x))))
        break;
      TensorId y = x;
      if (part == 3) y = make.max_pool(y, 3, 1, 1);
      y = make.relu(make.conv(y, narrow));
      if (part == 1 || part == 2) y = make.relu(make.conv(y, wide, 3));
      parts.push_back(y);
    }
    if (parts.size() < 2) {
      if (i == 0) x = make.conv(x, 16);
      break;
    }
    x = make.net().concat(make.next("concat"), parts);
  }
  return make.finish(x);
}

/// Each layer reads what all before it made: norm, activation, convolution, twice, and a growing concatenation.
Graph dense(ProbeMaker& make, std::size_t) {
  const std::int64_t growth = make.one_of({12, 24, 32, 32, 48}), first = make.channels(48, 640);
  TensorId x = make.inner(first, std::min<std::int64_t>(56, make.map_for(2 * first)));
  for (int i = 0; i < 5; ++i) {
    if (i >= 2 && !make.room_for(make.work_of(x, 4 * growth, 1) + make.work_of(x, growth, 9))) break;
    TensorId y = make.conv(make.relu(make.norm(x)), 4 * growth);
    y = make.conv(make.relu(make.norm(y)), growth, 3);
    x = make.net().concat(make.next("concat"), {x, y});
  }
  return make.finish(make.relu(make.norm(x)));
}

/// Links to layers at distances of powers of two, each layer's input a concatenation of narrow maps.
Graph linked(ProbeMaker& make, std::size_t) {
  const std::int64_t growth = make.channels(16, 64), first = make.channels(32, 256);
  std::vector<TensorId> layers{make.inner(first, std::min<std::int64_t>(56, make.map_for(2 * first)))};
  for (int i = 1; i <= 6; ++i) {
    std::vector<TensorId> parts;
    for (int distance = 1; distance <= i && i % distance == 0; distance *= 2)
      parts.push_back(layers[static_cast<std::size_t>(i - distance)]);
    const TensorId x = parts.size() > 1 ? make.net().concat(make.next("concat"), parts) : parts[0];
    if (i > 2 && !make.room_for(make.work_of(x, growth, 9))) break;
    layers.push_back(make.relu(make.conv(x, growth, 3)));
  }
  return make.finish(layers.back());
}

TensorId shuffled(ProbeMaker& make, TensorId x, std::int64_t groups, bool five) {
  const Shape shape = make.net().shape(x);
  if (five) {
    x = make.net().reshape(make.next("apart"), x, {0, groups, shape[1] / groups, shape[2], shape[3]});
    x = make.net().transpose(make.next("deal"), x, {0, 2, 1, 3, 4});
  } else {
    x = make.net().reshape(make.next("apart"), x, {0, groups, shape[1] / groups, shape[2] * shape[3]});
    x = make.net().transpose(make.next("deal"), x, {0, 2, 1, 3});
  }
  return make.net().reshape(make.next("together"), x, {0, shape[1], shape[2], shape[3]});
}

/// Half of the channels pass, half are worked on, and both are dealt out anew.
Graph split_shuffle(ProbeMaker& make, std::size_t number) {
  const std::int64_t half = make.channels(24, 480), map = std::min<std::int64_t>(28, make.map_for(2 * half));
  TensorId x = make.inner(2 * half, map);
  for (int i = 0; i < 4; ++i) {
    if (i >= 1 && !make.room_for(make.work_of(x, half, 1))) break;
    const auto parts = make.net().split(make.next("split"), x, {half, half});
    TensorId y = parts[1];
    // Some without the convolutions, so that what moving costs is seen apart.
    if (number % 4 == 3) {
      y = make.relu(make.norm(y));
    } else {
      y = make.relu(make.conv(y, half));
      y = make.conv(y, half, 3, 1, half);
      y = make.relu(make.conv(y, half));
    }
    x = shuffled(make, make.net().concat(make.next("concat"), {parts[0], y}), 2, true);
  }
  return make.finish(x);
}

Graph group_shuffle(ProbeMaker& make, std::size_t) {
  const std::int64_t groups = make.one_of({2, 3, 4}), narrow = groups * make.size(12, 80, 1), wide = 4 * narrow;
  TensorId x = make.inner(wide, std::min<std::int64_t>(28, make.map_for(wide)));
  for (int i = 0; i < 3; ++i) {
    if (i >= 1 && !make.room_for(make.work_of(x, narrow, 2, 1, groups))) break;
    TensorId y = make.relu(make.conv(x, narrow, 1, 1, groups));
    y = shuffled(make, y, groups, false);
    y = make.conv(y, narrow, 3, 1, narrow);
    y = make.conv(y, wide, 1, 1, groups);
    x = make.relu(make.net().add(make.next("add"), y, x));
  }
  return make.finish(x);
}

/// Added in one part, concatenated in the other.
Graph dual_path(ProbeMaker& make, std::size_t) {
  const std::int64_t kept = make.channels(64, 256), growth = make.one_of({16, 24, 32, 64}), narrow = 32 * make.one_of({2, 3, 4});
  const std::int64_t map = std::min<std::int64_t>(28, make.map_for(kept + 4 * growth));
  TensorId x = make.inner(kept + 2 * growth, map);
  auto start = make.net().split(make.next("split"), x, {kept, 2 * growth});
  TensorId sum = start[0], rest = start[1];
  for (int i = 0; i < 3; ++i) {
    if (i >= 1 && !make.room_for(make.work_of(x, narrow, 2))) break;
    TensorId y = make.conv(make.relu(make.norm(x)), narrow);
    y = make.conv(make.relu(make.norm(y)), narrow, 3, 1, 32);
    y = make.conv(make.relu(make.norm(y)), kept + growth);
    const auto parts = make.net().split(make.next("split"), y, {kept, growth});
    sum = make.net().add(make.next("add"), sum, parts[0]);
    rest = make.net().concat(make.next("dense"), {rest, parts[1]});
    x = make.net().concat(make.next("join"), {sum, rest});
  }
  return make.finish(make.relu(make.norm(x)));
}

/// Depthwise, then layers over the channels of every pixel.
Graph channels_last(ProbeMaker& make, std::size_t) {
  const std::int64_t channels = make.one_of({64, 96, 128, 192, 256, 384}), map = make.one_of({7, 10, 14, 20, 28});
  TensorId x = make.image(channels, map);
  for (int i = 0; i < 3; ++i) {
    if (i >= 1 && !make.room_for(make.work_of(x, channels, 8))) break;
    TensorId y = make.conv(x, channels, 7, 1, channels);
    y = make.net().transpose(make.next("last"), y, {0, 2, 3, 1});
    y = make.net().layer_norm(make.next("norm"), y, 1e-6F);
    y = make.net().linear(make.next("wide"), y, {.features = 4 * channels});
    y = make.net().activation(make.next("gelu"), y, graph::ActivationKind::gelu);
    y = make.net().linear(make.next("narrow"), y, {.features = channels});
    y = make.net().transpose(make.next("first"), y, {0, 3, 1, 2});
    const TensorId scale = make.net().parameter(make.next("scale"), {channels, 1, 1}, {0.3F, 0.03F});
    x = make.net().add(make.next("add"), make.net().mul(make.next("scaled"), y, scale), x);
  }
  return make.finish(x);
}

/// Tokens that attend to each other.
Graph attention(ProbeMaker& make, std::size_t) {
  graph::Builder& net = make.net();
  const std::int64_t heads = make.one_of({3, 4, 6, 8, 12}), per_head = make.one_of({32, 64}), features = heads * per_head,
                     side = make.one_of({7, 10, 14});
  TensorId x = make.image(features, side);
  x = net.transpose("tokens", net.reshape("patches", x, {0, features, side * side}), {0, 2, 1});
  for (int i = 0; i < 2; ++i) {
    TensorId y = net.linear(make.next("qkv"), net.layer_norm(make.next("norm"), x), {.features = 3 * features});
    const auto parts = net.split(make.next("split"), y, {features, features, features}, 2);
    const auto by_head = [&](TensorId part, std::vector<std::int64_t> order) {
      part = net.reshape(make.next("heads"), part, {0, side * side, heads, per_head});
      return net.transpose(make.next("turned"), part, std::move(order));
    };
    const TensorId factor = net.constant(make.next("factor"), {1}, static_cast<float>(1 / std::sqrt(static_cast<double>(per_head))));
    const TensorId query = net.mul(make.next("scaled"), by_head(parts[0], {0, 2, 1, 3}), factor);
    TensorId scores = net.softmax(make.next("softmax"), net.matmul(make.next("scores"), query, by_head(parts[1], {0, 2, 3, 1})));
    y = net.matmul(make.next("context"), scores, by_head(parts[2], {0, 2, 1, 3}));
    y = net.reshape(make.next("joined"), net.transpose(make.next("back"), y, {0, 2, 1, 3}), {0, side * side, features});
    x = net.add(make.next("add"), x, net.linear(make.next("project"), y, {.features = features}));
    y = net.linear(make.next("wide"), net.layer_norm(make.next("norm"), x), {.features = 4 * features});
    y = net.activation(make.next("gelu"), y, graph::ActivationKind::gelu);
    x = net.add(make.next("add"), x, net.linear(make.next("narrow"), y, {.features = features}));
  }
  return make.finish_as_is(net.node("mean", graph::ReduceMean{{1}, false}, {x}));
}

/// Layers that networks have once or twice, each a few times in turn.
Graph rare(ProbeMaker& make, std::size_t number) {
  graph::Builder& net = make.net();
  const std::int64_t channels = make.channels(32, 512), map = make.one_of({7, 14, 28});
  TensorId x = make.image(channels, map);
  for (int i = 0; i < 3; ++i) {
    x = make.conv(x, channels);
    switch (number % 4) {
      case 0: x = net.adaptive_average_pool(make.next("adaptive"), x, graph::Extent(map == 7 ? 7 : 7 + i % 2)); break;
      case 1: x = net.node(make.next("pad"), graph::Pad{{0, 0, 1, 1, 0, 0, 1, 1}, 0}, {x}); break;
      case 2: x = net.node(make.next("slice"), graph::Slice{2, 0, net.shape(x)[2] - 1, 1}, {x}); break;
      default: x = net.add(make.next("shift"), x, net.parameter(make.next("by"), {1, channels, 1, 1}, {0, 0.1F})); break;
    }
  }
  return make.finish(x);
}

constexpr std::array kBlocks{ProbeKind{"residual", 16, residual},
                             ProbeKind{"inverted", 24, inverted},
                             ProbeKind{"gate", 14, gates},
                             ProbeKind{"branches", 16, branches},
                             ProbeKind{"dense", 12, dense},
                             ProbeKind{"linked", 8, linked},
                             ProbeKind{"split_shuffle", 16, split_shuffle},
                             ProbeKind{"group_shuffle", 8, group_shuffle},
                             ProbeKind{"dual_path", 6, dual_path},
                             ProbeKind{"channels_last", 6, channels_last},
                             ProbeKind{"attention", 6, attention},
                             ProbeKind{"rare", 8, rare}};

}  // namespace

std::span<const ProbeKind> block_probes() { return kBlocks; }

}  // namespace inferometer::predict
