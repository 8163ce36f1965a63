/// Walk row-major over a result while reading other tensors at strides: broadcasting, transposing, reducing.
#pragma once

#include <array>

#include "kernel.h"

namespace inferometer::reference {

/// The result's sizes with, for each tensor read, the elements to step along each axis (0 where it is repeated).
template <std::size_t Tensors>
struct Walk {
  std::size_t rank = 0;
  std::array<std::int64_t, kMostAxes> sizes{};
  std::array<std::array<std::int64_t, kMostAxes>, Tensors> strides{};

  void append(std::int64_t size, const std::array<std::int64_t, Tensors>& steps) {
    if (size == 1) return;
    // Axes that lie in one line for all tensors are one longer axis.
    bool joins = rank > 0;
    for (std::size_t t = 0; joins && t < Tensors; ++t) joins = strides[t][rank - 1] == steps[t] * size;
    if (!joins) ++rank;
    sizes[rank - 1] = (joins ? sizes[rank - 1] : 1) * size;
    for (std::size_t t = 0; t < Tensors; ++t) strides[t][rank - 1] = steps[t];
  }

  /// The last axis, along which a caller loops itself.
  std::int64_t row_length() const { return rank == 0 ? 1 : sizes[rank - 1]; }
  std::int64_t row_stride(std::size_t tensor) const { return rank == 0 ? 0 : strides[tensor][rank - 1]; }
  std::int64_t rows() const {
    std::int64_t product = 1;
    for (std::size_t axis = 0; axis + 1 < rank; ++axis) product *= sizes[axis];
    return product;
  }

  /// Where each tensor's elements of a row begin.
  std::array<std::int64_t, Tensors> offsets(std::int64_t row) const {
    std::array<std::int64_t, Tensors> result{};
    for (std::size_t axis = rank < 2 ? 0 : rank - 1; axis-- > 0;) {
      const std::int64_t position = row % sizes[axis];
      row /= sizes[axis];
      for (std::size_t t = 0; t < Tensors; ++t) result[t] += position * strides[t][axis];
    }
    return result;
  }
};

/// Row-major strides of a shape.
inline std::array<std::int64_t, kMostAxes> strides_of(Dimensions shape) {
  std::array<std::int64_t, kMostAxes> strides{};
  std::int64_t step = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

}  // namespace inferometer::reference
