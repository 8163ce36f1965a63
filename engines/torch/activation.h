/// The activations of Graph as ATen calls.
#pragma once

#include "torch/operators.h"

namespace inferometer::engine {

/// In place, as PyTorch's modules do it, where context.in_place allows.
Call activation_call(const graph::Activation& activation, const CallContext& context);

}  // namespace inferometer::engine
