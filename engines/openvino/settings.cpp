#include "openvino/settings.h"

#include <algorithm>
#include <array>
#include <optional>

#include <openvino/runtime/properties.hpp>

#include "base/text.h"
#include "common/session_limits.h"

namespace inferometer::engine {
namespace {

struct PrecisionName {
  const char* ours;
  const char* capability;  // in OPTIMIZATION_CAPABILITIES
  ov::element::Type type;  // as the inference precision hint
};

const std::array<PrecisionName, 3>& precision_names() {
  static const std::array<PrecisionName, 3> names{{
      {"fp32", "FP32", ov::element::f32},
      {"bf16", "BF16", ov::element::bf16},
      {"fp16", "FP16", ov::element::f16},
  }};
  return names;
}

struct PropertyOfSetting {
  const char* key;       // of the own setting
  const char* property;  // OpenVINO's
};
// Values ride as OpenVINO's own text ("YES", "LATENCY", ...); see property_text().
constexpr std::array kProperties{
    PropertyOfSetting{"hint", "PERFORMANCE_HINT"},
    PropertyOfSetting{"execution_mode", "EXECUTION_MODE_HINT"},
    PropertyOfSetting{"pinning", "ENABLE_CPU_PINNING"},
    PropertyOfSetting{"hyper_threading", "ENABLE_HYPER_THREADING"},
    PropertyOfSetting{"scheduling_core_type", "SCHEDULING_CORE_TYPE"},
    PropertyOfSetting{"denormals_as_zero", "CPU_DENORMALS_OPTIMIZATION"},
    PropertyOfSetting{"profile", "PERF_COUNT"},
};

std::string property_text(const std::string& value) {
  if (value == "0") return "NO";
  if (value == "1") return "YES";
  std::string text = value;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// The inverse of property_text().
std::string setting_text(const std::string& value) {
  const std::string text = lower(value);
  return text == "no" ? "0" : text == "yes" ? "1" : text;
}

bool supports(const std::vector<ov::PropertyName>& properties, const std::string& name) {
  return std::any_of(properties.begin(), properties.end(), [&](const ov::PropertyName& known) { return known == name; });
}

Error no_property(const std::string& device, const std::string& setting) {
  return Error(ErrorCode::unsupported, "openvino has no setting for " + setting + " on " + device);
}

std::vector<std::string> capabilities(ov::Core& core, const std::string& device) {
  return core.get_property(device, ov::device::capabilities);
}

std::vector<std::string> precisions_of(ov::Core& core, const std::string& device) {
  const std::vector<std::string> known = capabilities(core, device);
  const auto has = [&](const char* capability) { return std::find(known.begin(), known.end(), capability) != known.end(); };
  std::vector<std::string> precisions;
  for (const PrecisionName& name : precision_names())
    if (has(name.capability)) precisions.push_back(name.ours);
  return precisions;
}

/// A property of a compiled model as text; nullopt when it has none of that name.
std::optional<std::string> text_of(const ov::CompiledModel& model, const std::vector<ov::PropertyName>& properties, const char* name) {
  if (!supports(properties, name)) return std::nullopt;
  const ov::Any value = model.get_property(name);
  return value.empty() ? std::nullopt : std::optional(value.as<std::string>());
}

}  // namespace

const std::vector<OwnSetting>& openvino_settings() {
  static const std::vector<OwnSetting> table{
      {"hint", {"none", "latency", "throughput"}},  // the last two let OpenVINO choose the streams
      {"execution_mode", {"default", "performance", "accuracy"}},
      {"pinning", {"default", "0", "1"}},
      {"hyper_threading", {"default", "0", "1"}},
      {"scheduling_core_type", {"default", "any_core", "pcore_only", "ecore_only"}},
      {"denormals_as_zero", {"default", "0", "1"}},
      {"profile", {"0", "1"}},
  };
  return table;
}

std::vector<DeviceInfo> openvino_devices(ov::Core& core) {
  std::vector<DeviceInfo> devices;
  for (const std::string& name : core.get_available_devices()) {
    DeviceInfo device;
    device.name = name;
    device.description = trim(core.get_property(name, ov::device::full_name));
    device.precisions = precisions_of(core, name);
    devices.push_back(std::move(device));
  }
  std::stable_partition(devices.begin(), devices.end(), [](const DeviceInfo& device) { return device.name == "CPU"; });
  return devices;
}

std::string openvino_device(ov::Core& core, const std::string& asked) {
  std::vector<std::string> here;
  for (const std::string& name : core.get_available_devices()) {
    if (lower(name) == lower(asked)) return name;
    here.push_back(name);
  }
  throw no_device("openvino", asked, here);
}

ov::AnyMap compile_properties(ov::Core& core, const std::string& device, const SessionSettings& settings) {
  const std::map<std::string, std::string> own = own_values("openvino", openvino_settings(), settings);
  require_positive(settings);
  const std::vector<ov::PropertyName> known = core.get_property(device, ov::supported_properties);

  ov::AnyMap properties;
  const auto set = [&](const std::string& setting, const std::string& property, const ov::Any& value) {
    if (!supports(known, property)) throw no_property(device, setting);
    properties[property] = value;
  };
  if (settings.precision != "native") {
    const std::vector<std::string> possible = precisions_of(core, device);
    if (std::find(possible.begin(), possible.end(), settings.precision) == possible.end())
      throw Error(ErrorCode::unsupported, "openvino does not compute in " + settings.precision + " on " + device,
                  "it offers " + join(possible, ", ") + " there");
    for (const PrecisionName& name : precision_names())
      if (settings.precision == name.ours) set("precision", ov::hint::inference_precision.name(), name.type);
  }
  // Threads are the CPU's; other devices have nothing to set.
  if (device == "CPU") {
    if (settings.streams > settings.threads)
      throw Error(ErrorCode::unsupported, std::to_string(settings.streams) + " streams need at least as many threads",
                  "raise --threads or lower --streams");
    set("threads", ov::inference_num_threads.name(), settings.threads);
  }
  const bool streams_are_ours = own.at("hint") == "none";
  if (streams_are_ours && (settings.streams > 1 || supports(known, ov::num_streams.name())))
    set("streams", ov::num_streams.name(), ov::streams::Num(settings.streams));
  for (const auto& [key, property] : kProperties) {
    const std::string& value = own.at(key);
    if (value != "default" && value != "none" && !(std::string(key) == "profile" && value == "0")) set(key, property, property_text(value));
  }
  return properties;
}

ObtainedSettings read_back(const ov::CompiledModel& model) {
  const std::vector<ov::PropertyName> known = model.get_property(ov::supported_properties);
  ObtainedSettings obtained;
  if (supports(known, ov::hint::inference_precision.name())) {
    const ov::element::Type type = model.get_property(ov::hint::inference_precision);
    for (const PrecisionName& name : precision_names())
      if (type == name.type) obtained.precision = name.ours;
  }
  if (supports(known, ov::inference_num_threads.name())) obtained.threads = model.get_property(ov::inference_num_threads);
  if (supports(known, ov::num_streams.name())) obtained.streams = model.get_property(ov::num_streams).num;
  if (supports(known, ov::execution_devices.name())) obtained.device = join(model.get_property(ov::execution_devices), ",");
  for (const auto& [key, property] : kProperties)
    if (const auto text = text_of(model, known, property)) obtained.own[key] = setting_text(*text);
  if (const auto requests = text_of(model, known, ov::optimal_number_of_infer_requests.name()))
    obtained.own["optimal_requests"] = *requests;
  return obtained;
}

}  // namespace inferometer::engine
