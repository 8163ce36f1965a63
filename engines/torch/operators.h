/// One ATen call, or few, for every operator of Graph.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "graph/graph.h"

namespace inferometer::engine {

/// What a run is for.
enum class Mode : std::uint8_t {
  inference,
  training,  ///< BatchNorm normalises by the batch's own statistics and moves its running ones towards them
};

/// The tensors that a node reads, in the order of its inputs.
class Operands {
 public:
  /// @param values  by TensorId; both outlive the operands
  Operands(const std::vector<at::Tensor>& values, const std::vector<graph::TensorId>& ids, Mode mode)
      : values_(values), ids_(ids), mode_(mode) {}
  Mode mode() const { return mode_; }
  std::size_t size() const { return ids_.size(); }
  bool has(std::size_t index) const { return index < ids_.size() && ids_[index] != graph::kNoTensor; }
  const at::Tensor& operator[](std::size_t index) const { return values_[ids_[index]]; }

 private:
  const std::vector<at::Tensor>& values_;
  const std::vector<graph::TensorId>& ids_;
  Mode mode_;
};

/// Computes a node's outputs. Keeps nothing between calls, so any thread may call it.
using Call = std::function<std::vector<at::Tensor>(const Operands&)>;

/// Who makes the calls.
enum class Caller : std::uint8_t {
  eager,    ///< the session itself, at every run
  tracer,   ///< TorchScript's tracer, once; its optimiser gets what it sees
  trainer,  ///< a trainer: what a gradient needs of an operator is kept, so nothing is overwritten
};

/// What is known of a node when its call is made.
struct CallContext {
  const graph::Node& node;           ///< outlives the call
  const std::vector<Shape>& shapes;  ///< of all tensors, by TensorId; read while the call is made only
  at::TensorOptions options;         ///< device and type of the arithmetic
  Caller caller = Caller::eager;
  bool in_place = false;  ///< nobody else reads the memory of the first input
};

/// Throws Error{unsupported} naming the node for what ATen cannot do.
Call call_of(const CallContext& context);

}  // namespace inferometer::engine
