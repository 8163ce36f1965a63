/// A program as one optimised TorchScript function.
#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "torch/program.h"

namespace inferometer::engine {

/// What torch.jit.optimize_for_inference(torch.jit.trace(...)) gives: BatchNorm folded into convolutions, and on the processor
/// layers handed to oneDNN with weights in its layouts. Holds the weights itself. Threads: run() from any number side by side.
class TracedProgram {
 public:
  /// @param program  made for Caller::tracer; needed no longer afterwards
  /// @param examples  inputs of the shapes that all later ones have
  TracedProgram(const TorchProgram& program, const std::vector<at::Tensor>& examples);
  ~TracedProgram();
  TracedProgram(const TracedProgram&) = delete;
  TracedProgram& operator=(const TracedProgram&) = delete;

  /// As TorchProgram::run().
  std::vector<at::Tensor> run(const std::vector<at::Tensor>& inputs) const;

  /// Nodes of the optimised function that compute in oneDNN's layouts.
  std::size_t onednn_nodes() const { return onednn_nodes_; }

 private:
  struct Module;  // keeps TorchScript's headers, which take long to compile, out of this one
  std::unique_ptr<Module> module_;
  std::size_t onednn_nodes_ = 0;
};

}  // namespace inferometer::engine
