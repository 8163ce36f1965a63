#include "graph/cost.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/checked.h"
#include "graph/overloaded.h"
#include "graph/shapes.h"

namespace inferometer::graph {

namespace {

/// The figures of one node at the batch that its shapes were inferred at.
class NodeCost {
 public:
  NodeCost(const Graph& graph, const Node& node, const std::vector<Shape>& shapes)
      : graph_(graph), node_(node), shapes_(shapes), where_(describe(graph, node)) {}

  Cost count() const {
    Cost cost;
    std::visit(Overloaded{
                   [&](const Conv&) { count_products(cost, per_output(shape_of_input(1))); },
                   [&](const Linear&) { count_products(cost, shape_of_input(1)[1]); },
                   [&](const MatMul&) { count_matmul(cost); },
                   [&](const MaxPool& pool) { cost.elementwise_operations = times(output_count(), cells(pool.window)); },
                   [&](const AveragePool& pool) { cost.elementwise_operations = times(output_count(), cells(pool.window)); },
                   [&](const AdaptiveAveragePool&) { cost.elementwise_operations = adaptive_cells(); },
                   [&](const GlobalAveragePool&) { cost.elementwise_operations = input_count(); },
                   [&](const ReduceMean&) { cost.elementwise_operations = input_count(); },
                   [&](const BatchNorm&) { cost.elementwise_operations = output_count(); },
                   [&](const Activation&) { cost.elementwise_operations = output_count(); },
                   [&](const Add&) { cost.elementwise_operations = output_count(); },
                   [&](const Sub&) { cost.elementwise_operations = output_count(); },
                   [&](const Mul&) { cost.elementwise_operations = output_count(); },
                   [&](const Div&) { cost.elementwise_operations = output_count(); },
                   [&](const Lrn&) { cost.elementwise_operations = output_count(); },
                   [&](const Softmax&) { cost.elementwise_operations = output_count(); },
                   [&](const LayerNorm&) { cost.elementwise_operations = output_count(); },
                   // These move data and compute nothing.
                   [](const Concat&) {},
                   [](const Split&) {},
                   [](const Slice&) {},
                   [](const Gather&) {},
                   [](const Reshape&) {},
                   [](const Transpose&) {},
                   [](const Flatten&) {},
                   [](const Pad&) {},
                   [](const Identity&) {},
               },
               node_.op);
    return cost;
  }

 private:
  const Shape& shape_of_input(std::size_t i) const { return shapes_[node_.inputs[i]]; }
  const Shape& output_shape() const { return shapes_[node_.outputs[0]]; }
  std::int64_t input_count() const { return checked_count(shape_of_input(0), where_); }
  std::int64_t output_count() const { return checked_count(output_shape(), where_); }
  std::int64_t times(std::int64_t a, std::int64_t b) const { return checked_multiply(a, b, where_); }
  std::int64_t cells(const Window& window) const { return times(window.kernel[0], window.kernel[1]); }
  bool stored(std::size_t i) const { return is_stored(graph_.tensors[node_.inputs[i]].role); }

  /// Multiplications for one output element: the weight of one output channel, [I/groups, kh, kw].
  std::int64_t per_output(const Shape& weight) const { return checked_count(Shape(weight.begin() + 1, weight.end()), where_); }

  void count_products(Cost& cost, std::int64_t products_per_output) const {
    cost.activations = output_count();
    cost.macs = times(cost.activations, products_per_output);
  }

  void count_matmul(Cost& cost) const {
    count_products(cost, shape_of_input(0).back());
    // The product of two activations (attention) is no layer whose outputs are counted.
    if (!stored(0) && !stored(1)) cost.activations = 0;
  }

  /// Cells of all windows along one side: the sum over i < out of ceil((i+1) in/out) - floor(i in/out), in closed form.
  std::int64_t adaptive_side(std::int64_t in, std::int64_t out) const { return checked_add(in, out - std::gcd(in, out), where_); }

