/// Poolings with exactly the windows that Graph means, also where ATen's own would differ.
#pragma once

#include "torch/operators.h"

namespace inferometer::engine {

/// ATen's pooling where it has the same windows; else its pooling of an image padded by hand.
Call max_pool_call(const graph::MaxPool& pool, const CallContext& context);

/// The same. By hand: sums over windows, times one over the number of elements that Graph counts for each.
Call average_pool_call(const graph::AveragePool& pool, const CallContext& context);

}  // namespace inferometer::engine
