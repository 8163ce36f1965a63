/// Convolve: patches of the image become columns of a matrix, then one matrix product per group.
#pragma once

#include <cstdint>

#include "graph/graph.h"
#include "kernel.h"

namespace inferometer::reference {

/// How convolutions with one input channel per group are computed; it makes no difference to others.
enum class Depthwise : std::uint8_t {
  direct,   ///< a plain loop over the taps
  grouped,  ///< as any other: one small matrix product per group, as Caffe did
};

/// Floats of scratch memory that each worker needs.
std::size_t convolution_scratch(const graph::Conv& conv, Dimensions x, Dimensions weight, Dimensions y, Depthwise depthwise);

/// x [N, I, H, W], weight [O, I/groups, kh, kw], bias [O] or absent, y [N, O, OH, OW].
/// The order of additions depends on neither batch nor threads, so an image gives the same bits at every batch position.
void convolution(const graph::Conv& conv, Depthwise depthwise, Source x, Source weight, Source bias, Target y, const Workspace& workspace);

}  // namespace inferometer::reference
