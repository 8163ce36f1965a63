#include "elementwise.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "walk.h"

namespace inferometer::reference {

namespace {

template <class Function>
void map(Source x, Target y, const Workspace& workspace, std::int64_t grain, const Function& function) {
  workspace.pool.for_ranges(count(y.shape), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) y.data[i] = function(x.data[i]);
  });
}

/// Comparisons are written so that NaN fails them and stays.
float limit(float value, float least, float most) { return value < least ? least : value > most ? most : value; }

double sigmoid(double value) { return 1 / (1 + std::exp(-value)); }

float exact_gelu(float value) {
  const double x = value;
  // erfc keeps the small tail of large negative x, where 1 + erf would cancel.
  return static_cast<float>(0.5 * x * std::erfc(-x / std::numbers::sqrt2));
}

template <class Function>
void combine_rows(const Walk<2>& walk, Source a, Source b, Target y, const Workspace& workspace, const Function& function) {
  const std::int64_t length = walk.row_length(), step_a = walk.row_stride(0), step_b = walk.row_stride(1);
  const auto row = [&](const float* left, const float* right, float* out, std::int64_t n) {
    if (step_a == 1 && step_b == 1) {
      for (std::int64_t i = 0; i < n; ++i) out[i] = function(left[i], right[i]);
    } else if (step_a == 1 && step_b == 0) {
      for (std::int64_t i = 0; i < n; ++i) out[i] = function(left[i], *right);
    } else {
      for (std::int64_t i = 0; i < n; ++i) out[i] = function(left[i * step_a], right[i * step_b]);
    }
  };
  if (walk.rows() == 1) {
    workspace.pool.for_ranges(length, kGrain, [&](std::int64_t begin, std::int64_t end) {
      row(a.data + begin * step_a, b.data + begin * step_b, y.data + begin, end - begin);
    });
    return;
  }
  workspace.pool.for_ranges(walk.rows(), std::max<std::int64_t>(1, kGrain / length), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t index = begin; index < end; ++index) {
      const auto offsets = walk.offsets(index);
      row(a.data + offsets[0], b.data + offsets[1], y.data + index * length, length);
    }
  });
}

}  // namespace

void activate(const graph::Activation& activation, Source x, Source slope, Target y, const Workspace& workspace) {
  using graph::ActivationKind;
  constexpr std::int64_t kCostly = kGrain / 16;
  const float alpha = activation.alpha, beta = activation.beta;
  switch (activation.kind) {
    case ActivationKind::relu: return map(x, y, workspace, kGrain, [](float v) { return v < 0 ? 0.0f : v; });
    case ActivationKind::clip: return map(x, y, workspace, kGrain, [=](float v) { return limit(v, alpha, beta); });
    case ActivationKind::leaky_relu: return map(x, y, workspace, kGrain, [=](float v) { return v < 0 ? alpha * v : v; });
    case ActivationKind::prelu_shared: return map(x, y, workspace, kGrain, [s = *slope.data](float v) { return v < 0 ? s * v : v; });
    case ActivationKind::sigmoid: return map(x, y, workspace, kCostly, [](float v) { return static_cast<float>(sigmoid(v)); });
    case ActivationKind::hard_sigmoid: return map(x, y, workspace, kGrain, [=](float v) { return limit(alpha * v + beta, 0, 1); });
    case ActivationKind::hard_swish: return map(x, y, workspace, kGrain, [](float v) { return v * limit(v + 3, 0, 6) / 6; });
    case ActivationKind::silu: return map(x, y, workspace, kCostly, [](float v) { return static_cast<float>(v * sigmoid(v)); });
    case ActivationKind::gelu: return map(x, y, workspace, kCostly, exact_gelu);
    case ActivationKind::tanh:
      return map(x, y, workspace, kCostly, [](float v) { return static_cast<float>(std::tanh(static_cast<double>(v))); });
    case ActivationKind::exp:
      return map(x, y, workspace, kCostly, [](float v) { return static_cast<float>(std::exp(static_cast<double>(v))); });
    case ActivationKind::sqrt: return map(x, y, workspace, kGrain, [](float v) { return std::sqrt(v); });
    case ActivationKind::erf:
      return map(x, y, workspace, kCostly, [](float v) { return static_cast<float>(std::erf(static_cast<double>(v))); });
  }
}

void combine(Arithmetic arithmetic, Source a, Source b, Target y, const Workspace& workspace) {
  const auto strides_a = strides_of(a.shape), strides_b = strides_of(b.shape);
  Walk<2> walk;
  for (std::size_t axis = 0; axis < y.shape.size(); ++axis) {
    const std::size_t back = y.shape.size() - axis;
    const auto step = [back](Dimensions shape, const auto& strides) {
      const bool there = back <= shape.size() && shape[shape.size() - back] != 1;
      return there ? strides[shape.size() - back] : 0;
    };
    walk.append(y.shape[axis], {step(a.shape, strides_a), step(b.shape, strides_b)});
  }
  switch (arithmetic) {
    case Arithmetic::add: return combine_rows(walk, a, b, y, workspace, [](float p, float q) { return p + q; });
    case Arithmetic::subtract: return combine_rows(walk, a, b, y, workspace, [](float p, float q) { return p - q; });
    case Arithmetic::multiply: return combine_rows(walk, a, b, y, workspace, [](float p, float q) { return p * q; });
    case Arithmetic::divide: return combine_rows(walk, a, b, y, workspace, [](float p, float q) { return p / q; });
  }
}

void reduce_mean(const graph::ReduceMean& reduce, Source x, Target y, const Workspace& workspace) {
  std::array<bool, kMostAxes> reduced{};
  for (const std::int64_t axis : reduce.axes) reduced[axis_of(axis, x.shape.size())] = true;
  if (reduce.axes.empty()) reduced.fill(true);  // ONNX: no axes means all
  const auto strides = strides_of(x.shape);
  Walk<1> kept, summed;
  std::int64_t cells = 1;
  for (std::size_t axis = 0; axis < x.shape.size(); ++axis) {
    (reduced[axis] ? summed : kept).append(x.shape[axis], {strides[axis]});
    if (reduced[axis]) cells *= x.shape[axis];
  }
  const std::int64_t length = kept.row_length(), step = kept.row_stride(0);
  workspace.pool.for_ranges(count(y.shape), std::max<std::int64_t>(1, kGrain / cells), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t index = begin; index < end; ++index) {
      const float* start = x.data + kept.offsets(index / length)[0] + index % length * step;
      double sum = 0;
      for (std::int64_t row = 0; row < summed.rows(); ++row) {
        const float* line = start + summed.offsets(row)[0];
        for (std::int64_t i = 0; i < summed.row_length(); ++i) sum += line[i * summed.row_stride(0)];
      }
      y.data[index] = static_cast<float>(sum / static_cast<double>(cells));
    }
  });
}

}  // namespace inferometer::reference
