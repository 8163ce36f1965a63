/// The windows of adaptive average pooling (PyTorch): output i of n averages inputs floor(i s / n) to ceil((i + 1) s / n).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace inferometer::formats {

struct UniformWindow {
  std::int64_t kernel = 1, stride = 1;
};

/// First input of a window.
inline std::int64_t window_begin(std::int64_t size, std::int64_t out, std::int64_t i) { return i * size / out; }
/// One past its last input.
inline std::int64_t window_end(std::int64_t size, std::int64_t out, std::int64_t i) { return ((i + 1) * size + out - 1) / out; }

/// Kernel and stride of an ordinary pooling without padding that has the same windows along one axis, where there is one.
inline std::optional<UniformWindow> uniform_window(std::int64_t size, std::int64_t out) {
  constexpr std::int64_t kLargest = 1 << 24;
  if (size < 1 || out < 1 || size > kLargest || out > size) return std::nullopt;
  UniformWindow window;
  window.kernel = window_end(size, out, 0);
  window.stride = out > 1 ? window_begin(size, out, 1) : window.kernel;
  for (std::int64_t i = 0; i < out; ++i) {
    if (window_begin(size, out, i) != i * window.stride || window_end(size, out, i) != i * window.stride + window.kernel)
      return std::nullopt;
  }
  return window;
}

/// The averaging as a matrix [size, out], row-major: to be multiplied from the right.
inline std::vector<float> averaging_matrix(std::int64_t size, std::int64_t out) {
  std::vector<float> matrix(static_cast<std::size_t>(size * out), 0.0F);
  for (std::int64_t i = 0; i < out; ++i) {
    const std::int64_t begin = window_begin(size, out, i), end = window_end(size, out, i);
    for (std::int64_t j = begin; j < end; ++j) matrix[static_cast<std::size_t>(j * out + i)] = 1.0F / static_cast<float>(end - begin);
  }
  return matrix;
}

}  // namespace inferometer::formats
