#include "torch/optimizer.h"

#include <cmath>
#include <cstring>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

#include "base/error.h"

namespace inferometer::engine {
namespace {

constexpr const char* kFirst = "first/";
constexpr const char* kSecond = "second/";
constexpr const char* kSteps = "steps";

std::string named(const char* part, const std::string& name = {}) { return kOptimizerPrefix + std::string(part) + name; }

ElementType element_type(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat: return ElementType::f32;
    case at::kDouble: return ElementType::f64;
    case at::kLong: return ElementType::i64;
    default: throw Error(ErrorCode::internal, "a trainer holds a tensor of a type that it cannot keep");
  }
}

}  // namespace

graph::Array to_array(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
  const auto* bytes = static_cast<const std::byte*>(plain.data_ptr());
  return {element_type(plain), plain.sizes().vec(), {bytes, bytes + plain.nbytes()}};
}

void copy_from(const graph::Weights& state, const std::string& name, const at::Tensor& tensor) {
  const auto found = state.find(name);
  if (found == state.end()) throw Error(ErrorCode::input, "the training's state has no tensor '" + name + "'");
  const graph::Array& array = found->second;
  if (array.shape != tensor.sizes().vec() || array.type != element_type(tensor) || array.bytes.size() != tensor.nbytes())
    throw Error(ErrorCode::input, "the training's state has '" + name + "' as " + to_string(array.shape) + " of " +
                                      std::string(name_of(array.type)) + ", needed is " + to_string(tensor.sizes().vec()) + " of " +
                                      std::string(name_of(element_type(tensor))));
  const at::NoGradGuard quiet;
  at::Tensor values = at::empty(tensor.sizes(), tensor.scalar_type());
  std::memcpy(values.data_ptr(), array.bytes.data(), array.bytes.size());
  tensor.copy_(values);
}

TorchOptimizer::TorchOptimizer(std::vector<Parameter> parameters, const TrainerSettings& settings) : settings_(settings) {
  const at::NoGradGuard quiet;
  for (Parameter& parameter : parameters) {
    Slot slot{std::move(parameter), {}, {}};
    const bool keeps_first = settings.optimizer == Optimizer::adamw || settings.momentum != 0;
    if (keeps_first) slot.first = at::zeros_like(slot.parameter.value);
    if (settings.optimizer == Optimizer::adamw) slot.second = at::zeros_like(slot.parameter.value);
    slots_.push_back(std::move(slot));
  }
}

void TorchOptimizer::clear_gradients() {
  for (Slot& slot : slots_) slot.parameter.value.mutable_grad().reset();
}

void TorchOptimizer::step(double learning_rate) {
  const at::NoGradGuard quiet;
  ++steps_;
  for (Slot& slot : slots_) {
    if (!slot.parameter.value.grad().defined()) continue;
    if (settings_.optimizer == Optimizer::sgd)
      step_sgd(slot, learning_rate);
    else
      step_adamw(slot, learning_rate);
  }
}

void TorchOptimizer::step_sgd(Slot& slot, double learning_rate) const {
  at::Tensor& value = slot.parameter.value;
  at::Tensor gradient = value.grad();
  if (settings_.weight_decay != 0) gradient = gradient.add(value, settings_.weight_decay);
  if (settings_.momentum != 0) {
    // The velocity begins at zero, so that the first step's is the gradient itself, as in torch.optim.
    slot.first.mul_(settings_.momentum).add_(gradient);
    gradient = settings_.nesterov ? gradient.add(slot.first, settings_.momentum) : slot.first;
  }
  value.add_(gradient, -learning_rate);
}

void TorchOptimizer::step_adamw(Slot& slot, double learning_rate) const {
  at::Tensor& value = slot.parameter.value;
  const at::Tensor gradient = value.grad();
  const auto steps = static_cast<double>(steps_);
  value.mul_(1 - learning_rate * settings_.weight_decay);
  slot.first.mul_(settings_.beta1).add_(gradient, 1 - settings_.beta1);
  slot.second.mul_(settings_.beta2).addcmul_(gradient, gradient, 1 - settings_.beta2);
  const double first_share = 1 - std::pow(settings_.beta1, steps), second_share = 1 - std::pow(settings_.beta2, steps);
  const at::Tensor spread = slot.second.sqrt().div_(std::sqrt(second_share)).add_(settings_.epsilon);
  value.addcdiv_(slot.first, spread, -learning_rate / first_share);
}

void TorchOptimizer::add_state(graph::Weights& state) const {
  for (const Slot& slot : slots_) {
    if (slot.first.defined()) state.emplace(named(kFirst, slot.parameter.name), to_array(slot.first));
    if (slot.second.defined()) state.emplace(named(kSecond, slot.parameter.name), to_array(slot.second));
  }
  graph::Array steps{ElementType::i64, {1}, std::vector<std::byte>(sizeof steps_)};
  std::memcpy(steps.bytes.data(), &steps_, sizeof steps_);
  state.emplace(named(kSteps), std::move(steps));
}

void TorchOptimizer::set_state(const graph::Weights& state) {
  for (const Slot& slot : slots_) {
    if (slot.first.defined()) copy_from(state, named(kFirst, slot.parameter.name), slot.first);
    if (slot.second.defined()) copy_from(state, named(kSecond, slot.parameter.name), slot.second);
  }
  const at::Tensor steps = at::empty({1}, at::kLong);
  copy_from(state, named(kSteps), steps);
  steps_ = *steps.data_ptr<std::int64_t>();
}

}  // namespace inferometer::engine
