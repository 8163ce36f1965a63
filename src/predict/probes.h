/// Generate micro-networks whose times teach the additive model.
///
/// A probe is a chain of equal layers, or a few blocks as networks have them, of random sizes, ending in a global average pooling, since a
/// large output costs much by itself. Nothing is taken from a network of the zoo. The same count and seed give the same probes on every
/// platform.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::predict {

struct Probe {
  std::string name;  ///< "depthwise-7": kind and number
  std::string kind;
  graph::Graph graph;
};

/// Raised whenever engines execute another thing of what the same count and seed give: timings of other probes must not be taken for
/// theirs.
inline constexpr int kProbesVersion = 2;

inline constexpr std::size_t kFewProbes = 24, kDefaultProbes = 280;

/// At least one of each kind. Throws Error{usage} when `count` is less than the kinds there are.
std::vector<Probe> generate_probes(std::size_t count, std::uint64_t seed);

}  // namespace inferometer::predict
