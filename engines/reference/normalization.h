/// Normalise, with every sum, mean and exponential in double.
#pragma once

#include "graph/graph.h"
#include "kernel.h"

namespace inferometer::reference {

/// The five inputs of a batch normalisation at inference; each parameter is [C].
struct BatchNormSources {
  Source x, scale, bias, mean, variance;
};

/// y = (x - mean) / sqrt(variance + epsilon) * scale + bias, per channel (axis 1). y may be x.
void batch_norm(const graph::BatchNorm& norm, const BatchNormSources& sources, Target y, const Workspace& workspace);

/// y = x / (k + alpha / size * sum of squares over `size` neighbouring channels)^beta.
void local_response_norm(const graph::Lrn& lrn, Source x, Target y, const Workspace& workspace);

/// Over all axes from norm.axis on; scale and bias (or absent) have the shape of these axes.
void layer_norm(const graph::LayerNorm& norm, Source x, Source scale, Source bias, Target y, const Workspace& workspace);

/// Along one axis, after subtracting its maximum.
void softmax(const graph::Softmax& softmax, Source x, Target y, const Workspace& workspace);

}  // namespace inferometer::reference
