#include "normalization.h"

#include <algorithm>
#include <cmath>

namespace inferometer::reference {

void batch_norm(const graph::BatchNorm& norm, const BatchNormSources& sources, Target y, const Workspace& workspace) {
  const std::int64_t channels = y.shape[1], plane = count(y.shape.subspan(2));
  workspace.pool.for_ranges(y.shape[0] * channels, std::max<std::int64_t>(1, kGrain / plane), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t index = begin; index < end; ++index) {
      const std::int64_t c = index % channels;
      const double scale = sources.scale.data[c] / std::sqrt(static_cast<double>(sources.variance.data[c]) + norm.epsilon);
      const double shift = sources.bias.data[c] - sources.mean.data[c] * scale;
      const float* in = sources.x.data + index * plane;
      float* out = y.data + index * plane;
      for (std::int64_t i = 0; i < plane; ++i) out[i] = static_cast<float>(in[i] * scale + shift);
    }
  });
}

void local_response_norm(const graph::Lrn& lrn, Source x, Target y, const Workspace& workspace) {
  const std::int64_t channels = x.shape[1], plane = count(x.shape.subspan(2));
  const std::int64_t before = (lrn.size - 1) / 2, after = lrn.size - 1 - before;
  const double factor = static_cast<double>(lrn.alpha) / static_cast<double>(lrn.size);
  workspace.pool.for_ranges(
      x.shape[0] * channels, std::max<std::int64_t>(1, kGrain / 16 / plane), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t index = begin; index < end; ++index) {
          const std::int64_t channel = index % channels;
          const std::int64_t first = std::max<std::int64_t>(0, channel - before), last = std::min(channels - 1, channel + after);
          const float* image = x.data + (index - channel) * plane;
          for (std::int64_t i = 0; i < plane; ++i) {
            double squares = 0;
            for (std::int64_t c = first; c <= last; ++c) squares += static_cast<double>(image[c * plane + i]) * image[c * plane + i];
            y.data[index * plane + i] =
                static_cast<float>(x.data[index * plane + i] / std::pow(lrn.k + factor * squares, static_cast<double>(lrn.beta)));
          }
        }
      });
}

void layer_norm(const graph::LayerNorm& norm, Source x, Source scale, Source bias, Target y, const Workspace& workspace) {
  const std::int64_t length = count(x.shape.subspan(axis_of(norm.axis, x.shape.size())));
  const std::int64_t rows = count(x.shape) / length;
  workspace.pool.for_ranges(rows, std::max<std::int64_t>(1, kGrain / length), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float* in = x.data + row * length;
      float* out = y.data + row * length;
      double sum = 0, squares = 0;
      for (std::int64_t i = 0; i < length; ++i) sum += in[i];
      const double mean = sum / static_cast<double>(length);
      for (std::int64_t i = 0; i < length; ++i) squares += (in[i] - mean) * (in[i] - mean);
      const double factor = 1 / std::sqrt(squares / static_cast<double>(length) + norm.epsilon);
      for (std::int64_t i = 0; i < length; ++i) {
        const double shift = bias.data == nullptr ? 0 : bias.data[i];
        out[i] = static_cast<float>((in[i] - mean) * factor * scale.data[i] + shift);
      }
    }
  });
}

void softmax(const graph::Softmax& softmax, Source x, Target y, const Workspace& workspace) {
  const std::size_t axis = axis_of(softmax.axis, x.shape.size());
  const std::int64_t length = x.shape[axis], inner = count(x.shape.subspan(axis + 1));
  const std::int64_t rows = count(x.shape) / length;
  workspace.pool.for_ranges(rows, std::max<std::int64_t>(1, kGrain / 16 / length), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t start = row / inner * length * inner + row % inner;
      const float* in = x.data + start;
      float* out = y.data + start;
      float most = in[0];
      for (std::int64_t i = 1; i < length; ++i) most = std::max(most, in[i * inner]);
      double sum = 0;
      for (std::int64_t i = 0; i < length; ++i) sum += std::exp(static_cast<double>(in[i * inner]) - most);
      for (std::int64_t i = 0; i < length; ++i) {
        out[i * inner] = static_cast<float>(std::exp(static_cast<double>(in[i * inner]) - most) / sum);
      }
    }
  });
}

}  // namespace inferometer::reference
