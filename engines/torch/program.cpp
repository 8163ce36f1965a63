#include "torch/program.h"

#include <array>
#include <chrono>
#include <cstring>
#include <utility>

#include <ATen/ops/empty.h>

#include "base/error.h"

namespace inferometer::engine {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::array<std::pair<ElementType, at::ScalarType>, 7> kStoredTypes{{{ElementType::f32, at::kFloat},
                                                                              {ElementType::f64, at::kDouble},
                                                                              {ElementType::u8, at::kByte},
                                                                              {ElementType::i8, at::kChar},
                                                                              {ElementType::i32, at::kInt},
                                                                              {ElementType::i64, at::kLong},
                                                                              {ElementType::boolean, at::kBool}}};

at::ScalarType stored_type(const graph::Tensor& tensor) {
  for (const auto& [ours, theirs] : kStoredTypes)
    if (tensor.type == ours) return theirs;
  throw Error(ErrorCode::unsupported, "torch: tensor '" + tensor.name + "' has element type " + std::string(name_of(tensor.type)));
}

/// A tensor with memory of libtorch's own (aligned as its kernels like it), of the session's device, type and format.
at::Tensor to_tensor(const graph::Tensor& tensor, const graph::Array& array, const TorchOptions& options) {
  at::Tensor result = at::empty(tensor.shape, stored_type(tensor));
  std::memcpy(result.data_ptr(), array.bytes.data(), array.bytes.size());
  // Index tables stay whole numbers.
  if (tensor.type == ElementType::f32) result = result.to(options.type);
  result = result.to(options.device);
  return result.dim() == 4 ? result.contiguous(options.format) : result;
}

bool is_view(const graph::Operator& op) {
  return std::holds_alternative<graph::Reshape>(op) || std::holds_alternative<graph::Flatten>(op) ||
         std::holds_alternative<graph::Transpose>(op) || std::holds_alternative<graph::Slice>(op) ||
         std::holds_alternative<graph::Split>(op) || std::holds_alternative<graph::Identity>(op);
}

}  // namespace

TorchProgram::TorchProgram(graph::Model model, std::int64_t batch, const TorchOptions& options, Caller caller)
    : graph_(std::move(model.graph)), shapes_(graph::infer_shapes(graph_, batch)), stored_(graph_.tensors.size()) {
  for (const graph::TensorId id : graph_.inputs) {
    const graph::Tensor& input = graph_.tensors[id];
    if (input.type != ElementType::f32)
      throw Error(ErrorCode::unsupported,
                  "torch: input '" + input.name + "' is " + std::string(name_of(input.type)) + ", only f32 is taken");
  }
  take_weights(model.weights, options);
  make_steps(options, caller);
}

void TorchProgram::take_weights(graph::Weights& weights, const TorchOptions& options) {
  for (graph::TensorId id = 0; id < graph_.tensors.size(); ++id) {
    const graph::Tensor& tensor = graph_.tensors[id];
    if (tensor.role == graph::Role::input || tensor.role == graph::Role::activation) continue;
    const auto found = weights.find(tensor.name);
    if (found == weights.end()) throw Error(ErrorCode::input, "torch: tensor '" + tensor.name + "' has no values");
    const graph::Array& array = found->second;
    const std::size_t bytes = static_cast<std::size_t>(element_count(tensor.shape)) * size_of(tensor.type);
    if (array.shape != tensor.shape || array.type != tensor.type || array.bytes.size() != bytes)
      throw Error(ErrorCode::input, "torch: tensor '" + tensor.name + "' is " + to_string(tensor.shape) + " in the graph, its values are " +
                                        to_string(array.shape) + " of " + std::string(name_of(array.type)));
    stored_[id] = to_tensor(tensor, array, options);
    weights.erase(found);
  }
}

std::vector<std::size_t> TorchProgram::count_readers() const {
  std::vector<std::size_t> readers(graph_.tensors.size());
  for (const graph::Node& node : graph_.nodes)
    for (const graph::TensorId id : node.inputs)
      if (id != graph::kNoTensor) ++readers[id];
  for (const graph::TensorId id : graph_.outputs) ++readers[id];
  return readers;
}

/// Only where this node alone reads what its input's maker computed into memory of its own: the memory of a view may be
/// somebody else's, that of an input or a weight always is.
bool TorchProgram::may_overwrite(const graph::Node& node, const std::vector<std::size_t>& readers,
                                 const std::vector<const graph::Node*>& makers) const {
  const graph::TensorId x = node.inputs[0];
  return readers[x] == 1 && makers[x] != nullptr && !is_view(makers[x]->op);
}

void TorchProgram::make_steps(const TorchOptions& options, Caller caller) {
  const std::vector<std::size_t> readers = count_readers();
  std::vector<const graph::Node*> makers(graph_.tensors.size());
  std::vector<std::size_t> left = readers;
  for (const graph::Node& node : graph_.nodes) {
    const CallContext context{node, shapes_, at::TensorOptions().device(options.device).dtype(options.type), caller,
                              caller == Caller::eager && may_overwrite(node, readers, makers)};
    Step step{call_of(context), {}};
    for (const graph::TensorId id : node.inputs) {
      if (id == graph::kNoTensor || stored_[id].defined()) continue;
      if (--left[id] == 0) step.last_read.push_back(id);
    }
    for (const graph::TensorId id : node.outputs) {
      makers[id] = &node;
      if (readers[id] == 0) step.last_read.push_back(id);
    }
    steps_.push_back(std::move(step));
  }
}

std::vector<at::Tensor> TorchProgram::run(const std::vector<at::Tensor>& inputs, std::span<double> times_us, Mode mode) const {
  std::vector<at::Tensor> values = stored_;  // handles, not copies
  for (std::size_t i = 0; i < inputs.size(); ++i) values[graph_.inputs[i]] = inputs[i];
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const graph::Node& node = graph_.nodes[i];
    const auto begin = times_us.empty() ? SteadyClock::time_point{} : SteadyClock::now();
    {
      std::vector<at::Tensor> results = steps_[i].call(Operands(values, node.inputs, mode));
      for (std::size_t output = 0; output < node.outputs.size(); ++output) values[node.outputs[output]] = std::move(results[output]);
    }
    if (!times_us.empty()) times_us[i] = std::chrono::duration<double, std::micro>(SteadyClock::now() - begin).count();
    for (const graph::TensorId id : steps_[i].last_read) values[id].reset();
  }
  std::vector<at::Tensor> outputs;
  for (const graph::TensorId id : graph_.outputs) outputs.push_back(values[id]);
  return outputs;
}

}  // namespace inferometer::engine
