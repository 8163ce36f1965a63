/// Offer ONNX Runtime as an engine.

#include <optional>

#include "common/setting_table.h"
#include "onnxruntime/half_arithmetic.h"
#include "onnxruntime/ort.h"
#include "onnxruntime/providers.h"
#include "onnxruntime/session.h"

namespace inferometer::engine {
namespace {

class OnnxRuntimeEngine final : public Engine {
 public:
  OnnxRuntimeEngine() {
    const OrtApi* api = OrtGetApiBase()->GetApi(ORT_API_VERSION);
    if (api == nullptr) return;
    Ort::InitApi(api);
    translated("onnxruntime", [&] { environment_.emplace(ORT_LOGGING_LEVEL_ERROR, "inferometer"); });
  }

  EngineInfo info() override {
    EngineInfo info;
    info.name = "onnxruntime";
    info.version = OrtGetApiBase()->GetVersionString();
    info.rank = 10;
    info.settings = onnxruntime_settings();
    if (!environment_) {
      info.reason = too_old();
      return info;
    }
    const bool half_kernels = translated("onnxruntime", [&] { return half_precision_of(half_operators(*environment_)) == "fp16"; });
    info.half_from_file = half_kernels;
    info.devices = translated("onnxruntime", [&] { return usable_devices(half_kernels); });
    info.usable = !info.devices.empty();
    if (!info.usable) info.reason = "ONNX Runtime offers no execution provider that works here";
    return info;
  }

  std::unique_ptr<Session> load(const ModelFile& model, const SessionSettings& settings) override {
    if (!environment_) throw Error(ErrorCode::missing_engine, too_old());
    return std::make_unique<OnnxRuntimeSession>(*environment_, model, settings);
  }

 private:
  static std::string too_old() {
    return std::string("ONNX Runtime ") + OrtGetApiBase()->GetVersionString() + " is older than the headers this was built with (API " +
           std::to_string(ORT_API_VERSION) + ")";
  }

  std::optional<Ort::Env> environment_;
};

}  // namespace
}  // namespace inferometer::engine

INFEROMETER_ENGINE_PLUGIN(inferometer::engine::OnnxRuntimeEngine)
