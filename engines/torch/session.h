/// A model held as a sequence of ATen calls, or as optimised TorchScript.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/layer_history.h"
#include "common/stream_slots.h"
#include "engine/engine.h"
#include "torch/program.h"
#include "torch/settings.h"
#include "torch/traced.h"

namespace inferometer::engine {

class TorchSession final : public Session {
 public:
  /// Errors as Engine::load.
  TorchSession(const ModelFile& model, const SessionSettings& settings);

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  ObtainedSettings obtained() const override { return obtained_; }
  std::unique_ptr<Request> create_request() override;
  std::vector<LayerTime> layer_times() const override { return times_.medians(); }
  void restart_layer_times() override { times_.restart(); }

 private:
  friend class TorchRequest;
  void load(const ModelFile& model, const SessionSettings& settings);
  std::vector<at::Tensor> example_inputs() const;
  std::vector<at::Tensor> compute(const std::vector<at::Tensor>& inputs);

  std::string subject_;  // names the model in messages
  TorchOptions options_;
  int streams_ = 1;
  std::unique_ptr<TorchProgram> program_;  // one of the two
  std::unique_ptr<TracedProgram> traced_;
  std::vector<TensorInfo> inputs_, outputs_;
  StreamSlots slots_;
  ObtainedSettings obtained_;
  LayerHistory times_;
};

}  // namespace inferometer::engine
