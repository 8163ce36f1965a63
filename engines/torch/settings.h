/// Map settings asked to libtorch's, and know its devices.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/setting_table.h"
#include "engine/engine.h"

namespace inferometer::engine {

/// The engine's own settings; the first value of each is the default.
const std::vector<OwnSetting>& torch_settings();

/// The processor, then every CUDA device that libtorch finds here.
std::vector<DeviceInfo> torch_devices();

enum class TorchVariant : std::uint8_t {
  eager,      ///< one ATen call per operator, as a module's forward() makes them
  optimized,  ///< the same calls traced to TorchScript, frozen and optimised for inference
};

/// What a session was asked for, in libtorch's types.
struct TorchOptions {
  at::Device device = at::kCPU;
  std::string device_name;  ///< ours: "cpu", "cuda:0"
  at::ScalarType type = at::kFloat;
  at::MemoryFormat format = at::MemoryFormat::Contiguous;
  TorchVariant variant = TorchVariant::eager;
  int threads_per_request = 1;
  bool profile = false;
};

/// Throws Error{usage} for an unknown setting, Error{missing_engine} for a device that is not here, Error{unsupported} for a
/// precision that the device lacks, threads that do not divide into the streams, or settings that exclude each other.
TorchOptions torch_options(const SessionSettings& settings);

/// The name of a type of arithmetic: "fp32", "bf16", "fp16"; empty for others.
std::string precision_name(at::ScalarType type);

}  // namespace inferometer::engine