  std::int64_t adaptive_cells() const {
    const Shape& x = shape_of_input(0);
    const Shape& y = output_shape();
    return times(times(x[0], x[1]), times(adaptive_side(x[2], y[2]), adaptive_side(x[3], y[3])));
  }

  const Graph& graph_;
  const Node& node_;
  const std::vector<Shape>& shapes_;
  std::string where_;
};

/// The batch to infer at: 1, or the one that the file fixes.
std::int64_t batch_of(const Graph& graph) {
  for (const TensorId id : graph.inputs) {
    const Shape& shape = graph.tensors[id].shape;
    if (!shape.empty() && shape[0] != kBatch) return shape[0];
  }
  return 1;
}

/// Turn figures of a whole batch into figures per image.
void divide(LayerCost& layer, std::int64_t batch, const std::string& where) {
  for (std::int64_t* figure : {&layer.cost.macs, &layer.cost.elementwise_operations, &layer.cost.activations}) {
    if (*figure % batch != 0) {
      throw Error(ErrorCode::unsupported, fmt::format("{}: its cost does not divide by the fixed batch of {}", where, batch),
                  "export the model with batch 1 or a dynamic batch");
    }
    *figure /= batch;
  }
  if (!layer.output_shape.empty() && layer.output_shape[0] % batch == 0) layer.output_shape[0] /= batch;
}

void accumulate(Cost& total, const Cost& cost, const std::string& where) {
  total.parameters = checked_add(total.parameters, cost.parameters, where);
  total.macs = checked_add(total.macs, cost.macs, where);
  total.elementwise_operations = checked_add(total.elementwise_operations, cost.elementwise_operations, where);
  total.activations = checked_add(total.activations, cost.activations, where);
}

/// Elements of the first blob that Caffe has for a layer. A BatchNorm stands for two layers there: the first blob of one is the
/// mean, of the other the scale; a layer that the file does not have is a constant here.
std::int64_t first_blob(const Graph& graph, const Node& node, const std::string& where) {
  const auto elements = [&](TensorId id, Role role) {
    return id != kNoTensor && graph.tensors[id].role == role ? checked_count(graph.tensors[id].shape, where) : 0;
  };
  if (std::holds_alternative<BatchNorm>(node.op)) {
    return checked_add(elements(node.inputs[3], Role::buffer), elements(node.inputs[1], Role::parameter), where);
  }
  for (const TensorId id : node.inputs) {
    if (const std::int64_t count = elements(id, Role::parameter); count != 0) return count;
  }
  return 0;
}

void recount_as_deepdetect(LayerCost& layer, const Graph& graph, const Node& node, const std::string& where) {
  layer.cost.parameters = layer.cost.macs = first_blob(graph, node, where);
  if (!std::holds_alternative<Conv>(node.op) || !node.layer_type.empty()) return;
  const Shape& map = layer.output_shape;
  layer.cost.macs = checked_multiply(layer.cost.macs, checked_multiply(map[2], map[3], where), where);
}

}  // namespace

CostTable compute_cost(const Graph& graph, Convention convention) {
  validate(graph);
  const std::int64_t batch = batch_of(graph);
  const std::vector<Shape> shapes = infer_shapes(graph, batch);
  CostTable table;
  table.layers.reserve(graph.nodes.size());
  std::vector<bool> counted(graph.tensors.size(), false);
  for (const Node& node : graph.nodes) {
    const std::string where = describe(graph, node);
    LayerCost layer{node.name, std::string(name_of(node.op)), shapes[node.outputs[0]], NodeCost(graph, node, shapes).count()};
    for (const TensorId id : node.inputs) {
      if (id == kNoTensor || counted[id] || graph.tensors[id].role != Role::parameter) continue;
      counted[id] = true;
      layer.cost.parameters = checked_add(layer.cost.parameters, checked_count(graph.tensors[id].shape, where), where);
    }
    divide(layer, batch, where);
    if (convention == Convention::deepdetect) recount_as_deepdetect(layer, graph, node, where);
    accumulate(table.total, layer.cost, where);
    table.layers.push_back(std::move(layer));
  }
  return table;
}

}  // namespace inferometer::graph
