/// Pool over height and width. How an output size was rounded shows in y's shape alone.
#pragma once

#include "graph/graph.h"
#include "kernel.h"

namespace inferometer::reference {

/// The largest element of each window, NaN if one is in it; padding does not take part.
void max_pool(const graph::MaxPool& pool, Source x, Target y, const Workspace& workspace);

/// The mean of each window, summed in double. With count_include_pad the divisor counts cells of the image and its padding, but not
/// those that a rounded-up last window has beyond the padding: PyTorch's and Caffe's rule.
void average_pool(const graph::AveragePool& pool, Source x, Target y, const Workspace& workspace);

/// y decides the number of windows; window i of n covers [floor(i H / n), ceil((i + 1) H / n)).
void adaptive_average_pool(Source x, Target y, const Workspace& workspace);

/// y [N, C, 1, 1].
void global_average_pool(Source x, Target y, const Workspace& workspace);

}  // namespace inferometer::reference
