// What parameters.mllib asks of an engine.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "serve/deepdetect_members.h"

namespace inferometer::serve {
namespace {

using engine::DeviceInfo;
using nlohmann::json;

/// gpuid: a number, -1 (any), or an array of which the first counts.
std::int64_t gpu_number(const Members& members) {
  const json* given = members.find("gpuid");
  if (given != nullptr && given->is_array()) {
    bool single = false;
    const std::optional<std::vector<double>> numbers = members.numbers("gpuid", &single);
    return numbers->empty() ? -1 : static_cast<std::int64_t>(std::clamp(numbers->front(), -1.0, 1e6));
  }
  return members.whole("gpuid").value_or(-1);
}

bool is_gpu(const DeviceInfo& device) {
  const std::string name = lower(device.name);
  return name.starts_with("cuda") || name.starts_with("gpu");
}

/// The first device, or the GPU that is asked for where the engine has any.
const DeviceInfo* device_for(const Members& members, const engine::EngineInfo& engine) {
  if (engine.devices.empty()) return nullptr;
  const bool asked = members.flag("gpu").value_or(false);
  const std::int64_t number = gpu_number(members);
  if (!asked || std::none_of(engine.devices.begin(), engine.devices.end(), is_gpu)) return &engine.devices.front();
  for (const DeviceInfo& device : engine.devices) {
    if (is_gpu(device) &&
        (number < 0 || device.name.ends_with(fmt::format("{}", number)) || (number == 0 && lower(device.name) == "gpu"))) {
      return &device;
    }
  }
  members.refuse("gpuid", fmt::format("{} has no GPU {}", engine.name, number));
}

std::string setting_text(const Members& members, const std::string& name) {
  const json& value = *members.find(name.c_str());
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  if (value.is_number()) return exact_text(value.get<double>());
  members.refuse(name.c_str(), "a setting of the engine must be a text or a number");
}

}  // namespace

EngineRequest engine_request(const json& mllib, const engine::EngineInfo& engine) {
  const Members members(&mllib, "parameters.mllib.", DdCode::service_bad_request);
  const DeviceInfo* device = device_for(members, engine);
  if (device == nullptr) throw StatusError(400, DdCode::service_bad_request, fmt::format("{} has no device here", engine.name));
  EngineRequest request{device->name, "fp32", {}};
  if (const std::optional<std::string> datatype = members.text("datatype")) {
    request.precision = lower(*datatype);
    if (std::find(device->precisions.begin(), device->precisions.end(), request.precision) == device->precisions.end()) {
      members.refuse("datatype", fmt::format("{} on {} computes in {}, not in '{}'", engine.name, device->name,
                                             join(device->precisions, ", "), one_line(*datatype, 40)));
    }
  }
  for (const auto& [key, values] : engine.settings) {
    if (key != "profile" && members.find(key.c_str()) != nullptr) request.settings[key] = setting_text(members, key);
  }
  return request;
}

}  // namespace inferometer::serve
