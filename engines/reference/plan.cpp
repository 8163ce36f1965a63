#include "plan.h"

#include <algorithm>
#include <limits>
#include <string>

#include "arena_layout.h"
#include "base/error.h"
#include "base/text.h"

namespace inferometer::reference {

namespace {

using graph::kNoTensor;
using graph::Role;
using graph::TensorId;

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

/// The same elements in the same order, under another shape.
bool only_renames(const graph::Operator& op) {
  return std::holds_alternative<graph::Reshape>(op) || std::holds_alternative<graph::Flatten>(op) ||
         std::holds_alternative<graph::Identity>(op);
}

/// Kernels that may write over their first input.
bool works_in_place(const graph::Operator& op) {
  return std::holds_alternative<graph::Activation>(op) || std::holds_alternative<graph::BatchNorm>(op);
}

/// Which tensors are views of another one, and until which node each stored one is needed.
struct Lives {
  std::vector<TensorId> stored_as;
  std::vector<std::size_t> last_use;  ///< index of the node; kNever for outputs of the graph

  explicit Lives(const graph::Graph& graph) : stored_as(graph.tensors.size()), last_use(graph.tensors.size(), 0) {
    for (TensorId id = 0; id < stored_as.size(); ++id) stored_as[id] = id;
    for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
      const graph::Node& node = graph.nodes[index];
      if (only_renames(node.op)) stored_as[node.outputs[0]] = stored_as[node.inputs[0]];
      for (const TensorId id : node.inputs) {
        if (id != kNoTensor) last_use[stored_as[id]] = index;
      }
      for (const TensorId id : node.outputs) last_use[stored_as[id]] = std::max(last_use[stored_as[id]], index);
    }
    for (const TensorId id : graph.outputs) last_use[stored_as[id]] = kNever;
  }
};

}  // namespace

Plan::Plan(graph::Model model, std::int64_t batch, Depthwise depthwise)
    : model_(std::move(model)),
      depthwise_(depthwise),
      shapes_(graph::infer_shapes(model_.graph, batch)),
      places_(model_.graph.tensors.size()) {
  check();
  place_given_tensors();
  place_activations();
  measure_scratch();
}

void Plan::check() const {
  for (const graph::Node& node : graph().nodes) {
    const auto* gather = std::get_if<graph::Gather>(&node.op);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] != kNoTensor) check_tensor(node.inputs[i], gather != nullptr && i == 1 ? ElementType::i64 : ElementType::f32);
    }
    for (const TensorId id : node.outputs) check_tensor(id, ElementType::f32);
    if (gather != nullptr) check_indices(node, *gather);
  }
  for (const TensorId id : graph().inputs) check_tensor(id, ElementType::f32);
  for (const TensorId id : graph().outputs) check_tensor(id, ElementType::f32);
}

/// What the kernel reads without looking: a graph's tables may be replaced by a file's.
void Plan::check_indices(const graph::Node& node, const graph::Gather& gather) const {
  const Shape& x = shapes_[node.inputs[0]];
  const std::int64_t extent = x[axis_of(gather.axis, x.size())];
  const std::string& name = graph().tensors[node.inputs[1]].name;
  const graph::Array& array = model_.weights.find(name)->second;
  const auto* indices = reinterpret_cast<const std::int64_t*>(array.bytes.data());
  for (std::size_t i = 0; i < array.bytes.size() / sizeof(std::int64_t); ++i) {
    if (indices[i] >= 0 && indices[i] < extent) continue;
    throw Error(ErrorCode::input, graph().name + ": " + one_line(name) + " holds the index " + std::to_string(indices[i]) +
                                      ", which is not among " + std::to_string(extent) + " elements");
  }
}

