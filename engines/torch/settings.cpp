#include "torch/settings.h"

#include <algorithm>
#include <array>
#include <utility>

#include <ATen/Context.h>

#include "common/processor.h"
#include "common/session_limits.h"

namespace inferometer::engine {
namespace {

constexpr std::array<std::pair<const char*, at::ScalarType>, 3> kPrecisions{
    {{"fp32", at::kFloat}, {"bf16", at::kBFloat16}, {"fp16", at::kHalf}}};

/// Without AVX-512's BF16 instructions libtorch takes bf16 tensors all the same and computes in fp32 between roundings.
bool processor_computes_in_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

const DeviceInfo& find_device(const std::vector<DeviceInfo>& devices, const std::string& asked) {
  std::vector<std::string> here;
  for (const DeviceInfo& device : devices) {
    if (lower(device.name) == lower(asked)) return device;
    here.push_back(device.name);
  }
  throw no_device("torch", asked, here);
}

}  // namespace

const std::vector<OwnSetting>& torch_settings() {
  static const std::vector<OwnSetting> table{
      {"variant", {"eager", "optimized"}},
      {"memory_format", {"contiguous", "channels_last"}},
      {"profile", {"0", "1"}},
  };
  return table;
}

std::vector<DeviceInfo> torch_devices() {
  std::vector<DeviceInfo> devices{{"cpu", processor_name(), {"fp32"}}};
  if (processor_computes_in_bf16()) devices.front().precisions.push_back("bf16");
  const std::size_t accelerators = at::hasCUDA() ? at::getNumGPUs() : 0;
  for (std::size_t i = 0; i < accelerators; ++i)
    devices.push_back({"cuda:" + std::to_string(i), "CUDA device " + std::to_string(i), {"fp32", "bf16", "fp16"}});
  return devices;
}

TorchOptions torch_options(const SessionSettings& settings) {
  const std::map<std::string, std::string> own = own_values("torch", torch_settings(), settings);
  require_positive(settings);
  TorchOptions options;
  options.threads_per_request = threads_per_stream("torch", settings);

  const std::vector<DeviceInfo> devices = torch_devices();
  const DeviceInfo& device = find_device(devices, settings.device);
  options.device_name = device.name;
  options.device = at::Device(device.name);
  if (settings.precision != "native") {
    if (std::find(device.precisions.begin(), device.precisions.end(), settings.precision) == device.precisions.end())
      throw Error(ErrorCode::unsupported, "torch does not compute in " + one_line(settings.precision, 80) + " on " + device.name,
                  "it offers " + join(device.precisions, ", ") + " there");
    for (const auto& [name, type] : kPrecisions)
      if (settings.precision == name) options.type = type;
  }

  options.variant = own.at("variant") == "eager" ? TorchVariant::eager : TorchVariant::optimized;
  if (own.at("memory_format") == "channels_last") options.format = at::MemoryFormat::ChannelsLast;
  options.profile = own.at("profile") == "1";
  if (options.profile && (options.variant != TorchVariant::eager || !options.device.is_cpu()))
    throw Error(ErrorCode::unsupported, "torch times layers on cpu with variant=eager only", "leave out profile=1");
  return options;
}

std::string precision_name(at::ScalarType type) {
  for (const auto& [name, theirs] : kPrecisions)
    if (theirs == type) return name;
  return {};
}

}  // namespace inferometer::engine
