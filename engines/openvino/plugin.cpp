/// Offer OpenVINO as an engine.

#include <openvino/core/version.hpp>
#include <openvino/runtime/core.hpp>

#include "common/setting_table.h"
#include "engine/engine.h"
#include "openvino/errors.h"
#include "openvino/session.h"
#include "openvino/settings.h"

namespace inferometer::engine {
namespace {

/// "2026.4.1-22982-e213a147257-releases/2026/4" is release 2026.4.1, build 22982.
std::string release_and_build(const std::string& text) {
  const std::size_t release = text.find('-');
  return release == std::string::npos ? text : text.substr(0, text.find('-', release + 1));
}

class OpenVinoEngine final : public Engine {
 public:
  EngineInfo info() override {
    EngineInfo info;
    info.name = "openvino";
    info.version = release_and_build(ov::get_openvino_version().buildNumber);
    info.rank = 20;
    info.settings = openvino_settings();
    info.devices = translated("openvino", [&] { return openvino_devices(core_); });
    info.usable = !info.devices.empty();
    if (!info.usable) info.reason = "OpenVINO finds no device here";
    return info;
  }

  std::unique_ptr<Session> load(const ModelFile& model, const SessionSettings& settings) override {
    return std::make_unique<OpenVinoSession>(core_, model, settings);
  }

 private:
  ov::Core core_ = translated("openvino", [] { return ov::Core(); });
};

}  // namespace
}  // namespace inferometer::engine

INFEROMETER_ENGINE_PLUGIN(inferometer::engine::OpenVinoEngine)
