#include "torch/session.h"

#include <filesystem>
#include <utility>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include "base/files.h"
#include "common/graph_inputs.h"
#include "engine/check_inputs.h"
#include "torch/errors.h"
#include "torch/thread_counts.h"

namespace inferometer::engine {
namespace {

std::size_t byte_count(const TensorInfo& tensor) { return static_cast<std::size_t>(element_count(tensor.shape)) * size_of(tensor.type); }

/// fp32 must be fp32: on NVIDIA GPUs libtorch would compute convolutions in TF32 by itself.
void forbid_lower_precision() {
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
}

}  // namespace

TorchSession::TorchSession(const ModelFile& model, const SessionSettings& settings)
    : subject_(std::filesystem::path(model.path).filename().string()), slots_(settings.streams) {
  translated(subject_.empty() ? "torch" : subject_, [&] { load(model, settings); });
}

void TorchSession::load(const ModelFile& file, const SessionSettings& settings) {
  options_ = torch_options(settings);
  streams_ = settings.streams;
  forbid_lower_precision();
  use_threads(options_.threads_per_request);
  const c10::InferenceMode inference;

  if (!file.path.empty()) require_readable_file(file.path);
  graph::Model model = file.parse();
  fix_input_shapes(model.graph, settings);
  const bool eager = options_.variant == TorchVariant::eager;
  program_ = std::make_unique<TorchProgram>(std::move(model), settings.batch, options_, eager ? Caller::eager : Caller::tracer);
  const graph::Graph& graph = program_->graph();
  for (const graph::TensorId id : graph.inputs) inputs_.push_back({graph.tensors[id].name, program_->shape(id), ElementType::f32});
  for (const graph::TensorId id : graph.outputs) outputs_.push_back({graph.tensors[id].name, program_->shape(id), ElementType::f32});
  if (!eager) {
    traced_ = std::make_unique<TracedProgram>(*program_, example_inputs());
    program_.reset();
    obtained_.own["onednn_nodes"] = std::to_string(traced_->onednn_nodes());
  }
  obtained_.device = options_.device_name;
  obtained_.threads = at::get_num_threads() * streams_;
  obtained_.streams = streams_;
  obtained_.precision = precision_name(options_.type);
  obtained_.own["variant"] = eager ? "eager" : "optimized";
  obtained_.own["memory_format"] = options_.format == at::MemoryFormat::ChannelsLast ? "channels_last" : "contiguous";
}

std::vector<at::Tensor> TorchSession::example_inputs() const {
  std::vector<at::Tensor> examples;
  for (const TensorInfo& input : inputs_) {
    const at::Tensor zeros = at::zeros(input.shape, at::TensorOptions().device(options_.device).dtype(options_.type));
    examples.push_back(zeros.dim() == 4 ? zeros.contiguous(options_.format) : zeros);
  }
  return examples;
}

std::vector<at::Tensor> TorchSession::compute(const std::vector<at::Tensor>& inputs) {
  if (traced_) return traced_->run(inputs);
  if (!options_.profile) return program_->run(inputs);
  const std::vector<graph::Node>& nodes = program_->graph().nodes;
  std::vector<double> times_us(nodes.size());
  std::vector<at::Tensor> outputs = program_->run(inputs, times_us);
  std::vector<LayerTime> layers;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    layers.push_back({nodes[i].name, std::string(graph::name_of(nodes[i].op)), "", obtained_.precision, times_us[i], true});
  times_.add(std::move(layers));
  return outputs;
}

/// Inputs are read where they lie, unless device, type or memory format ask for a copy.
class TorchRequest final : public Request {
 public:
  explicit TorchRequest(TorchSession& session) : session_(session), results_(session.outputs_.size()) {
    for (const TensorInfo& output : session.outputs_) views_.push_back({output.type, output.shape, nullptr, byte_count(output)});
  }

  std::span<const TensorView> run(std::span<const TensorView> inputs) override {
    translated(session_.subject_, [&] {
      check_inputs(session_.inputs_, inputs);
      const StreamSlots::Slot slot(session_.slots_);
      use_threads(session_.options_.threads_per_request);
      const c10::InferenceMode inference;
      std::vector<at::Tensor> tensors;
      for (const TensorView& input : inputs) tensors.push_back(to_tensor(input));
      const std::vector<at::Tensor> outputs = session_.compute(tensors);
      for (std::size_t i = 0; i < outputs.size(); ++i) keep(i, outputs[i], tensors);
    });
    return views_;
  }

 private:
  at::Tensor to_tensor(const TensorView& view) const {
    // from_blob() wants a mutable pointer for all uses; inputs are only read.
    const at::Tensor tensor = at::from_blob(const_cast<void*>(view.data), {view.shape.data(), view.shape.size()}, at::kFloat)
                                  .to(session_.options_.device, session_.options_.type);
    return tensor.dim() == 4 ? tensor.contiguous(session_.options_.format) : tensor;
  }

  /// In host memory, as row-major floats that are not the caller's own.
  void keep(std::size_t index, const at::Tensor& output, const std::vector<at::Tensor>& inputs) {
    at::Tensor result = output.to(at::kCPU, at::kFloat).contiguous();
    for (const at::Tensor& input : inputs)
      if (result.is_alias_of(input)) result = result.clone();
    results_[index] = std::move(result);
    views_[index].data = results_[index].data_ptr();
  }

  TorchSession& session_;
  std::vector<at::Tensor> results_;
  std::vector<TensorView> views_;
};

std::unique_ptr<Request> TorchSession::create_request() {
  return translated(subject_, [&] { return std::make_unique<TorchRequest>(*this); });
}

}  // namespace inferometer::engine
