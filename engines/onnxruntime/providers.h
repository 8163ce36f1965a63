/// Know ONNX Runtime's execution providers as devices.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "onnxruntime/ort.h"

namespace inferometer::engine {

/// One execution provider: a new accelerator is one more of these in providers.cpp.
struct Provider {
  std::string name;    ///< ONNX Runtime's: "CUDAExecutionProvider"
  std::string device;  ///< ours, without index: "cuda"
  /// Options that make the provider compute in a precision, for each that can be asked; "native" is always possible.
  std::map<std::string, std::map<std::string, std::string>> precisions;
  void (*append)(Ort::SessionOptions&, std::map<std::string, std::string> options);  ///< null: the CPU, always there
};

/// Devices that sessions can be made for here and now, the CPU first: a provider that is compiled in but whose libraries
/// or hardware are missing is left out. @param half_kernels  whether the CPU computes in fp16
std::vector<DeviceInfo> usable_devices(bool half_kernels);

/// Add the device's provider to the options. @return the provider's name.
/// Throws Error{missing_engine} for a device that this build does not know, Error{unsupported} for a precision that cannot
/// be asked of it, Error as translated() when the framework refuses.
std::string select_device(Ort::SessionOptions& options, const SessionSettings& settings);

}  // namespace inferometer::engine
