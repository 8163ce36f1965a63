#include "torch/trainer.h"

#include <cstring>
#include <utility>

#include <ATen/Context.h>
#include <ATen/core/Reduction.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>

#include "torch/errors.h"
#include "torch/thread_counts.h"

namespace inferometer::engine {
namespace {

constexpr const char* kDouble = "fp64";

TorchOptions options_of(const TrainerSettings& settings) {
  SessionSettings session;
  session.device = settings.device;
  session.precision = settings.precision == kDouble ? "fp32" : settings.precision;
  session.threads = settings.threads;
  session.batch = settings.batch;
  TorchOptions options = torch_options(session);
  if (settings.precision == kDouble) options.type = at::kDouble;
  // Half precisions would need scaled losses and copies of the parameters in fp32.
  if (options.type != at::kFloat && options.type != at::kDouble)
    throw Error(ErrorCode::unsupported, "torch trains in fp32 here, not in " + settings.precision);
  return options;
}

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& labels, at::Reduction::Reduction reduction, double smoothing) {
  return at::cross_entropy_loss(logits, labels, {}, reduction, kNoLabel, smoothing);
}

std::int64_t count_correct(const at::Tensor& logits, const at::Tensor& labels) {
  return at::argmax(logits.detach(), 1).eq(labels).sum().item<std::int64_t>();
}

}  // namespace

TorchTrainer::TorchTrainer(graph::Model model, const TrainerSettings& settings) : subject_(model.graph.name), settings_(settings) {
  translated(subject_, [&] { load(std::move(model), settings); });
}

void TorchTrainer::load(graph::Model model, const TrainerSettings& settings) {
  options_ = options_of(settings);
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  use_threads(settings.threads);
  if (model.graph.inputs.size() != 1 || model.graph.outputs.size() != 1)
    throw Error(ErrorCode::unsupported, "a network in training has one input and one output; this one has " +
                                            std::to_string(model.graph.inputs.size()) + " and " +
                                            std::to_string(model.graph.outputs.size()));
  program_ = std::make_unique<TorchProgram>(std::move(model), settings.batch, options_, Caller::trainer);
  const graph::Graph& graph = program_->graph();
  input_shape_ = program_->shape(graph.inputs[0]);
  const std::int64_t values = element_count(program_->shape(graph.outputs[0]));
  classes_ = values / settings.batch;

  std::vector<TorchOptimizer::Parameter> parameters;
  for (graph::TensorId id = 0; id < graph.tensors.size(); ++id) {
    if (graph.tensors[id].role != graph::Role::parameter) continue;
    at::Tensor value = program_->stored()[id];
    value.set_requires_grad(true);
    parameters.push_back({graph.tensors[id].name, value});
  }
  optimizer_ = std::make_unique<TorchOptimizer>(std::move(parameters), settings);
}

at::Tensor TorchTrainer::to_images(std::span<const float> images) const {
  if (static_cast<std::int64_t>(images.size()) != element_count(input_shape_))
    throw Error(ErrorCode::internal, "a batch of " + std::to_string(images.size()) + " values, needed are " + to_string(input_shape_));
  // Into memory of libtorch's own: which kernel path runs may depend on the alignment, and with it the last bit.
  at::Tensor copy = at::empty(input_shape_, at::kFloat);
  std::memcpy(copy.data_ptr(), images.data(), images.size_bytes());
  return copy.to(options_.device, options_.type);
}

at::Tensor TorchTrainer::to_labels(std::span<const std::int64_t> labels) const {
  if (static_cast<std::int64_t>(labels.size()) != settings_.batch)
    throw Error(ErrorCode::internal, std::to_string(labels.size()) + " labels of " + std::to_string(settings_.batch) + " images");
  at::Tensor copy = at::empty({settings_.batch}, at::kLong);
  std::memcpy(copy.data_ptr(), labels.data(), labels.size_bytes());
  return copy.to(options_.device);
}

at::Tensor TorchTrainer::logits(const at::Tensor& images, Mode mode) const {
  return program_->run({images}, {}, mode).front().reshape({settings_.batch, classes_});
}

BatchResult TorchTrainer::step(std::span<const float> images, std::span<const std::int64_t> labels, double learning_rate) {
  return translated(subject_, [&] {
    use_threads(settings_.threads);
    const at::Tensor wanted = to_labels(labels);
    optimizer_->clear_gradients();
    const at::Tensor scores = logits(to_images(images), Mode::training);
    const at::Tensor loss = cross_entropy(scores, wanted, at::Reduction::Mean, settings_.label_smoothing);
    loss.backward();
    optimizer_->step(learning_rate);
    return BatchResult{loss.item<double>(), count_correct(scores, wanted)};
  });
}

BatchResult TorchTrainer::evaluate(std::span<const float> images, std::span<const std::int64_t> labels) {
  return translated(subject_, [&] {
    use_threads(settings_.threads);
    const at::NoGradGuard quiet;
    const at::Tensor wanted = to_labels(labels);
    const at::Tensor scores = logits(to_images(images), Mode::inference);
    return BatchResult{cross_entropy(scores, wanted, at::Reduction::Sum, 0).item<double>(), count_correct(scores, wanted)};
  });
}

graph::Weights TorchTrainer::state() const {
  return translated(subject_, [&] {
    graph::Weights state;
    const graph::Graph& graph = program_->graph();
    for (graph::TensorId id = 0; id < graph.tensors.size(); ++id)
      if (program_->stored()[id].defined()) state.emplace(graph.tensors[id].name, to_array(program_->stored()[id]));
    optimizer_->add_state(state);
    return state;
  });
}

void TorchTrainer::set_state(const graph::Weights& state) {
  translated(subject_, [&] {
    const graph::Graph& graph = program_->graph();
    for (graph::TensorId id = 0; id < graph.tensors.size(); ++id)
      if (program_->stored()[id].defined()) copy_from(state, graph.tensors[id].name, program_->stored()[id]);
    optimizer_->set_state(state);
  });
}

}  // namespace inferometer::engine
