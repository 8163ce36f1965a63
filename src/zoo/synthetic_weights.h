/// Give a zoo network values without a checkpoint.
#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace inferometer::zoo {

/// Stored with every identity; raised whenever generated values change.
inline constexpr int kSyntheticWeightsVersion = 1;

/// Values for every parameter, buffer and constant of the graph. A table has its own (Tensor::values); the others follow
/// Tensor::initial: a counter-based generator (seed, tensor name, index) gives 24 bits, and one multiplication and addition make
/// the value, so that results are identical on every platform and for any number of threads. Where the centre is 0 no value is 0
/// or denormal.
/// @param threads  that compute, this one included; small networks use one
/// Throws Error{input} naming a parameter or buffer that would be constant (its Initial has no radius: a tensor that was read
/// from a file) or a table of another size, Error{unsupported} naming a tensor that is not f32 (tables: f32 or i64).
/// Threads: safe. Cost: about 1 ns a value.
graph::Weights synthetic_weights(const graph::Graph& graph, std::uint64_t seed, unsigned threads = 2);

}  // namespace inferometer::zoo
