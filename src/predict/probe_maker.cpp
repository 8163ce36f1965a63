#include "predict/probe_maker.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "graph/prune.h"

namespace inferometer::predict {

using graph::TensorId;

std::int64_t ProbeMaker::size(std::int64_t low, std::int64_t high, std::int64_t step) {
  const double log_size =
      std::log(static_cast<double>(low)) + random_.uniform() * std::log(static_cast<double>(high) / static_cast<double>(low));
  const auto steps = static_cast<std::int64_t>(std::llround(std::exp(log_size) / static_cast<double>(step)));
  return std::clamp(steps * step, std::max(low, step), high);
}

std::int64_t ProbeMaker::channels(std::int64_t low, std::int64_t high) {
  constexpr std::array<std::int64_t, 16> kSteps{16, 8, 16, 1, 16, 8, 16, 4, 16, 8, 16, 1, 16, 8, 16, 4};
  const std::size_t place = chance(0.75) ? number_of_kind_ : random_.below(kSteps.size());
  return size(low, high, kSteps[place % kSteps.size()]);
}

std::int64_t ProbeMaker::map_for(std::int64_t channels) {
  // Networks widen as their maps shrink: at most 1.2 million values. Their widened maps come close to that, sizes drawn evenly seldom do.
  std::int64_t map =
      chance(0.15) ? 112 : one_of({7, 7, 8, 10, 12, 14, 14, 17, 19, 20, 24, 28, 28, 35, 40, 48, 56, 56, 71, 80, 96, 112, 112, 147});
  while (map > 7 && channels * map * map > 1'200'000) map = (map + 1) / 2;
  return map;
}

double ProbeMaker::work_of(TensorId x, std::int64_t channels, std::int64_t cells, std::int64_t stride, std::int64_t groups) const {
  const Shape& shape = net_.shape(x);
  const double points = shape.size() == 4 ? std::ceil(static_cast<double>(shape[2]) / static_cast<double>(stride)) *
                                                std::ceil(static_cast<double>(shape[3]) / static_cast<double>(stride))
                                          : 1;
  return points * static_cast<double>(shape[1]) / static_cast<double>(groups) * static_cast<double>(channels * cells);
}

TensorId ProbeMaker::conv(TensorId x, std::int64_t channels, graph::Extent kernel, std::int64_t stride, std::int64_t groups) {
  work_ += work_of(x, channels, kernel.height * kernel.width, stride, groups);
  return net_.conv(next("conv"), x,
                   {.channels = channels,
                    .kernel = kernel,
                    .stride = stride,
                    .padding = graph::Extent(kernel.height / 2, kernel.width / 2),
                    .groups = groups});
}

TensorId ProbeMaker::nonlinearity(TensorId x, int kind) {
  using enum graph::ActivationKind;
  switch (kind) {
    case 0: return net_.relu6(next("relu6"), x);
    case 1: return net_.activation(next("hard_swish"), x, hard_swish);
    case 2: return net_.activation(next("silu"), x, silu);
    default: return net_.relu(next("relu"), x);
  }
}

TensorId ProbeMaker::squeeze_excitation(TensorId x, std::int64_t squeezed, bool hard) {
  const std::int64_t channels = net_.channels(x);
  TensorId y = net_.global_average_pool(next("squeeze"), x);
  y = conv(y, squeezed);
  y = hard ? relu(y) : nonlinearity(y, 2);
  y = conv(y, channels);
  // 1/6 and 1/2: the hard sigmoid of MobileNetV3.
  y = hard ? net_.activation(next("gate"), y, graph::ActivationKind::hard_sigmoid, 1.0F / 6, 0.5F)
           : net_.activation(next("gate"), y, graph::ActivationKind::sigmoid);
  return net_.mul(next("scale"), x, y);
}

TensorId ProbeMaker::max_pool(TensorId x, std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
  return net_.max_pool(next("max_pool"), x, {.kernel = kernel, .stride = stride, .padding = padding});
}

TensorId ProbeMaker::average_pool(TensorId x, std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
  return net_.average_pool(next("average_pool"), x, {.kernel = kernel, .stride = stride, .padding = padding});
}

graph::Graph ProbeMaker::finish(TensorId x) {
  x = net_.global_average_pool("pool", x);
  return finish_as_is(net_.flatten("flat", x));
}

graph::Graph ProbeMaker::finish_as_is(TensorId x) {
  graph::Graph graph = net_.finish(x);
  // A branch that was begun and did not go on: engines drop it, so it must not be charged for.
  graph::prune(graph);
  return graph;
}

}  // namespace inferometer::predict
