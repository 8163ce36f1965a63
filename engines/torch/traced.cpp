#include "torch/traced.h"

#include <string_view>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/tracer.h>

namespace inferometer::engine {
namespace {

namespace jit = torch::jit;

std::vector<at::Tensor> tensors_of(const c10::IValue& value) {
  if (value.isTensor()) return {value.toTensor()};
  std::vector<at::Tensor> tensors;
  for (const c10::IValue& element : value.toTupleRef().elements()) tensors.push_back(element.toTensor());
  return tensors;
}

/// A module whose forward() is the trace of one run.
jit::Module trace(const TorchProgram& program, const std::vector<at::Tensor>& examples) {
  jit::Module module(c10::QualifiedName("inferometer.Network"));
  module.register_attribute("training", c10::BoolType::get(), false);
  const auto forward = [&](jit::Stack given) {
    std::vector<at::Tensor> inputs;
    for (const c10::IValue& value : given) inputs.push_back(value.toTensor());
    jit::Stack results;
    for (at::Tensor& output : program.run(inputs)) results.emplace_back(std::move(output));
    if (results.size() > 1) return jit::Stack{c10::ivalue::Tuple::create(std::move(results))};
    return results;
  };
  const auto traced = jit::tracer::trace(
      jit::Stack(examples.begin(), examples.end()), forward, [](const at::Tensor&) { return std::string(); }, /*strict=*/true,
      /*force_outplace=*/false, &module);
  auto* function =
      module._ivalue()->compilation_unit()->create_function(c10::QualifiedName(*module.type()->name(), "forward"), traced.first->graph);
  module.type()->addMethod(function);
  return module;
}

std::size_t count_onednn_nodes(const jit::Block& block) {
  std::size_t count = 0;
  for (const jit::Node* node : block.nodes()) {
    const std::string_view kind = node->kind().toQualString();
    if (kind.find("mkldnn") != std::string_view::npos && kind.find("to_") == std::string_view::npos) ++count;
    for (const jit::Block* inner : node->blocks()) count += count_onednn_nodes(*inner);
  }
  return count;
}

}  // namespace

struct TracedProgram::Module {
  mutable jit::Module module;  // Module::forward() is not const, though the function that it runs is
};

TracedProgram::TracedProgram(const TorchProgram& program, const std::vector<at::Tensor>& examples) {
  jit::Module module = trace(program, examples);
  module_ = std::make_unique<Module>(Module{jit::optimize_for_inference(module)});
  onednn_nodes_ = count_onednn_nodes(*module_->module.get_method("forward").graph()->block());
}

TracedProgram::~TracedProgram() = default;

std::vector<at::Tensor> TracedProgram::run(const std::vector<at::Tensor>& inputs) const {
  return tensors_of(module_->module.forward(std::vector<c10::IValue>(inputs.begin(), inputs.end())));
}

}  // namespace inferometer::engine
