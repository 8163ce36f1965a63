/// Where a network's maps change their layout.
///
/// Engines for processors keep a map in blocks of as many channels as a vector has lanes (block_channels.h) wherever the layers at hand
/// have such kernels (ONNX Runtime's NCHWc, oneDNN's nChw16c). Where a layer has none, the map is laid out plainly before it, and in blocks
/// again behind it, which costs one pass over the map each. Which layers have such kernels follows what ONNX Runtime 1.31 was seen to do
/// (its profile names every change); where another engine does otherwise, the fit finds what the places cost there, if only nothing.
#pragma once

#include <vector>

#include "predict/unit_amounts.h"

namespace inferometer::predict {

/// One map that is laid out anew, once for all who read it so.
struct LayoutChange {
  graph::TensorId map;
  std::size_t reader;      ///< node that asks for it first; the number of nodes: the network's output
  bool to_blocks = false;  ///< else to the plain layout
};

/// In the order of the readers. Maps of one point have no layout. Pure.
std::vector<LayoutChange> layout_changes(const ShapedGraph& net);

}  // namespace inferometer::predict
