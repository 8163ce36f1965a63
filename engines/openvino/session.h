/// Hold a model compiled by OpenVINO.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <openvino/runtime/compiled_model.hpp>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/infer_request.hpp>

#include "engine/engine.h"

namespace inferometer::engine {

class OpenVinoSession final : public Session {
 public:
  /// @param core  outlives the session. Errors as Engine::load.
  OpenVinoSession(ov::Core& core, const ModelFile& model, const SessionSettings& settings);

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  ObtainedSettings obtained() const override { return obtained_; }
  std::unique_ptr<Request> create_request() override;
  std::vector<LayerTime> layer_times() const override;
  /// The framework keeps sums of whole microseconds.
  bool layer_times_are_means() const override { return true; }
  void restart_layer_times() override;

 private:
  friend class OpenVinoRequest;
  void load(ov::Core& core, const ModelFile& model, const SessionSettings& settings);
  void describe_tensors();
  bool is_queued() const { return requests_.load(std::memory_order_relaxed) > 1; }

  std::string subject_;  // names the model in messages
  ov::CompiledModel compiled_;
  std::vector<TensorInfo> inputs_, outputs_;
  ObtainedSettings obtained_;
  bool profiling_ = false;
  std::atomic<int> requests_{0};  // created; several share the streams through the framework's queue
  struct Sums {
    std::int64_t runs = 0;
    std::map<std::string, double> times_us;  // by layer
  };
  mutable std::mutex last_mutex_;
  std::int64_t runs_ = 0;  // finished, while profiling
  Sums left_out_;          // of the runs before restart_layer_times()
  ov::InferRequest last_;  // that ran, where profiling
};

}  // namespace inferometer::engine
