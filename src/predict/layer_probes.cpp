#include <algorithm>
#include <array>

#include "predict/probe_kinds.h"

namespace inferometer::predict {
namespace {

using graph::Graph;
using graph::TensorId;

/// Layers in a chain.
int length(ProbeMaker& make) { return static_cast<int>(make.one_of({2, 3, 4, 5, 6, 8})); }

Graph pointwise(ProbeMaker& make, std::size_t) {
  const std::int64_t wide = make.channels(16, 1152), narrow = make.chance(0.4) ? wide : make.channels(8, 320);
  TensorId x = make.image(wide, make.map_for(std::max(wide, narrow)));
  const bool active = make.chance(0.6);
  for (int i = 0, n = length(make); i < n; ++i) {
    const std::int64_t channels = i % 2 == 0 ? narrow : wide;
    if (i >= 2 && !make.room_for(make.work_of(x, channels, 1))) break;
    x = make.conv(x, channels);
    if (active) x = make.relu(x);
  }
  return make.finish(x);
}

Graph convolution(ProbeMaker& make, std::size_t number) {
  // Every fourth with a kernel other than 3 x 3.
  constexpr std::array<graph::Extent, 4> kOthers{graph::Extent{1, 7}, graph::Extent{7, 1}, graph::Extent{5}, graph::Extent{1, 3}};
  const graph::Extent kernel = number % 4 == 3 ? kOthers[make.random().below(kOthers.size())] : graph::Extent{3};
  std::int64_t in = make.channels(8, 512);
  const std::int64_t out = make.chance(0.5) ? in : make.channels(8, 512);
  std::int64_t map = make.map_for(std::max(in, out));
  // One layer alone must fit.
  while (map > 7 && static_cast<double>(map * map * in * out * kernel.height * kernel.width) > ProbeMaker::kMost / 2) map = (map + 1) / 2;
  TensorId x = make.image(in, map);
  for (int i = 0, n = length(make); i < n; ++i) {
    const std::int64_t channels = i % 2 == 0 ? out : in;
    if (i >= 1 && !make.room_for(make.work_of(x, channels, kernel.height * kernel.width))) break;
    x = make.relu(make.conv(x, channels, kernel));
  }
  return make.finish(x);
}

Graph strided(ProbeMaker& make, std::size_t) {
  const std::int64_t in = make.channels(16, 512), out = make.chance(0.7) ? 2 * in : make.channels(16, 512), kernel = make.one_of({1, 3, 3});
  std::int64_t map = make.one_of({14, 28, 56, 112, 17, 35});
  while (map > 14 &&
         (in * map * map > 1'200'000 || static_cast<double>(map * map / 4 * in * out * kernel * kernel) > ProbeMaker::kMost / 2))
    map /= 2;
  TensorId x = make.image(in, map);
  x = make.relu(make.conv(x, out, kernel, 2));
  if (make.room_for(make.work_of(x, out, kernel * kernel, 2))) x = make.relu(make.conv(x, out, kernel, 2));
  return make.finish(x);
}

Graph stem(ProbeMaker& make, std::size_t) {
  const std::int64_t kernel = make.one_of({3, 3, 3, 5, 7, 7, 11}), stride = kernel == 11 ? 4 : make.one_of({1, 2, 2, 2});
  const std::int64_t map = stride == 1 ? make.one_of({32, 64, 112, 224}) : make.one_of({96, 160, 224, 224, 240, 299});
  std::int64_t channels = make.one_of({16, 24, 32, 32, 64, 64, 96});
  if (kernel >= 5 && stride == 1) channels = 16;
  TensorId x = make.image(3, map);
  x = make.relu(make.conv(x, channels, kernel, stride));
  if (make.chance(0.4)) x = make.max_pool(x, 3, 2, 1);
  return make.finish(x);
}

Graph depthwise(ProbeMaker& make, std::size_t number) {
  const std::int64_t channels = make.channels(16, 1152), map = make.map_for(channels), kernel = make.one_of({3, 3, 3, 5, 5, 7});
  const int kind = static_cast<int>(make.random().below(4));
  const bool strided = number % 3 == 1, active = make.chance(0.7);
  TensorId x = make.image(channels, map);
  for (int i = 0, n = strided ? 2 : length(make); i < n; ++i) {
    x = make.conv(x, channels, kernel, strided ? 2 : 1, channels);
    if (active) x = make.nonlinearity(x, kind);
  }
  return make.finish(x);
}

Graph grouped(ProbeMaker& make, std::size_t number) {
  // Taken in turn, not drawn: widths, strides and kernels meet in few probes else.
  constexpr std::array<std::int64_t, 8> kWidths{4, 8, 32, 8, 16, 40, 20, 8};
  const std::int64_t width = kWidths[number % kWidths.size()], groups = make.one_of({2, 3, 4, 8, 16, 32});
  const std::int64_t channels = width * groups, kernel = number % 5 == 4 ? 1 : 3, stride = number % 3 == 2 ? 2 : 1;
  TensorId x = make.image(channels, make.map_for(channels));
  for (int i = 0, n = stride == 2 ? 3 : length(make); i < n; ++i) {
    if (i >= 1 && !make.room_for(make.work_of(x, channels, kernel * kernel, stride, groups))) break;
    x = make.relu(make.conv(x, channels, kernel, stride, groups));
  }
  return make.finish(x);
}

Graph linear(ProbeMaker& make, std::size_t number) {
  // Some with weights of 40 to 260 MB: beyond any core's share of the last cache.
  constexpr std::array<std::int64_t, 3> kLarge{3200, 5200, 8000};
  const bool large = number < kLarge.size();
  const std::int64_t features = large ? kLarge[number] : make.size(128, 2600, 8);
  TensorId x = make.net().flatten("flat", make.image(features, 1));
  for (int i = 0, n = large ? 1 : length(make) / 2 + 1; i < n; ++i) {
    const std::int64_t outputs = large ? features : make.size(128, 2600, 8);
    x = make.net().linear(make.next("linear"), x, {.features = outputs});
    if (make.chance(0.5)) x = make.relu(x);
  }
  return make.finish_as_is(x);
}

Graph head(ProbeMaker& make, std::size_t) {
  const std::int64_t channels = make.channels(128, 2048);
  TensorId x = make.image(channels, make.one_of({4, 6, 7, 8, 10, 12}));
  x = make.net().flatten("flat", make.net().global_average_pool("pool", x));
  return make.finish_as_is(make.net().linear("head", x, {.features = make.one_of({10, 100, 1000, 1000, 1000})}));
}

Graph pooling(ProbeMaker& make, std::size_t number) {
  const std::int64_t channels = make.channels(16, 512), map = std::max<std::int64_t>(14, make.map_for(channels));
  const bool halves = make.chance(0.5);
  const std::int64_t kernel = halves ? make.one_of({2, 3}) : 3, padding = kernel == 3 ? 1 : 0;
  TensorId x = make.image(channels, map);
  for (int i = 0, n = halves ? 2 : 4; i < n; ++i) {
    x = number % 3 == 2 ? make.average_pool(x, kernel, halves ? 2 : 1, padding) : make.max_pool(x, kernel, halves ? 2 : 1, padding);
  }
  return make.finish(x);
}

Graph norms(ProbeMaker& make, std::size_t number) {
  const std::int64_t channels = make.channels(16, 1024);
  TensorId x = make.image(channels, make.map_for(channels));
  for (int i = 0, n = length(make); i < n; ++i) {
    x = make.max_pool(make.norm(x), 1, 1, 0);  // a pooling of one cell keeps engines from folding the norms into one
    if (number % 2 == 0) x = make.relu(x);
  }
  return make.finish(x);
}

Graph local_norm(ProbeMaker& make, std::size_t) {
  const std::int64_t channels = make.one_of({32, 64, 96, 192, 256});
  TensorId x = make.image(channels, make.map_for(channels));
  for (int i = 0; i < 2; ++i) x = make.relu(make.conv(make.net().node(make.next("lrn"), graph::Lrn{.size = 5}, {x}), channels, 1));
  return make.finish(x);
}

constexpr std::array kLayers{ProbeKind{"pointwise", 36, pointwise}, ProbeKind{"convolution", 44, convolution},
                             ProbeKind{"strided", 16, strided},     ProbeKind{"stem", 18, stem},
                             ProbeKind{"depthwise", 28, depthwise}, ProbeKind{"grouped", 28, grouped},
                             ProbeKind{"linear", 14, linear},       ProbeKind{"head", 8, head},
                             ProbeKind{"pooling", 14, pooling},     ProbeKind{"norm", 6, norms},
                             ProbeKind{"local_norm", 4, local_norm}};

}  // namespace

std::span<const ProbeKind> layer_probes() { return kLayers; }

}  // namespace inferometer::predict
