/// Run one node of a plan.
#pragma once

#include <span>

#include "engine/engine.h"
#include "kernel.h"
#include "plan.h"

namespace inferometer::reference {

/// The memory of one request.
struct Memory {
  const Plan& plan;
  std::span<const engine::TensorView> inputs;
  float* arena = nullptr;

  /// Elements of a tensor. Writable only for activations.
  float* data(graph::TensorId id) const;
  /// Elements of a stored i64 tensor.
  const std::int64_t* indices(graph::TensorId id) const;
};

/// Inputs of the node must have been computed.
void execute(const graph::Node& node, const Memory& memory, const Workspace& workspace);

}  // namespace inferometer::reference
