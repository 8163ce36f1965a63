#include "convolution.h"

#include <algorithm>

#include <cblas.h>

namespace inferometer::reference {

namespace {

/// Sizes of one convolution, and how its output is cut into tiles: each is one matrix product of one thread.
struct Geometry {
  graph::Window window;
  std::int64_t batch, in_channels, height, width;    // of x
  std::int64_t out_channels, out_height, out_width;  // of y
  std::int64_t groups, group_in, group_out;
  std::int64_t pixels, depth;  // columns of the product; its inner dimension
  std::int64_t tile_columns, column_tiles, tile_rows, row_tiles;
  bool patches_are_pixels;  // a 1x1 convolution reads x as the matrix it is
};

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

Geometry geometry_of(const graph::Conv& conv, Dimensions x, Dimensions weight, Dimensions y) {
  // A tile's patches should stay in a core's cache, yet be wide enough for the product to run at speed.
  constexpr std::int64_t kTileElements = 1 << 18, kLeastColumns = 64, kMostColumns = 1024, kTiles = 4, kLeastRows = 32;
  Geometry g{};
  g.window = conv.window;
  g.batch = x[0], g.in_channels = x[1], g.height = x[2], g.width = x[3];
  g.out_channels = y[1], g.out_height = y[2], g.out_width = y[3];
  g.groups = conv.groups, g.group_in = g.in_channels / g.groups, g.group_out = g.out_channels / g.groups;
  g.pixels = g.out_height * g.out_width;
  g.depth = g.group_in * weight[2] * weight[3];
  const bool plain_window = g.window.kernel == std::array<std::int64_t, 2>{1, 1} && g.window.strides == std::array<std::int64_t, 2>{1, 1} &&
                            g.window.pads == std::array<std::int64_t, 4>{};
  g.patches_are_pixels = plain_window;
  const std::int64_t columns = std::clamp(kTileElements / g.depth, kLeastColumns, kMostColumns);
  g.column_tiles = divide_up(g.pixels, columns);
  g.tile_columns = divide_up(g.pixels, g.column_tiles);
  g.row_tiles =
      std::clamp<std::int64_t>(divide_up(kTiles, g.column_tiles * g.groups), 1, std::max<std::int64_t>(g.group_out / kLeastRows, 1));
  g.tile_rows = divide_up(g.group_out, g.row_tiles);
  return g;
}

/// One row of patches: what one tap of the kernel sees at output pixels [begin, end) of one input plane.
void gather_tap(const Geometry& g, const float* plane, std::int64_t ky, std::int64_t kx, std::int64_t begin, std::int64_t end, float* row) {
  const auto [stride_y, stride_x] = g.window.strides;
  const std::int64_t shift_y = ky * g.window.dilations[0] - g.window.pads[0];
  const std::int64_t shift_x = kx * g.window.dilations[1] - g.window.pads[1];
  // Columns of the output for which this tap lies inside the image.
  const std::int64_t first = shift_x >= 0 ? 0 : divide_up(-shift_x, stride_x);
  const std::int64_t last = g.width - 1 - shift_x < 0 ? 0 : (g.width - 1 - shift_x) / stride_x + 1;
  for (std::int64_t pixel = begin; pixel < end;) {
    const std::int64_t oy = pixel / g.out_width, ox = pixel % g.out_width;
    const std::int64_t run = std::min(g.out_width - ox, end - pixel);
    const std::int64_t iy = oy * stride_y + shift_y;
    const std::int64_t from = iy < 0 || iy >= g.height ? ox + run : std::clamp(first, ox, ox + run);
    const std::int64_t to = iy < 0 || iy >= g.height ? ox + run : std::clamp(last, from, ox + run);
    const float* line = plane + iy * g.width + shift_x;
    std::fill(row, row + (from - ox), 0.0f);
    if (stride_x == 1) {
      if (from < to) std::copy(line + from, line + to, row + (from - ox));
    } else {
      for (std::int64_t column = from; column < to; ++column) row[column - ox] = line[column * stride_x];
    }
    std::fill(row + (to - ox), row + run, 0.0f);
    row += run;
    pixel += run;
  }
}

void gather_patches(const Geometry& g, const float* planes, std::int64_t begin, std::int64_t end, float* patches) {
  for (std::int64_t channel = 0; channel < g.group_in; ++channel) {
    for (std::int64_t ky = 0; ky < g.window.kernel[0]; ++ky) {
      for (std::int64_t kx = 0; kx < g.window.kernel[1]; ++kx) {
        gather_tap(g, planes + channel * g.height * g.width, ky, kx, begin, end, patches);
        patches += end - begin;
      }
    }
  }
}

/// Fill a tile with the bias; the product is then added. Returns the factor of what is there already.
float prepare_tile(const float* bias, float* tile, std::int64_t rows, std::int64_t columns, std::int64_t pitch) {
  if (bias == nullptr) return 0;
  for (std::int64_t row = 0; row < rows; ++row) std::fill(tile + row * pitch, tile + row * pitch + columns, bias[row]);
  return 1;
}

void by_matrix_products(const Geometry& g, Source x, Source weight, Source bias, Target y, const Workspace& workspace) {
  const std::int64_t tiles = g.row_tiles * g.column_tiles;
  workspace.pool.for_each(g.batch * g.groups * tiles, [&](std::int64_t index, int worker) {
    const std::int64_t image = index / (g.groups * tiles), group = index / tiles % g.groups;
    const std::int64_t first_column = index % tiles / g.row_tiles * g.tile_columns, first_row = index % g.row_tiles * g.tile_rows;
    const std::int64_t columns = std::min(g.tile_columns, g.pixels - first_column), rows = std::min(g.tile_rows, g.group_out - first_row);
    if (columns <= 0 || rows <= 0) return;
    const float* planes = x.data + (image * g.in_channels + group * g.group_in) * g.height * g.width;
    const float* patches = planes + first_column;
    std::int64_t pitch = g.pixels;
    if (!g.patches_are_pixels) {
      gather_patches(g, planes, first_column, first_column + columns, workspace.of(worker));
      patches = workspace.of(worker);
      pitch = columns;
    }
    const std::int64_t out_channel = group * g.group_out + first_row;
    float* tile = y.data + (image * g.out_channels + out_channel) * g.pixels + first_column;
    const float kept = prepare_tile(bias.data == nullptr ? nullptr : bias.data + out_channel, tile, rows, columns, g.pixels);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<blasint>(rows), static_cast<blasint>(columns),
                static_cast<blasint>(g.depth), 1.0f, weight.data + out_channel * g.depth, static_cast<blasint>(g.depth), patches,
                static_cast<blasint>(pitch), kept, tile, static_cast<blasint>(g.pixels));
  });
}

/// Add one tap of a depthwise kernel to a whole output plane.
void add_tap(const Geometry& g, const float* plane, std::int64_t ky, std::int64_t kx, float factor, float* out) {
  const auto [stride_y, stride_x] = g.window.strides;
  const std::int64_t shift_y = ky * g.window.dilations[0] - g.window.pads[0];
  const std::int64_t shift_x = kx * g.window.dilations[1] - g.window.pads[1];
  const std::int64_t first = shift_x >= 0 ? 0 : divide_up(-shift_x, stride_x);
  const std::int64_t last = g.width - 1 - shift_x < 0 ? 0 : std::min(g.out_width, (g.width - 1 - shift_x) / stride_x + 1);
  for (std::int64_t oy = 0; oy < g.out_height; ++oy) {
    const std::int64_t iy = oy * stride_y + shift_y;
    if (iy < 0 || iy >= g.height) continue;
    const float* line = plane + iy * g.width + shift_x;
    float* row = out + oy * g.out_width;
    if (stride_x == 1) {
      for (std::int64_t ox = first; ox < last; ++ox) row[ox] += factor * line[ox];
    } else {
      for (std::int64_t ox = first; ox < last; ++ox) row[ox] += factor * line[ox * stride_x];
    }
  }
}

void by_loops(const Geometry& g, Source x, Source weight, Source bias, Target y, const Workspace& workspace) {
  workspace.pool.for_each(g.batch * g.out_channels, [&](std::int64_t index, int) {
    const std::int64_t image = index / g.out_channels, out_channel = index % g.out_channels;
    const float* plane = x.data + (image * g.in_channels + out_channel / g.group_out) * g.height * g.width;
    const float* taps = weight.data + out_channel * g.depth;
    float* out = y.data + index * g.pixels;
    std::fill(out, out + g.pixels, bias.data == nullptr ? 0.0f : bias.data[out_channel]);
    for (std::int64_t tap = 0; tap < g.depth; ++tap) {
      add_tap(g, plane, tap / g.window.kernel[1], tap % g.window.kernel[1], taps[tap], out);
    }
  });
}

bool is_direct(const Geometry& g, Depthwise depthwise) { return depthwise == Depthwise::direct && g.group_in == 1 && g.groups > 1; }

}  // namespace

std::size_t convolution_scratch(const graph::Conv& conv, Dimensions x, Dimensions weight, Dimensions y, Depthwise depthwise) {
  const Geometry g = geometry_of(conv, x, weight, y);
  return g.patches_are_pixels || is_direct(g, depthwise) ? 0 : static_cast<std::size_t>(g.depth * g.tile_columns);
}

void convolution(const graph::Conv& conv, Depthwise depthwise, Source x, Source weight, Source bias, Target y, const Workspace& workspace) {
  const Geometry g = geometry_of(conv, x.shape, weight.shape, y.shape);
  if (is_direct(g, depthwise)) {
    by_loops(g, x, weight, bias, y, workspace);
  } else {
    by_matrix_products(g, x, weight, bias, y, workspace);
  }
}

}  // namespace inferometer::reference
