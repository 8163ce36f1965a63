/// Hold a model loaded by ONNX Runtime.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/setting_table.h"
#include "common/stream_slots.h"
#include "engine/engine.h"
#include "onnxruntime/ort.h"

namespace inferometer::engine {

/// The engine's own settings; the first value of each is the default.
const std::vector<OwnSetting>& onnxruntime_settings();

class OnnxRuntimeSession final : public Session {
 public:
  /// @param environment  outlives the session. Errors as Engine::load.
  OnnxRuntimeSession(const Ort::Env& environment, const ModelFile& model, const SessionSettings& settings);
  ~OnnxRuntimeSession() override;

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  ObtainedSettings obtained() const override { return obtained_; }
  std::unique_ptr<Request> create_request() override;
  /// Ends profiling when first called: later runs are not in it.
  std::vector<LayerTime> layer_times() const override;
  void restart_layer_times() override { skipped_runs_ = runs_.load(); }

 private:
  friend class OnnxRuntimeRequest;
  void load(const Ort::Env& environment, const ModelFile& model, const SessionSettings& settings);
  void describe_tensors(const SessionSettings& settings);
  void find_output_shapes();
  void note_half_arithmetic(const Ort::Env& environment);
  std::vector<LayerTime> end_profiling() const;

  std::string subject_;                    // names the model in messages
  mutable Ort::Session session_{nullptr};  // Run() and EndProfiling() are thread-safe but not const
  std::vector<TensorInfo> inputs_, outputs_;
  std::vector<const char*> input_pointers_, output_pointers_;  // the names in inputs_ and outputs_, as Run() takes them
  ObtainedSettings obtained_;
  StreamSlots slots_;
  bool holds_halves_ = false, holds_bfloats_ = false;  // as weights, inputs or outputs
  bool profiling_ = false;
  std::atomic<std::size_t> runs_{0}, skipped_runs_{0};  // while profiling: begun in all, and left out of layer_times()
  mutable std::mutex profile_mutex_;
  mutable std::optional<std::vector<LayerTime>> profile_;
};

}  // namespace inferometer::engine
