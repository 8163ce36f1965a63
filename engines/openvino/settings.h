/// Map settings asked to OpenVINO's properties, and properties read back to settings obtained.
#pragma once

#include <string>
#include <vector>

#include <openvino/runtime/compiled_model.hpp>
#include <openvino/runtime/core.hpp>

#include "common/setting_table.h"
#include "engine/engine.h"

namespace inferometer::engine {

/// The engine's own settings; the first value of each is the default ("default": the property is not set).
const std::vector<OwnSetting>& openvino_settings();

/// Devices here, the CPU first, with the precisions that their OPTIMIZATION_CAPABILITIES promise.
std::vector<DeviceInfo> openvino_devices(ov::Core& core);

/// The device's name as OpenVINO spells it. Throws Error{missing_engine} when it is not here.
std::string openvino_device(ov::Core& core, const std::string& asked);

/// What compile_model() is given. Throws Error{unsupported} for a precision or a setting that the device lacks,
/// Error{usage} for an unknown setting. @param device  as openvino_device() spells it
ov::AnyMap compile_properties(ov::Core& core, const std::string& device, const SessionSettings& settings);

/// What the compiled model says of itself.
ObtainedSettings read_back(const ov::CompiledModel& model);

}  // namespace inferometer::engine
