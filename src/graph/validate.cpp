#include <cmath>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/checked.h"
#include "graph/graph.h"
#include "graph/overloaded.h"
#include "graph/shapes.h"

namespace inferometer::graph {

namespace {

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

/// How many tensors an operator takes and gives. Inputs from `needed` on may be absent.
struct Arity {
  std::size_t needed;
  std::size_t most;
  std::size_t outputs;
};

constexpr Arity kUnary{1, 1, 1}, kBinary{2, 2, 1}, kWithBias{2, 3, 1};

Arity arity_of(const Operator& op) {
  return std::visit(Overloaded{
                        [](const Conv&) { return kWithBias; },
                        [](const BatchNorm&) {
                          return Arity{5, 5, 1};
                        },
                        [](const Activation& a) { return a.kind == ActivationKind::prelu_shared ? kBinary : kUnary; },
                        [](const MaxPool&) { return kUnary; },
                        [](const AveragePool&) { return kUnary; },
                        [](const AdaptiveAveragePool&) { return kUnary; },
                        [](const GlobalAveragePool&) { return kUnary; },
                        [](const ReduceMean&) { return kUnary; },
                        [](const Linear&) { return kWithBias; },
                        [](const MatMul&) { return kBinary; },
                        [](const Add&) { return kBinary; },
                        [](const Sub&) { return kBinary; },
                        [](const Mul&) { return kBinary; },
                        [](const Div&) { return kBinary; },
                        [](const Concat&) {
                          return Arity{1, kAny, 1};
                        },
                        [](const Split& split) {
                          return Arity{1, 1, split.sizes.size()};
                        },
                        [](const Slice&) { return kUnary; },
                        [](const Gather&) { return kBinary; },
                        [](const Reshape&) { return kUnary; },
                        [](const Transpose&) { return kUnary; },
                        [](const Flatten&) { return kUnary; },
                        [](const Pad&) { return kUnary; },
                        [](const Lrn&) { return kUnary; },
                        [](const Softmax&) { return kUnary; },
                        [](const LayerNorm&) { return kWithBias; },
                        [](const Identity&) { return kUnary; },
                    },
                    op);
}

/// The state of one validation: which tensors have a value so far.
class Validation {
 public:
  explicit Validation(const Graph& graph) : graph_(graph), available_(graph.tensors.size(), false) {}

  void run() {
    check_tensors();
    check_inputs();
    std::unordered_set<std::string_view> names;
    for (const Node& node : graph_.nodes) {
      if (node.name.empty()) fail(fmt::format("a {} node has no name", name_of(node.op)));
      if (!names.insert(node.name).second) fail(fmt::format("two nodes are named {}", node.name));
      check_node(node);
    }
    check_outputs();
  }

 private:
  [[noreturn]] void fail(const std::string& message) const { throw Error(ErrorCode::input, one_line(graph_.name + ": " + message)); }

  void check_tensors() {
    std::unordered_set<std::string_view> names;
    for (TensorId id = 0; id < graph_.tensors.size(); ++id) {
      const Tensor& tensor = graph_.tensors[id];
      if (tensor.name.empty()) fail("a tensor has no name");
      if (!names.insert(tensor.name).second) fail(fmt::format("two tensors are named {}", tensor.name));
      if (tensor.role == Role::activation) continue;
      if (tensor.role == Role::input) {
        check_input_shape(tensor);
        continue;
      }
      const std::int64_t count = checked_count(tensor.shape, graph_.name + ": " + tensor.name);
      if (!tensor.values.empty()) check_table(tensor, count);
      available_[id] = true;
    }
  }

  void check_table(const Tensor& tensor, std::int64_t count) const {
    const bool integers = tensor.type == ElementType::i64;
    if (!integers && tensor.type != ElementType::f32) fail(fmt::format("{} is a table of {}", tensor.name, name_of(tensor.type)));
    if (static_cast<std::int64_t>(tensor.values.size()) != count) {
      fail(fmt::format("{} of {} has {} values", tensor.name, to_string(tensor.shape), tensor.values.size()));
    }
    // Doubles hold integers exactly up to 2^53.
    constexpr double kLargest = 9007199254740992.0;
    for (const double value : tensor.values) {
      if (!integers || (std::trunc(value) == value && std::abs(value) <= kLargest)) continue;
      fail(fmt::format("{} holds {}, which is no 64-bit integer", tensor.name, value));
    }
  }

