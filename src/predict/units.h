/// Split a network into the units that engines execute, and say of each what an additive model may charge for.
///
/// A convolution takes its BatchNorm, its activation and the addition of a residual branch into its unit, since every engine that
/// we know fuses them. What a unit is charged for are amounts of columns: how many, multiply-accumulates, megabytes moved. Names of columns
/// end in what they count: `.count`, `.gmac` (10^9 multiply-accumulates), `.mb` (10^6 bytes of f32). Pure; threads: safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::predict {

/// So much of one column. Column names are a closed set of literals in units.cpp's tables, so a model's coefficients can be read by people.
using Amounts = std::map<std::string, double>;

/// Sizes of a unit that must lie where calibration has been: "channels" 64, "kernel" 3, ...
using Extents = std::map<std::string, double>;
/// Extents of which less than was timed is no guess.
inline constexpr const char* kMegabytesExtent = "megabytes";  ///< read and written
inline constexpr const char* kWorkExtent = "gmac";

struct Unit {
  std::string layer;      ///< name of the node that decides the kind
  std::string operation;  ///< of that node, as tables show it: "Conv"
  std::string kind;       ///< "pointwise", "depthwise", "pool", ...
  Amounts amounts;
  Extents extents;
};

struct NetworkUnits {
  std::vector<Unit> units;  ///< in the order of their nodes; "input" first, "output" and "weights" last; a "reorder"
                            ///< has the name of the layer before which a map is laid out anew (layouts.h)
  std::int64_t block_channels = 0;
  double weights_mb = 0;      ///< all stored tensors
  double linear_mb = 0;       ///< those of them that linear layers and products of matrices read
  double live_mb = 0;         ///< most activations alive at one node, its inputs and outputs included
  double activations_mb = 0;  ///< outputs of all units
};

/// @param block_channels  of the CPU that runs the network: block_channels.h
/// Throws what infer_shapes() throws.
NetworkUnits units_of(const graph::Graph& graph, std::int64_t batch, std::int64_t block_channels);

/// Sums over all units.
Amounts total_amounts(const NetworkUnits& network);

}  // namespace inferometer::predict
