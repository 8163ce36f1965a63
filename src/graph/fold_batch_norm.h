/// Fold BatchNorms into the convolutions before them.
#pragma once

#include "graph/graph.h"

namespace inferometer::graph {

/// The model with every BatchNorm that alone reads a convolution's output made part of it:
/// weight' = weight x s, bias' = (bias - mean) x s + shift with s = scale / sqrt(variance + epsilon), computed in double precision.
/// The convolution takes over the BatchNorm's output, and gets a bias tensor where it had none (`NAME.bias`). Weights that other nodes
/// read too are left alone, with their BatchNorm. @return as many nodes fewer as were folded.
/// Throws Error{input} naming a tensor without values or of another shape than the graph says.
Model fold_batch_norms(Model model);

}  // namespace inferometer::graph
