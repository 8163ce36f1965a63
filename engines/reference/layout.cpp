#include "layout.h"

#include <algorithm>

#include "walk.h"

namespace inferometer::reference {

namespace {

/// Copy `rows` runs of `length` elements that begin every so many elements on both sides.
void copy_rows(const float* from, std::int64_t from_pitch, float* to, std::int64_t to_pitch, std::int64_t rows, std::int64_t length,
               const Workspace& workspace) {
  workspace.pool.for_ranges(rows, std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(length, 1)),
                            [&](std::int64_t begin, std::int64_t end) {
                              for (std::int64_t row = begin; row < end; ++row)
                                std::copy_n(from + row * from_pitch, length, to + row * to_pitch);
                            });
}

}  // namespace

void place_part(std::int64_t axis, std::int64_t begin, Source part, Target y, const Workspace& workspace) {
  const std::size_t at = axis_of(axis, y.shape.size());
  const std::int64_t inner = count(y.shape.subspan(at + 1));
  copy_rows(part.data, part.shape[at] * inner, y.data + begin * inner, y.shape[at] * inner, count(y.shape.first(at)),
            part.shape[at] * inner, workspace);
}

void take_part(std::int64_t axis, std::int64_t begin, Source x, Target part, const Workspace& workspace) {
  const std::size_t at = axis_of(axis, x.shape.size());
  const std::int64_t inner = count(x.shape.subspan(at + 1));
  copy_rows(x.data + begin * inner, x.shape[at] * inner, part.data, part.shape[at] * inner, count(x.shape.first(at)),
            part.shape[at] * inner, workspace);
}

void slice(const graph::Slice& slice, Source x, Target y, const Workspace& workspace) {
  const std::size_t axis = axis_of(slice.axis, x.shape.size());
  const std::int64_t size = x.shape[axis];
  const std::int64_t begin = std::clamp<std::int64_t>(slice.begin < 0 ? slice.begin + size : slice.begin, 0, size);
  const auto strides = strides_of(x.shape);
  Walk<1> walk;
  for (std::size_t i = 0; i < y.shape.size(); ++i) walk.append(y.shape[i], {i == axis ? strides[i] * slice.step : strides[i]});
  const float* start = x.data + begin * strides[axis];
  const std::int64_t length = walk.row_length(), step = walk.row_stride(0);
  workspace.pool.for_ranges(walk.rows(), std::max<std::int64_t>(1, kGrain / length), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      const float* in = start + walk.offsets(row)[0];
      float* out = y.data + row * length;
      for (std::int64_t i = 0; i < length; ++i) out[i] = in[i * step];
    }
  });
}

void transpose(const graph::Transpose& transpose, Source x, Target y, const Workspace& workspace) {
  const auto strides = strides_of(x.shape);
  Walk<1> walk;
  for (std::size_t axis = 0; axis < y.shape.size(); ++axis) {
    walk.append(y.shape[axis], {strides[axis_of(transpose.permutation[axis], x.shape.size())]});
  }
  const std::int64_t length = walk.row_length(), step = walk.row_stride(0);
  workspace.pool.for_ranges(walk.rows(), std::max<std::int64_t>(1, kGrain / length), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      const float* in = x.data + walk.offsets(row)[0];
      float* out = y.data + row * length;
      for (std::int64_t i = 0; i < length; ++i) out[i] = in[i * step];
    }
  });
}

void gather(const graph::Gather& gather, Source x, const std::int64_t* indices, Dimensions index_shape, Target y,
            const Workspace& workspace) {
  const std::size_t at = axis_of(gather.axis, x.shape.size());
  const std::int64_t picked = count(index_shape), inner = count(x.shape.subspan(at + 1)), rows = count(x.shape.first(at)) * picked;
  workspace.pool.for_ranges(rows, std::max<std::int64_t>(1, kGrain / inner), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      const std::int64_t source = row / picked * x.shape[at] + indices[row % picked];
      std::copy_n(x.data + source * inner, inner, y.data + row * inner);
    }
  });
}

void pad(const graph::Pad& pad, Source x, Target y, const Workspace& workspace) {
  const std::size_t rank = x.shape.size(), last = rank - 1;
  const std::int64_t length = y.shape[last], shift = pad.pads[last];
  const auto strides = strides_of(x.shape);
  workspace.pool.for_ranges(count(y.shape) / length, std::max<std::int64_t>(1, kGrain / length),
                            [&](std::int64_t first_row, std::int64_t last_row) {
                              for (std::int64_t row = first_row; row < last_row; ++row) {
                                // Where this row of the result lies in x; outside it there is only the value.
                                std::int64_t rest = row, offset = 0;
                                bool inside = true;
                                for (std::size_t axis = last; axis-- > 0;) {
                                  const std::int64_t position = rest % y.shape[axis] - pad.pads[axis];
                                  rest /= y.shape[axis];
                                  inside = inside && position >= 0 && position < x.shape[axis];
                                  offset += position * strides[axis];
                                }
                                float* out = y.data + row * length;
                                const std::int64_t from = inside ? std::clamp<std::int64_t>(shift, 0, length) : length;
                                const std::int64_t to = inside ? std::clamp<std::int64_t>(shift + x.shape[last], from, length) : length;
                                std::fill(out, out + from, pad.value);
                                if (from < to) std::copy_n(x.data + offset + (from - shift), to - from, out + from);
                                std::fill(out + to, out + length, pad.value);
                              }
                            });
}

}  // namespace inferometer::reference
