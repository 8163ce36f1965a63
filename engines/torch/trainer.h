/// Train a Graph with libtorch's automatic differentiation.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/trainer.h"
#include "torch/optimizer.h"
#include "torch/program.h"
#include "torch/settings.h"

namespace inferometer::engine {

class TorchTrainer final : public Trainer {
 public:
  /// Errors as TrainerTable::create.
  TorchTrainer(graph::Model model, const TrainerSettings& settings);

  const Shape& input_shape() const override { return input_shape_; }
  std::int64_t classes() const override { return classes_; }
  BatchResult step(std::span<const float> images, std::span<const std::int64_t> labels, double learning_rate) override;
  BatchResult evaluate(std::span<const float> images, std::span<const std::int64_t> labels) override;
  graph::Weights state() const override;
  void set_state(const graph::Weights& state) override;

 private:
  void load(graph::Model model, const TrainerSettings& settings);
  at::Tensor to_images(std::span<const float> images) const;
  at::Tensor to_labels(std::span<const std::int64_t> labels) const;
  at::Tensor logits(const at::Tensor& images, Mode mode) const;

  std::string subject_;  // names the network in messages
  TrainerSettings settings_;
  TorchOptions options_;
  std::unique_ptr<TorchProgram> program_;
  std::unique_ptr<TorchOptimizer> optimizer_;
  Shape input_shape_;
  std::int64_t classes_ = 0;
};

}  // namespace inferometer::engine
