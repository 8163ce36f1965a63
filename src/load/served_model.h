/// A model served by a server of our own, for a measurement.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "load/connect.h"
#include "load/server_process.h"
#include "load/target.h"
#include "measure/agreement.h"
#include "measure/worker.h"

namespace inferometer::load {

/// Name of the one service.
inline constexpr const char* kServedName = "measured";

/// The server with one service of the task's model, on the entry's engine, device, precision, threads and streams. The picture is warped to
/// the network's input, as DeepDetect's bench client asks. One thread.
/// Members throw Error{unsupported} for what the server refuses as a request, else Error{engine_failure}, each with its words.
class ServedModel {
 public:
  /// @param pictures  folder that calls may name files of
  ServedModel(const measure::WorkerTask& task, const std::filesystem::path& pictures);

  const std::vector<engine::TensorInfo>& inputs() const { return inputs_; }  ///< of one image

  struct Call {
    Nanoseconds server{0};  ///< its own time (head.time)
    Nanoseconds client{0};  ///< from the connection's begin to the answer's last byte
  };
  /// One predict call, on a connection of its own as DeepDetect's client has it.
  Call predict(const std::string& body);
  /// Every output for one image, through the KServe interface.
  measure::ImageOutputs infer(std::span<const engine::TensorView> views);
  /// Total time of reading and preparing pictures so far, ms.
  double transform_ms();
  /// Bytes at the peak of the engine's process.
  std::int64_t engine_peak_bytes() const;

 private:
  const measure::Entry& entry_;
  ServerProcess server_;
  Address address_;
  Target target_;
  std::vector<engine::TensorInfo> inputs_;
  std::chrono::milliseconds request_limit_;
};

}  // namespace inferometer::load
