#include "pooling.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace inferometer::reference {

namespace {

/// The taps of one window along one axis: positions start + tap * step.
struct Taps {
  std::int64_t start, step;
  std::int64_t first, last;  ///< taps inside the image, as a half-open range
  std::int64_t counted;      ///< taps inside the image or its padding
};

Taps taps_at(const graph::Window& window, std::size_t axis, std::int64_t output, std::int64_t size) {
  const std::int64_t kernel = window.kernel[axis], step = window.dilations[axis], pad_after = window.pads[axis + 2];
  Taps taps{output * window.strides[axis] - window.pads[axis], step, 0, 0, 0};
  for (std::int64_t tap = 0; tap < kernel; ++tap) {
    const std::int64_t position = taps.start + tap * step;
    if (position < 0) taps.first = tap + 1;
    if (position < size) taps.last = tap + 1;
    if (position < size + pad_after) taps.counted = tap + 1;
  }
  taps.last = std::max(taps.first, taps.last);
  return taps;
}

/// Call body(plane of x, plane of y) for every image and channel.
template <class Body>
void for_planes(Source x, Target y, const Workspace& workspace, const Body& body) {
  const std::int64_t in = x.shape[2] * x.shape[3], out = y.shape[2] * y.shape[3];
  const std::int64_t planes = x.shape[0] * x.shape[1];
  workspace.pool.for_ranges(planes, std::max<std::int64_t>(1, kGrain / std::max(in, out)), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t plane = begin; plane < end; ++plane) body(x.data + plane * in, y.data + plane * out);
  });
}

float mean_of_box(const float* plane, std::int64_t width, std::int64_t top, std::int64_t bottom, std::int64_t left, std::int64_t right) {
  double sum = 0;
  for (std::int64_t row = top; row < bottom; ++row) {
    for (std::int64_t column = left; column < right; ++column) sum += plane[row * width + column];
  }
  return static_cast<float>(sum / static_cast<double>((bottom - top) * (right - left)));
}

}  // namespace

void max_pool(const graph::MaxPool& pool, Source x, Target y, const Workspace& workspace) {
  const std::int64_t height = x.shape[2], width = x.shape[3];
  for_planes(x, y, workspace, [&](const float* in, float* out) {
    for (std::int64_t oy = 0; oy < y.shape[2]; ++oy) {
      const Taps rows = taps_at(pool.window, 0, oy, height);
      for (std::int64_t ox = 0; ox < y.shape[3]; ++ox) {
        const Taps columns = taps_at(pool.window, 1, ox, width);
        float best = -std::numeric_limits<float>::infinity();
        for (std::int64_t row = rows.first; row < rows.last; ++row) {
          const float* line = in + (rows.start + row * rows.step) * width + columns.start;
          for (std::int64_t column = columns.first; column < columns.last; ++column) {
            const float value = line[column * columns.step];
            if (value > best || std::isnan(value)) best = value;
          }
        }
        *out++ = best;
      }
    }
  });
}

void average_pool(const graph::AveragePool& pool, Source x, Target y, const Workspace& workspace) {
  const std::int64_t height = x.shape[2], width = x.shape[3];
  for_planes(x, y, workspace, [&](const float* in, float* out) {
    for (std::int64_t oy = 0; oy < y.shape[2]; ++oy) {
      const Taps rows = taps_at(pool.window, 0, oy, height);
      for (std::int64_t ox = 0; ox < y.shape[3]; ++ox) {
        const Taps columns = taps_at(pool.window, 1, ox, width);
        double sum = 0;
        for (std::int64_t row = rows.first; row < rows.last; ++row) {
          const float* line = in + (rows.start + row * rows.step) * width + columns.start;
          for (std::int64_t column = columns.first; column < columns.last; ++column) sum += line[column * columns.step];
        }
        const std::int64_t cells =
            pool.count_include_pad ? rows.counted * columns.counted : (rows.last - rows.first) * (columns.last - columns.first);
        *out++ = static_cast<float>(sum / static_cast<double>(cells));
      }
    }
  });
}

void adaptive_average_pool(Source x, Target y, const Workspace& workspace) {
  const std::int64_t height = x.shape[2], width = x.shape[3], rows = y.shape[2], columns = y.shape[3];
  for_planes(x, y, workspace, [&](const float* in, float* out) {
    for (std::int64_t oy = 0; oy < rows; ++oy) {
      for (std::int64_t ox = 0; ox < columns; ++ox) {
        *out++ = mean_of_box(in, width, oy * height / rows, ((oy + 1) * height + rows - 1) / rows, ox * width / columns,
                             ((ox + 1) * width + columns - 1) / columns);
      }
    }
  });
}

void global_average_pool(Source x, Target y, const Workspace& workspace) {
  for_planes(x, y, workspace, [&](const float* in, float* out) { *out = mean_of_box(in, x.shape[3], 0, x.shape[2], 0, x.shape[3]); });
}

}  // namespace inferometer::reference