void Plan::check_tensor(TensorId id, ElementType type) const {
  const graph::Tensor& tensor = graph().tensors[id];
  const std::string where = graph().name + ": " + one_line(tensor.name);
  if (tensor.type != type) {
    throw Error(ErrorCode::unsupported, where + " is " + std::string(name_of(tensor.type)) + ", the reference engine computes " +
                                            std::string(name_of(type)) + " here");
  }
  if (shapes_[id].size() > kMostAxes) {
    throw Error(ErrorCode::unsupported, where + " has " + std::to_string(shapes_[id].size()) + " dimensions, the reference engine takes " +
                                            std::to_string(kMostAxes));
  }
  // OpenBLAS counts rows and columns in 32 bits; a tensor beyond that is far beyond an image network.
  if (element_count(shapes_[id]) > std::numeric_limits<std::int32_t>::max()) {
    throw Error(ErrorCode::unsupported, where + " is " + to_string(shapes_[id]) + ", more elements than the reference engine takes",
                "use a smaller batch");
  }
  if (tensor.role == Role::activation || tensor.role == Role::input) return;
  const auto found = model_.weights.find(tensor.name);
  if (found == model_.weights.end()) throw Error(ErrorCode::input, where + " has no values");
  const graph::Array& array = found->second;
  if (array.type != type || array.shape != tensor.shape ||
      array.bytes.size() != static_cast<std::size_t>(element_count(tensor.shape)) * size_of(type)) {
    throw Error(ErrorCode::input, where + " has values of " + to_string(array.shape) + " " + std::string(name_of(array.type)) + ", not " +
                                      to_string(tensor.shape) + " " + std::string(name_of(type)));
  }
}

void Plan::place_given_tensors() {
  for (std::size_t index = 0; index < graph().inputs.size(); ++index) {
    places_[graph().inputs[index]] = {Place::Kind::input, index, nullptr, 0};
  }
  for (TensorId id = 0; id < places_.size(); ++id) {
    const auto found = model_.weights.find(graph().tensors[id].name);
    const Role role = graph().tensors[id].role;
    if (role == Role::activation || role == Role::input || found == model_.weights.end()) continue;
    places_[id] = {Place::Kind::weight, 0, &found->second, 0};
  }
}

void Plan::place_activations() {
  const Lives lives(graph());
  ArenaLayout arena;
  const auto floats = [&](TensorId id) { return static_cast<std::size_t>(element_count(shapes_[id])); };
  std::vector<bool> handed_on(places_.size(), false);  // its memory now belongs to a tensor computed in place
  for (std::size_t index = 0; index < graph().nodes.size(); ++index) {
    const graph::Node& node = graph().nodes[index];
    for (const TensorId id : node.outputs) {
      const TensorId stored = lives.stored_as[id];
      if (stored != id) {
        places_[id] = places_[stored];
        continue;
      }
      const TensorId source = lives.stored_as[node.inputs[0]];
      if (works_in_place(node.op) && places_[source].kind == Place::Kind::arena && lives.last_use[source] == index) {
        places_[id] = places_[source];
        handed_on[source] = true;
      } else {
        places_[id] = {Place::Kind::arena, 0, nullptr, arena.allocate(floats(id))};
      }
    }
    const auto release = [&](TensorId id) {
      if (id == kNoTensor) return;
      const TensorId stored = lives.stored_as[id];
      if (places_[stored].kind != Place::Kind::arena || lives.last_use[stored] != index || handed_on[stored]) return;
      arena.release(places_[stored].offset, floats(stored));
      handed_on[stored] = true;  // a node may name a tensor twice
    };
    for (const TensorId id : node.inputs) release(id);
    for (const TensorId id : node.outputs) release(id);
  }
  // An output that is the caller's or a weight's memory gets a block to be copied to.
  for (const TensorId id : graph().outputs) {
    const bool ours = places_[id].kind == Place::Kind::arena;
    output_offsets_.push_back(ours ? places_[id].offset : arena.allocate(floats(id)));
  }
  arena_floats_ = arena.size();
}

void Plan::measure_scratch() {
  for (const graph::Node& node : graph().nodes) {
    const auto* conv = std::get_if<graph::Conv>(&node.op);
    if (conv == nullptr) continue;
    const std::size_t needed =
        convolution_scratch(*conv, shapes_[node.inputs[0]], shapes_[node.inputs[1]], shapes_[node.outputs[0]], depthwise_);
    scratch_floats_ = std::max(scratch_floats_, needed);
  }
}

}  // namespace inferometer::reference