  void check_input_shape(const Tensor& tensor) {
    Shape shape = tensor.shape;
    if (!shape.empty() && shape[0] == kBatch) shape[0] = 1;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] < 1) {
        throw Error(ErrorCode::input,
                    one_line(fmt::format("{}: input {}: dimension {} of {} is not a positive number", graph_.name, tensor.name, axis,
                                         to_string(tensor.shape))),
                    shape[axis] < 0 ? "give the shape, e.g. --shape " + one_line(tensor.name) + "=1x3x224x224" : "");
      }
    }
    checked_count(shape, graph_.name + ": " + tensor.name);
  }

  void check_inputs() {
    for (const TensorId id : graph_.inputs) {
      if (id >= graph_.tensors.size()) fail("a graph input is no tensor of the graph");
      if (graph_.tensors[id].role != Role::input) fail(fmt::format("graph input {} has another role", graph_.tensors[id].name));
      if (available_[id]) fail(fmt::format("graph input {} is listed twice", graph_.tensors[id].name));
      available_[id] = true;
    }
    if (graph_.inputs.empty()) fail("the graph has no input");
  }

  void check_node(const Node& node) {
    check_arity(graph_, node);
    for (const TensorId id : node.inputs) {
      if (id == kNoTensor || available_[id]) continue;
      fail(fmt::format("{} ({}) reads {} before anything produces it", node.name, name_of(node.op), graph_.tensors[id].name));
    }
    for (const TensorId id : node.outputs) {
      const Tensor& tensor = graph_.tensors[id];
      if (tensor.role != Role::activation)
        fail(fmt::format("{} ({}) writes {}, which is no activation", node.name, name_of(node.op), tensor.name));
      if (available_[id]) fail(fmt::format("{} ({}) writes {} a second time", node.name, name_of(node.op), tensor.name));
      available_[id] = true;
    }
  }

  void check_outputs() const {
    if (graph_.outputs.empty()) fail("the graph has no output");
    for (const TensorId id : graph_.outputs) {
      if (id >= graph_.tensors.size()) fail("a graph output is no tensor of the graph");
      if (!available_[id]) fail(fmt::format("nothing produces the output {}", graph_.tensors[id].name));
    }
  }

  const Graph& graph_;
  std::vector<bool> available_;  ///< by TensorId
};

}  // namespace

std::string describe(const Graph& graph, const Node& node) {
  return one_line(fmt::format("{}: {} ({})", graph.name, node.name, name_of(node.op)));
}

void check_arity(const Graph& graph, const Node& node) {
  const Arity arity = arity_of(node.op);
  const auto fail = [&](const std::string& message) { throw Error(ErrorCode::input, describe(graph, node) + " " + message); };
  if (node.inputs.size() < arity.needed || node.inputs.size() > arity.most) fail(fmt::format("cannot take {} inputs", node.inputs.size()));
  if (node.outputs.size() != arity.outputs || node.outputs.empty()) fail(fmt::format("cannot give {} outputs", node.outputs.size()));
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const TensorId id = node.inputs[i];
    const bool may_be_absent = i >= arity.needed && arity.most != kAny;
    if (id == kNoTensor && !may_be_absent) fail(fmt::format("lacks its input {}", i));
    if (id != kNoTensor && id >= graph.tensors.size()) fail(fmt::format("reads tensor {}, which is not in the graph", id));
  }
  for (const TensorId id : node.outputs) {
    if (id >= graph.tensors.size()) fail(fmt::format("writes tensor {}, which is not in the graph", id));
  }
}

void validate(const Graph& graph) { Validation(graph).run(); }

}  // namespace inferometer::graph
