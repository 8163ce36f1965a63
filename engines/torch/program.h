/// A Graph as a sequence of ATen calls.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "graph/graph.h"
#include "torch/operators.h"
#include "torch/settings.h"

namespace inferometer::engine {

/// Holds the weights as tensors of the session's device, type and memory format. Threads: run() from any number side by side.
class TorchProgram {
 public:
  /// For an eager caller activations overwrite their input where nobody else reads it, as PyTorch's modules with inplace=True.
  /// Takes the model apart: every array is freed as soon as its tensor is made.
  /// Throws what infer_shapes() throws; Error{input} for a missing or mis-shaped weight, Error{unsupported} for an input that
  /// is not f32 and for what ATen cannot do.
  TorchProgram(graph::Model model, std::int64_t batch, const TorchOptions& options, Caller caller);
  TorchProgram(const TorchProgram&) = delete;  // calls point into the graph
  TorchProgram& operator=(const TorchProgram&) = delete;

  const graph::Graph& graph() const { return graph_; }
  const Shape& shape(graph::TensorId id) const { return shapes_[id]; }

  /// Values of parameters, buffers and constants, by TensorId; undefined for the others. The program's own: who writes into them
  /// changes what it computes, and no run() may be going on.
  const std::vector<at::Tensor>& stored() const { return stored_; }

  /// @param inputs  one per graph input, of the session's device, type and memory format; never written to
  /// @param times_us  empty, or one per node, which gets the time of its call
  /// @return one per graph output; may share memory with an input or a weight. An activation's memory goes back as soon as
  /// nobody needs it any more.
  /// @param mode  training: for a program of Caller::trainer, one run at a time; changes the running statistics
  std::vector<at::Tensor> run(const std::vector<at::Tensor>& inputs, std::span<double> times_us = {}, Mode mode = Mode::inference) const;

 private:
  struct Step {
    Call call;
    std::vector<graph::TensorId> last_read;  ///< tensors that no later step reads
  };
  void take_weights(graph::Weights& weights, const TorchOptions& options);
  void make_steps(const TorchOptions& options, Caller caller);
  std::vector<std::size_t> count_readers() const;
  bool may_overwrite(const graph::Node& node, const std::vector<std::size_t>& readers, const std::vector<const graph::Node*>& makers) const;

  graph::Graph graph_;
  std::vector<Shape> shapes_;
  std::vector<at::Tensor> stored_;  ///< by TensorId; undefined for what is computed or given
  std::vector<Step> steps_;         ///< by node
};

}  // namespace inferometer::engine
