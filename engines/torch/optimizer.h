/// Change parameters by their gradients.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/trainer.h"

namespace inferometer::engine {

/// SGD and AdamW with the arithmetic of torch.optim (its documentation states both as algorithms). One thread at a time.
class TorchOptimizer {
 public:
  struct Parameter {
    std::string name;
    at::Tensor value;  ///< shared with the program; requires a gradient
  };
  TorchOptimizer(std::vector<Parameter> parameters, const TrainerSettings& settings);

  /// Forget the gradients of the step before.
  void clear_gradients();
  /// One step with the gradients that are there; a parameter without one stays.
  void step(double learning_rate);

  /// Running means of gradients and the count of steps, under kOptimizerPrefix.
  void add_state(graph::Weights& state) const;
  /// Throws as Trainer::set_state().
  void set_state(const graph::Weights& state);

 private:
  struct Slot {
    Parameter parameter;
    at::Tensor first, second;  ///< sgd: the velocity, -; adamw: means of gradients and of their squares
  };
  void step_sgd(Slot& slot, double learning_rate) const;
  void step_adamw(Slot& slot, double learning_rate) const;

  TrainerSettings settings_;
  std::vector<Slot> slots_;
  std::int64_t steps_ = 0;
};

/// A tensor's values as an array of f32 or f64, and back into a tensor that is there.
graph::Array to_array(const at::Tensor& tensor);
/// Throws Error{input} naming the tensor when it is missing or of another shape or type.
void copy_from(const graph::Weights& state, const std::string& name, const at::Tensor& tensor);

}  // namespace inferometer::engine
