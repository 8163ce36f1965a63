#include "graph/graph.h"
#include "graph/overloaded.h"

namespace inferometer::graph {

namespace {

std::string_view name_of(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::relu: return "Relu";
    case ActivationKind::clip: return "Clip";
    case ActivationKind::leaky_relu: return "LeakyRelu";
    case ActivationKind::prelu_shared: return "PRelu";
    case ActivationKind::sigmoid: return "Sigmoid";
    case ActivationKind::hard_sigmoid: return "HardSigmoid";
    case ActivationKind::hard_swish: return "HardSwish";
    case ActivationKind::silu: return "Silu";
    case ActivationKind::gelu: return "Gelu";
    case ActivationKind::tanh: return "Tanh";
    case ActivationKind::exp: return "Exp";
    case ActivationKind::sqrt: return "Sqrt";
    case ActivationKind::erf: return "Erf";
  }
  return "Activation";
}

}  // namespace

std::string_view name_of(const Operator& op) {
  return std::visit(Overloaded{
                        [](const Conv&) -> std::string_view { return "Conv"; },
                        [](const BatchNorm&) -> std::string_view { return "BatchNorm"; },
                        [](const Activation& a) -> std::string_view { return name_of(a.kind); },
                        [](const MaxPool&) -> std::string_view { return "MaxPool"; },
                        [](const AveragePool&) -> std::string_view { return "AveragePool"; },
                        [](const AdaptiveAveragePool&) -> std::string_view { return "AdaptiveAveragePool"; },
                        [](const GlobalAveragePool&) -> std::string_view { return "GlobalAveragePool"; },
                        [](const ReduceMean&) -> std::string_view { return "ReduceMean"; },
                        [](const Linear&) -> std::string_view { return "Linear"; },
                        [](const MatMul&) -> std::string_view { return "MatMul"; },
                        [](const Add&) -> std::string_view { return "Add"; },
                        [](const Sub&) -> std::string_view { return "Sub"; },
                        [](const Mul&) -> std::string_view { return "Mul"; },
                        [](const Div&) -> std::string_view { return "Div"; },
                        [](const Concat&) -> std::string_view { return "Concat"; },
                        [](const Split&) -> std::string_view { return "Split"; },
                        [](const Slice&) -> std::string_view { return "Slice"; },
                        [](const Gather&) -> std::string_view { return "Gather"; },
                        [](const Reshape&) -> std::string_view { return "Reshape"; },
                        [](const Transpose&) -> std::string_view { return "Transpose"; },
                        [](const Flatten&) -> std::string_view { return "Flatten"; },
                        [](const Pad&) -> std::string_view { return "Pad"; },
                        [](const Lrn&) -> std::string_view { return "Lrn"; },
                        [](const Softmax&) -> std::string_view { return "Softmax"; },
                        [](const LayerNorm&) -> std::string_view { return "LayerNorm"; },
                        [](const Identity&) -> std::string_view { return "Identity"; },
                    },
                    op);
}

}  // namespace inferometer::graph
