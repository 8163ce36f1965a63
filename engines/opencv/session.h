/// Hold a model read by OpenCV's DNN module.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <opencv2/dnn.hpp>

#include "common/layer_history.h"
#include "common/setting_table.h"
#include "common/stream_slots.h"
#include "engine/engine.h"

namespace inferometer::engine {

/// The engine's own settings; the first value of each is the default.
const std::vector<OwnSetting>& opencv_settings();

/// A cv::dnn::Net computes in its own memory, so every request has a net of its own: the first takes the one that loading
/// made, each further one reads the file again and holds its own weights.
class OpenCvSession final : public Session {
 public:
  /// Errors as Engine::load.
  OpenCvSession(const ModelFile& model, const SessionSettings& settings);

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  ObtainedSettings obtained() const override { return obtained_; }
  std::unique_ptr<Request> create_request() override;
  std::vector<LayerTime> layer_times() const override { return times_.medians(); }
  void restart_layer_times() override { times_.restart(); }

 private:
  friend class OpenCvRequest;
  void load(const SessionSettings& settings);
  void load_onnx(const SessionSettings& settings);
  void load_caffe(const SessionSettings& settings);
  cv::dnn::Net read_net() const;
  void find_outputs(cv::dnn::Net& net);
  cv::dnn::Net take_net();
  void keep_times(cv::dnn::Net& net);

  std::string subject_;  // names the model in messages
  ModelFile model_;
  bool fusion_ = true, profiling_ = false;
  int threads_ = 1;                            // of each request
  std::map<std::string, Shape> fixed_shapes_;  // of inputs that the file leaves open; empty: the file is read as it is
  std::vector<TensorInfo> inputs_, outputs_;
  std::vector<cv::String> output_layers_;  // OpenCV's names of the outputs
  ObtainedSettings obtained_;
  StreamSlots slots_;
  std::mutex first_mutex_;
  std::optional<cv::dnn::Net> first_;
  LayerHistory times_;
};

}  // namespace inferometer::engine
