#include "products.h"

#include <algorithm>
#include <array>

#include <cblas.h>

namespace inferometer::reference {

namespace {

blasint narrow(std::int64_t size) { return static_cast<blasint>(size); }

/// Batch dimensions of one operand of a matrix product: where its matrix for each batch of the result begins.
struct Operand {
  const float* data;
  Dimensions batches;
  std::int64_t rows, columns;

  const float* matrix(std::int64_t index, Dimensions result) const {
    std::int64_t offset = 0, step = rows * columns;
    for (std::size_t back = 1; back <= result.size(); ++back) {
      const std::int64_t position = index % result[result.size() - back];
      index /= result[result.size() - back];
      if (back > batches.size()) continue;
      const std::int64_t own = batches[batches.size() - back];
      if (own != 1) offset += position * step;
      step *= own;
    }
    return data + offset;
  }
};

Operand operand_of(Source source, bool is_left) {
  const Dimensions shape = source.shape;
  if (shape.size() == 1) return {source.data, {}, is_left ? 1 : shape[0], is_left ? shape[0] : 1};
  return {source.data, shape.first(shape.size() - 2), shape[shape.size() - 2], shape[shape.size() - 1]};
}

}  // namespace

void linear(Source x, Source weight, Source bias, Target y, const Workspace& workspace) {
  constexpr std::int64_t kTileOutputs = 128, kTileRows = 256;
  const std::int64_t inputs = x.shape.back(), outputs = y.shape.back(), rows = count(x.shape) / inputs;
  const std::int64_t output_tiles = (outputs + kTileOutputs - 1) / kTileOutputs, row_tiles = (rows + kTileRows - 1) / kTileRows;
  workspace.pool.for_each(output_tiles * row_tiles, [&](std::int64_t tile, int) {
    const std::int64_t first_output = tile % output_tiles * kTileOutputs, first_row = tile / output_tiles * kTileRows;
    const std::int64_t tile_outputs = std::min(kTileOutputs, outputs - first_output), tile_rows = std::min(kTileRows, rows - first_row);
    const float* in = x.data + first_row * inputs;
    const float* factors = weight.data + first_output * inputs;
    float* out = y.data + first_row * outputs + first_output;
    for (std::int64_t row = 0; row < tile_rows; ++row) {
      if (bias.data == nullptr) {
        std::fill(out + row * outputs, out + row * outputs + tile_outputs, 0.0f);
      } else {
        std::copy(bias.data + first_output, bias.data + first_output + tile_outputs, out + row * outputs);
      }
    }
    // With one row the product only streams the weights once; sgemm would copy them first.
    if (tile_rows == 1) {
      cblas_sgemv(CblasRowMajor, CblasNoTrans, narrow(tile_outputs), narrow(inputs), 1.0f, factors, narrow(inputs), in, 1, 1.0f, out, 1);
    } else {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, narrow(tile_rows), narrow(tile_outputs), narrow(inputs), 1.0f, in,
                  narrow(inputs), factors, narrow(inputs), 1.0f, out, narrow(outputs));
    }
  });
}

void matrix_product(Source a, Source b, Target y, const Workspace& workspace) {
  constexpr std::int64_t kTileRows = 64;
  const Operand left = operand_of(a, true), right = operand_of(b, false);
  // The result's batch dimensions are its shape without the matrix's axes; a vector operand leaves none behind.
  const std::size_t matrix_axes = (a.shape.size() > 1 ? 1U : 0U) + (b.shape.size() > 1 ? 1U : 0U);
  const Dimensions batches = y.shape.first(y.shape.size() - matrix_axes);
  const std::int64_t row_tiles = (left.rows + kTileRows - 1) / kTileRows;
  workspace.pool.for_each(count(batches) * row_tiles, [&](std::int64_t index, int) {
    const std::int64_t batch = index / row_tiles, first_row = index % row_tiles * kTileRows;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, narrow(std::min(kTileRows, left.rows - first_row)), narrow(right.columns),
                narrow(left.columns), 1.0f, left.matrix(batch, batches) + first_row * left.columns, narrow(left.columns),
                right.matrix(batch, batches), narrow(right.columns), 0.0f, y.data + (batch * left.rows + first_row) * right.columns,
                narrow(right.columns));
  });
}

}  // namespace inferometer::reference
