#include "measure/meter_nvml.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "base/text.h"
#include "measure/meter_readers.h"

namespace inferometer::measure {
namespace {

using Handle = void*;

/// The library's own functions, by the types that its header gives them.
struct Symbols {
  int (*init)() = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*device)(unsigned, Handle*) = nullptr;
  int (*name)(Handle, char*, unsigned) = nullptr;
  int (*energy)(Handle, unsigned long long*) = nullptr;
  int (*power)(Handle, unsigned*) = nullptr;
  const char* (*error)(int) = nullptr;
};

template <class Function>
bool look_up(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

template <class Value, class Function>
NvmlFunctions::Answer<Value> ask(const Symbols& symbols, unsigned device, Function function) {
  Handle handle = nullptr;
  NvmlFunctions::Answer<Value> answer;
  answer.status = symbols.device(device, &handle);
  if (answer.status == 0) answer.status = function(handle, answer.value);
  return answer;
}

std::shared_ptr<const NvmlFunctions> wrap(const Symbols& symbols) {
  auto functions = std::make_shared<NvmlFunctions>();
  functions->device_count = [symbols] {
    NvmlFunctions::Answer<unsigned> answer;
    answer.status = symbols.count(&answer.value);
    return answer;
  };
  functions->name = [symbols](unsigned device) {
    return ask<std::string>(symbols, device, [&](Handle handle, std::string& value) {
      char buffer[96] = "";
      const int status = symbols.name(handle, buffer, sizeof buffer);
      value = buffer;
      return status;
    });
  };
  functions->energy_mj = [symbols](unsigned device) {
    return ask<unsigned long long>(symbols, device,
                                   [&](Handle handle, unsigned long long& value) { return symbols.energy(handle, &value); });
  };
  functions->power_mw = [symbols](unsigned device) {
    return ask<unsigned>(symbols, device, [&](Handle handle, unsigned& value) { return symbols.power(handle, &value); });
  };
  functions->error_text = [symbols](int status) { return std::string(symbols.error(status)); };
  return functions;
}

NvmlLibrary library_of(const MeterPlaces& places) {
  if (places.nvml) return {places.nvml, {}};
  // A made tree has no GPU of this machine in it.
  if (places.root != "/") return {nullptr, "no library was given"};
  return open_nvml_library();
}

std::string name_of(const NvmlFunctions& nvml, unsigned device) {
  const auto name = nvml.name(device);
  return fmt::format("GPU {}{}{}, its whole board", device, name.status == 0 ? ": " : "", name.status == 0 ? one_line(name.value, 80) : "");
}

class Nvml final : public Meter {
 public:
  Nvml(std::shared_ptr<const NvmlFunctions> nvml, unsigned device)
      : nvml_(std::move(nvml)), device_(device), counts_(nvml_->energy_mj(device).status == 0) {}

  MeterInfo info() const override {
    // Boards give a new value every 20 to 100 ms; the slowest is taken.
    return {fmt::format("nvml:{}", device_), name_of(*nvml_, device_), counts_ ? PowerQuantity::joules : PowerQuantity::watts, 0.1};
  }
  std::string problem() const override { return problem_; }

  void sample(double now_s, std::vector<PowerSample>& samples) override {
    int status = 0;
    double value = 0;
    if (counts_) {
      const auto energy = nvml_->energy_mj(device_);
      status = energy.status;
      value = static_cast<double>(energy.value) * 1e-3;
    } else {
      const auto power = nvml_->power_mw(device_);
      status = power.status;
      value = static_cast<double>(power.value) * 1e-3;
    }
    if (status == 0) {
      samples.push_back({now_s, value});
    } else if (problem_.empty()) {
      problem_ = "NVIDIA's library: " + nvml_->error_text(status);
    }
  }

 private:
  std::shared_ptr<const NvmlFunctions> nvml_;
  unsigned device_;
  bool counts_;
  std::string problem_;
};

}  // namespace

NvmlLibrary open_nvml_library(const std::string& file) {
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return {nullptr, one_line(dlerror(), 200)};
  Symbols symbols;
  const bool complete = look_up(library, "nvmlInit_v2", symbols.init) && look_up(library, "nvmlDeviceGetCount_v2", symbols.count) &&
                        look_up(library, "nvmlDeviceGetHandleByIndex_v2", symbols.device) &&
                        look_up(library, "nvmlDeviceGetName", symbols.name) &&
                        look_up(library, "nvmlDeviceGetTotalEnergyConsumption", symbols.energy) &&
                        look_up(library, "nvmlDeviceGetPowerUsage", symbols.power) && look_up(library, "nvmlErrorString", symbols.error);
  if (!complete) return {nullptr, file + " lacks a function that power needs"};
  if (const int status = symbols.init(); status != 0) return {nullptr, fmt::format("{}: {}", file, symbols.error(status))};
  return {wrap(symbols), {}};
}

std::vector<MeterFound> find_nvml(const MeterPlaces& places) {
  const NvmlLibrary library = library_of(places);
  if (!library.functions) return {{"nvml", "", false, library.reason, 0}};
  const auto count = library.functions->device_count();
  if (count.status != 0) return {{"nvml", "", false, library.functions->error_text(count.status), 0}};
  if (count.value == 0) return {{"nvml", "", false, "no NVIDIA GPU", 0}};
  std::vector<MeterFound> found;
  for (unsigned device = 0; device < count.value; ++device) {
    const int energy = library.functions->energy_mj(device).status;
    const int power = energy == 0 ? 0 : library.functions->power_mw(device).status;
    const std::string reason = power == 0 ? "" : library.functions->error_text(power);
    found.push_back({fmt::format("nvml:{}", device), name_of(*library.functions, device), reason.empty(), reason, 0});
  }
  return found;
}

std::unique_ptr<Meter> open_nvml(std::string_view name, const MeterPlaces& places) {
  constexpr std::string_view kPrefix = "nvml:";
  if (!name.starts_with(kPrefix)) return nullptr;
  const auto device = parse_integer(name.substr(kPrefix.size()));
  const NvmlLibrary library = library_of(places);
  if (!device || *device < 0 || !library.functions) return nullptr;
  const auto count = library.functions->device_count();
  if (count.status != 0 || *device >= static_cast<std::int64_t>(count.value)) return nullptr;
  return std::make_unique<Nvml>(library.functions, static_cast<unsigned>(*device));
}

}  // namespace inferometer::measure
