/// Name what every kernel takes: tensors whose shapes infer_shapes() has checked, and threads to spread over.
#pragma once

#include <cstdint>
#include <span>

#include "worker_pool.h"

namespace inferometer::reference {

/// More axes than any image network has; the plan refuses others, so kernels need no allocation for indices.
inline constexpr std::size_t kMostAxes = 8;

/// Pieces of element-wise work below this many elements cost more to hand out than to do.
inline constexpr std::int64_t kGrain = 16384;

using Dimensions = std::span<const std::int64_t>;

/// Row-major fp32 elements to read. Absent optional inputs have no data.
struct Source {
  const float* data = nullptr;
  Dimensions shape;
};

/// Row-major fp32 elements to write. May be the very memory of a source where a kernel's comment says so.
struct Target {
  float* data = nullptr;
  Dimensions shape;
};

/// What a request lends its kernels.
struct Workspace {
  WorkerPool& pool;
  float* scratch = nullptr;  ///< scratch_floats for each worker
  std::size_t scratch_floats = 0;
  float* of(int worker) const { return scratch + static_cast<std::size_t>(worker) * scratch_floats; }
};

inline std::int64_t count(Dimensions shape) {
  std::int64_t elements = 1;
  for (const std::int64_t dimension : shape) elements *= dimension;
  return elements;
}

/// Count from the end where negative, as ONNX does.
inline std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

}  // namespace inferometer::reference
