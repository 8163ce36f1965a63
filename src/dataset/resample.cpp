#include "dataset/resample.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "dataset/line_filter.h"

namespace inferometer::dataset {
namespace {

double triangle(double x) {
  x = std::abs(x);
  return x < 1 ? 1 - x : 0;
}

/// Keys's cubic with a = -1/2.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/// One inside half a pixel; open at one end, so that a source midway between two targets counts once.
double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

constexpr double kLobes = 4;

double lanczos(double x) { return x >= -kLobes && x < kLobes ? sinc(x) * sinc(x / kLobes) : 0; }

struct Kernel {
  double support;  ///< beyond it on both sides the weight is 0
  double (*weight)(double);
};

/// Of every interpolation but nearest, which has none.
Kernel kernel_of(zoo::Interpolation interpolation) {
  switch (interpolation) {
    case zoo::Interpolation::bicubic: return {2, cubic};
    case zoo::Interpolation::area: return {0.5, box};
    case zoo::Interpolation::lanczos4: return {kLobes, lanczos};
    default: return {1, triangle};
  }
}

/// Weights of targets [from, from + wanted) when `source` pixels become `target`.
LineFilter make_filter(std::int64_t source, std::int64_t target, std::int64_t from, std::int64_t wanted, zoo::Interpolation interpolation) {
  const Kernel kernel = kernel_of(interpolation);
  const double scale = static_cast<double>(source) / static_cast<double>(target);
  const double stretch = std::max(scale, 1.0);  // shrinking widens the filter: that is the antialiasing
  const double support = kernel.support * stretch;
  LineFilter filter;
  filter.stride = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
  filter.weights.resize(filter.stride * static_cast<std::size_t>(wanted));
  std::vector<double> exact(filter.stride);
  for (std::int64_t i = 0; i < wanted; ++i) {
    const double centre = (static_cast<double>(from + i) + 0.5) * scale;
    const auto low = std::max<std::int64_t>(0, static_cast<std::int64_t>(centre - support + 0.5));
    const auto high = std::min<std::int64_t>(source, static_cast<std::int64_t>(centre + support + 0.5));
    const auto count = static_cast<std::size_t>(high - low);
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const double x = (static_cast<double>(low + static_cast<std::int64_t>(k)) - centre + 0.5) * (1.0 / stretch);
      exact[k] = kernel.weight(x);
      sum += exact[k];
    }
    std::int32_t* weights = filter.weights.data() + static_cast<std::size_t>(i) * filter.stride;
    for (std::size_t k = 0; k < count; ++k) {
      const double share = (sum != 0 ? exact[k] / sum : exact[k]) * (1 << kFractionBits);
      weights[k] = static_cast<std::int32_t>(share < 0 ? share - 0.5 : share + 0.5);
    }
    filter.first.push_back(low);
    filter.count.push_back(count);
  }
  return filter;
}

/// Rows [top, top + height) of `picture`, each made `window.part_width` wide.
Picture filter_rows(const Picture& picture, const ResizeWindow& window, std::int64_t top, std::int64_t height,
                    zoo::Interpolation interpolation) {
  Picture result{window.part_width, height, picture.channels, {}};
  const auto channels = static_cast<std::size_t>(picture.channels);
  const std::size_t in_bytes = static_cast<std::size_t>(picture.width) * channels;
  const std::size_t out_bytes = static_cast<std::size_t>(result.width) * channels;
  result.pixels.resize(out_bytes * static_cast<std::size_t>(height));
  const bool same_width = picture.width == window.width;
  const std::uint8_t* source = picture.pixels.data() + in_bytes * static_cast<std::size_t>(top);
  const auto rows = static_cast<std::size_t>(height);
  if (!same_width) {
    const LineFilter filter = make_filter(picture.width, window.width, window.left, window.part_width, interpolation);
    filter_along_rows(best_arithmetic(), {source, rows, in_bytes}, filter, channels, result.pixels.data());
    return result;
  }
  for (std::size_t y = 0; y < rows; ++y) {
    std::copy_n(source + y * in_bytes + static_cast<std::size_t>(window.left) * channels, out_bytes, result.pixels.data() + y * out_bytes);
  }
  return result;
}

/// Weighted sums of whole rows; `first_row` is the number of rows[0] in the picture that the filter was made for.
Picture filter_columns(const Picture& rows, const LineFilter& filter, std::int64_t first_row, std::int64_t height) {
  Picture result{rows.width, height, rows.channels, {}};
  const std::size_t bytes = static_cast<std::size_t>(rows.width * rows.channels);
  result.pixels.resize(bytes * static_cast<std::size_t>(height));
  const Rows source{rows.pixels.data(), static_cast<std::size_t>(rows.height), bytes};
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
    sum_rows(best_arithmetic(), source, filter.run(y), first_row, result.pixels.data() + y * bytes);
  }
  return result;
}

/// Source positions of targets; summed step by step, as Pillow does, so that ties fall to the same side.
std::vector<std::size_t> nearest_positions(std::int64_t source, std::int64_t target, std::int64_t from, std::int64_t wanted) {
  const double scale = static_cast<double>(source) / static_cast<double>(target);
  std::vector<std::size_t> positions;
  double at = scale * 0.5;
  for (std::int64_t i = 0; i < from + wanted; ++i, at += scale) {
    if (i >= from) positions.push_back(static_cast<std::size_t>(std::min<std::int64_t>(static_cast<std::int64_t>(at), source - 1)));
  }
  return positions;
}

Picture resize_nearest(const Picture& picture, const ResizeWindow& window) {
  const auto columns = nearest_positions(picture.width, window.width, window.left, window.part_width);
  const auto rows = nearest_positions(picture.height, window.height, window.top, window.part_height);
  const auto channels = static_cast<std::size_t>(picture.channels);
  Picture result{window.part_width, window.part_height, picture.channels, {}};
  result.pixels.resize(columns.size() * rows.size() * channels);
  std::uint8_t* out = result.pixels.data();
  for (const std::size_t row : rows) {
    const std::uint8_t* source = picture.pixels.data() + row * static_cast<std::size_t>(picture.width) * channels;
    for (const std::size_t column : columns) {
      for (std::size_t c = 0; c < channels; ++c) *out++ = source[column * channels + c];
    }
  }
  return result;
}

}  // namespace

Picture resize(const Picture& picture, const ResizeWindow& window, zoo::Interpolation interpolation) {
  const bool inside = window.left >= 0 && window.top >= 0 && window.part_width >= 1 && window.part_height >= 1 &&
                      window.left + window.part_width <= window.width && window.top + window.part_height <= window.height;
  if (!inside || picture.width < 1 || picture.height < 1) {
    throw Error(ErrorCode::internal, fmt::format("resize: a part of {} x {} at {},{} is not inside {} x {}", window.part_width,
                                                 window.part_height, window.left, window.top, window.width, window.height));
  }
  if (interpolation == zoo::Interpolation::nearest) return resize_nearest(picture, window);
  if (picture.height == window.height) return filter_rows(picture, window, window.top, window.part_height, interpolation);
  const LineFilter filter = make_filter(picture.height, window.height, window.top, window.part_height, interpolation);
  // Only rows that a wanted target needs are filtered along their length.
  const std::int64_t first = filter.first.front();
  const std::int64_t end = filter.first.back() + static_cast<std::int64_t>(filter.count.back());
  return filter_columns(filter_rows(picture, window, first, end - first, interpolation), filter, first, window.part_height);
}

}  // namespace inferometer::dataset
