/// Turn a model that computes in f32 into one that computes in f16.
///
/// Internal to formats. Weights and activations become IEEE binary16. Inputs and outputs stay f32, with a Cast behind and before
/// them, so callers notice nothing. Left in f32, between Casts, is what squares its input and so leaves binary16's range at
/// activations above 256: LRN, and the nodes that stand for LayerNorm. A Resize keeps its factors in f32, as ONNX wants them.
///
/// The file says what is asked. What an engine does with it is another matter: one without f16 kernels inserts Casts and computes in
/// f32 (docs/precision.md), so a row's precision is never taken from the file.
#pragma once

#include "formats/onnx_file.h"

namespace inferometer::formats {

/// @param message  of our own writer, nodes in topological order; changed in place
/// Throws Error{unsupported} naming a weight that is not finite or beyond 65504, which would become infinite.
void compute_in_half(OnnxMessage& message);

}  // namespace inferometer::formats
