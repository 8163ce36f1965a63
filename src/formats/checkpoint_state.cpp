#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "formats/checkpoint.h"
#include "formats/checkpoint_tensor.h"

namespace inferometer::formats {
namespace {

constexpr std::size_t kMeanInput = 3;  ///< of BatchNorm: x, scale, bias, mean, variance

}  // namespace

graph::Weights state_of(graph::Model model) {
  graph::Weights state;
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (tensor.role != graph::Role::parameter && tensor.role != graph::Role::buffer) continue;
    auto values = model.weights.extract(tensor.name);
    if (values.empty()) {
      throw Error(ErrorCode::input, one_line(fmt::format("{}: tensor {} has no values", model.graph.name, tensor.name)));
    }
    state.insert(std::move(values));
  }
  for (const graph::Node& node : model.graph.nodes) {
    if (!std::holds_alternative<graph::BatchNorm>(node.op)) continue;
    const auto counter = batch_counter_of(model.graph.tensors[node.inputs.at(kMeanInput)].name);
    if (counter) state.emplace(*counter, graph::Array{ElementType::i64, {}, std::vector<std::byte>(sizeof(std::int64_t))});
  }
  return state;
}

std::optional<std::string> batch_counter_of(std::string_view running_mean) {
  if (!running_mean.ends_with(kRunningMean)) return std::nullopt;
  return std::string(running_mean.substr(0, running_mean.size() - kRunningMean.size())).append(kBatchCounter);
}

}  // namespace inferometer::formats
