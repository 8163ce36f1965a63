#include "onnxruntime/providers.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "base/text.h"

namespace inferometer::engine {
namespace {

using Options = std::map<std::string, std::string>;

/// Keys and values as the C interface takes them; valid as long as the options.
struct Pointers {
  std::vector<const char*> keys, values;
  explicit Pointers(const Options& options) {
    for (const auto& [key, value] : options) {
      keys.push_back(key.c_str());
      values.push_back(value.c_str());
    }
  }
};

void append_cuda(Ort::SessionOptions& session, Options options) {
  OrtCUDAProviderOptionsV2* cuda = nullptr;
  Ort::ThrowOnError(Ort::GetApi().CreateCUDAProviderOptions(&cuda));
  const std::unique_ptr<OrtCUDAProviderOptionsV2, void (*)(OrtCUDAProviderOptionsV2*)> owned(cuda,
                                                                                             Ort::GetApi().ReleaseCUDAProviderOptions);
  const Pointers pointers(options);
  Ort::ThrowOnError(Ort::GetApi().UpdateCUDAProviderOptions(cuda, pointers.keys.data(), pointers.values.data(), options.size()));
  session.AppendExecutionProvider_CUDA_V2(*cuda);
}

void append_tensorrt(Ort::SessionOptions& session, Options options) {
  OrtTensorRTProviderOptionsV2* tensorrt = nullptr;
  Ort::ThrowOnError(Ort::GetApi().CreateTensorRTProviderOptions(&tensorrt));
  const std::unique_ptr<OrtTensorRTProviderOptionsV2, void (*)(OrtTensorRTProviderOptionsV2*)> owned(
      tensorrt, Ort::GetApi().ReleaseTensorRTProviderOptions);
  const Pointers pointers(options);
  Ort::ThrowOnError(Ort::GetApi().UpdateTensorRTProviderOptions(tensorrt, pointers.keys.data(), pointers.values.data(), options.size()));
  session.AppendExecutionProvider_TensorRT_V2(*tensorrt);
}

const std::vector<Provider>& providers() {
  static const std::vector<Provider> table{
      // fp16 is what the file stores; whether the CPU's kernels compute in it is looked at where it matters (half_arithmetic.h).
      {"CPUExecutionProvider", "cpu", {{"fp32", {}}, {"fp16", {}}}, nullptr},
      // TF32 keeps 10 bits of the fraction and is the provider's default: fp32 must switch it off.
      {"CUDAExecutionProvider", "cuda", {{"fp32", {{"use_tf32", "0"}}}}, append_cuda},
      // TensorRT has no option that forbids TF32, so fp32 cannot be promised.
      {"TensorrtExecutionProvider", "tensorrt", {{"fp16", {{"trt_fp16_enable", "1"}}}}, append_tensorrt},
  };
  return table;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return std::string(trim(line.substr(line.find(':') + 1)));
  return "processor";
}

/// "cuda:1" is provider cuda, index 1; "cuda" is index 0.
struct Device {
  const Provider* provider = nullptr;
  std::string index;
};

std::optional<Device> find_device(const std::string& name) {
  const std::string text = lower(name);
  const std::size_t colon = text.find(':');
  const std::string index = colon == std::string::npos ? "0" : text.substr(colon + 1);
  if (index.empty() || index.size() > 3 || !std::all_of(index.begin(), index.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  for (const Provider& provider : providers()) {
    if (provider.device != text.substr(0, colon)) continue;
    if (provider.append == nullptr && colon != std::string::npos) return std::nullopt;
    return Device{&provider, index};
  }
  return std::nullopt;
}

/// Whether the provider's library opens; its hardware is asked when a session is made.
bool can_append(const Provider& provider) {
  if (provider.append == nullptr) return true;
  try {
    Ort::SessionOptions options;
    provider.append(options, {{"device_id", "0"}});
    return true;
  } catch (const Ort::Exception&) {
    return false;
  }
}

}  // namespace

std::vector<DeviceInfo> usable_devices(bool half_kernels) {
  const std::vector<std::string> compiled_in = Ort::GetAvailableProviders();
  std::vector<DeviceInfo> devices;
  for (const Provider& provider : providers()) {
    const bool here = std::find(compiled_in.begin(), compiled_in.end(), provider.name) != compiled_in.end();
    if (!here || !can_append(provider)) continue;
    DeviceInfo device;
    device.name = provider.append == nullptr ? provider.device : provider.device + ":0";
    device.description = provider.append == nullptr ? processor_name() : provider.name;
    for (const auto& [precision, options] : provider.precisions) {
      if (provider.append != nullptr || precision != "fp16" || half_kernels) device.precisions.push_back(precision);
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

std::string select_device(Ort::SessionOptions& session, const SessionSettings& settings) {
  const std::optional<Device> device = find_device(settings.device);
  if (!device) throw Error(ErrorCode::missing_engine, "onnxruntime has no device '" + settings.device + "'", "see inferometer engines");
  const Provider& provider = *device->provider;

  Options options;
  if (settings.precision != "native") {
    const auto known = provider.precisions.find(settings.precision);
    if (known == provider.precisions.end())
      throw Error(ErrorCode::unsupported, "onnxruntime cannot be asked for " + settings.precision + " on " + settings.device,
                  "use --precision native for its own choice, or a model file that is stored in that precision");
    options = known->second;
  }
  if (provider.append == nullptr) return provider.name;
  options["device_id"] = device->index;
  try {
    provider.append(session, options);
  } catch (const Ort::Exception& exception) {
    throw Error(ErrorCode::missing_engine, "onnxruntime has no device '" + settings.device + "' here: " + one_line(exception.what(), 300));
  }
  return provider.name;
}

}  // namespace inferometer::engine
