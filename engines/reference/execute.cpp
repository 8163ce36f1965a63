#include "execute.h"

#include "convolution.h"
#include "elementwise.h"
#include "graph/overloaded.h"
#include "layout.h"
#include "normalization.h"
#include "pooling.h"
#include "products.h"

namespace inferometer::reference {

float* Memory::data(graph::TensorId id) const {
  const Place& place = plan.place(id);
  switch (place.kind) {
    case Place::Kind::input: return const_cast<float*>(static_cast<const float*>(inputs[place.input].data));
    case Place::Kind::weight: return const_cast<float*>(place.array->floats());
    case Place::Kind::arena: return arena + place.offset;
    case Place::Kind::nowhere: break;
  }
  return nullptr;
}

const std::int64_t* Memory::indices(graph::TensorId id) const {
  return reinterpret_cast<const std::int64_t*>(plan.place(id).array->bytes.data());
}

void execute(const graph::Node& node, const Memory& memory, const Workspace& workspace) {
  const auto in = [&](std::size_t index) -> Source {
    if (index >= node.inputs.size() || node.inputs[index] == graph::kNoTensor) return {};
    return {memory.data(node.inputs[index]), memory.plan.shape(node.inputs[index])};
  };
  const auto out = [&](std::size_t index) -> Target { return {memory.data(node.outputs[index]), memory.plan.shape(node.outputs[index])}; };
  const Source x = in(0);
  const Target y = out(0);
  std::visit(
      graph::Overloaded{
          [&](const graph::Conv& op) { convolution(op, memory.plan.depthwise(), x, in(1), in(2), y, workspace); },
          [&](const graph::BatchNorm& op) {
            batch_norm(op, {x, in(1), in(2), in(3), in(4)}, y, workspace);
          },
          [&](const graph::Activation& op) { activate(op, x, in(1), y, workspace); },
          [&](const graph::MaxPool& op) { max_pool(op, x, y, workspace); },
          [&](const graph::AveragePool& op) { average_pool(op, x, y, workspace); },
          [&](const graph::AdaptiveAveragePool&) { adaptive_average_pool(x, y, workspace); },
          [&](const graph::GlobalAveragePool&) { global_average_pool(x, y, workspace); },
          [&](const graph::ReduceMean& op) { reduce_mean(op, x, y, workspace); },
          [&](const graph::Linear&) { linear(x, in(1), in(2), y, workspace); },
          [&](const graph::MatMul&) { matrix_product(x, in(1), y, workspace); },
          [&](const graph::Add&) { combine(Arithmetic::add, x, in(1), y, workspace); },
          [&](const graph::Sub&) { combine(Arithmetic::subtract, x, in(1), y, workspace); },
          [&](const graph::Mul&) { combine(Arithmetic::multiply, x, in(1), y, workspace); },
          [&](const graph::Div&) { combine(Arithmetic::divide, x, in(1), y, workspace); },
          [&](const graph::Concat& op) {
            std::int64_t begin = 0;
            for (std::size_t i = 0; i < node.inputs.size(); ++i) {
              const Source part = in(i);
              place_part(op.axis, begin, part, y, workspace);
              begin += part.shape[axis_of(op.axis, part.shape.size())];
            }
          },
          [&](const graph::Split& op) {
            std::int64_t begin = 0;
            for (std::size_t i = 0; i < node.outputs.size(); ++i) {
              take_part(op.axis, begin, x, out(i), workspace);
              begin += op.sizes[i];
            }
          },
          [&](const graph::Slice& op) { slice(op, x, y, workspace); },
          [&](const graph::Gather& op) { gather(op, x, memory.indices(node.inputs[1]), memory.plan.shape(node.inputs[1]), y, workspace); },
          [](const graph::Reshape&) { /* a view, by the plan */ },
          [&](const graph::Transpose& op) { transpose(op, x, y, workspace); },
          [](const graph::Flatten&) { /* a view, by the plan */ },
          [&](const graph::Pad& op) { pad(op, x, y, workspace); },
          [&](const graph::Lrn& op) { local_response_norm(op, x, y, workspace); },
          [&](const graph::Softmax& op) { softmax(op, x, y, workspace); },
          [&](const graph::LayerNorm& op) { layer_norm(op, x, in(1), in(2), y, workspace); },
          [](const graph::Identity&) { /* a view, by the plan */ },
      },
      node.op);
}

}  // namespace inferometer::reference
