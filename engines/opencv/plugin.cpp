/// Offer OpenCV's DNN module as an engine.

#include <opencv2/core/version.hpp>
#include <opencv2/core/utility.hpp>

#include "common/processor.h"
#include "engine/engine.h"
#include "opencv/errors.h"
#include "opencv/session.h"

namespace inferometer::engine {
namespace {

class OpenCvEngine final : public Engine {
 public:
  OpenCvEngine() { silence_opencv(); }

  EngineInfo info() override {
    EngineInfo info;
    info.name = "opencv";
    info.version = cv::getVersionString();
    info.usable = true;
    info.devices = {{"cpu", processor_name(), {"fp32"}}};
    info.rank = 40;
    info.settings = opencv_settings();
    info.reads_caffe = true;
    return info;
  }

  std::unique_ptr<Session> load(const ModelFile& model, const SessionSettings& settings) override {
    return std::make_unique<OpenCvSession>(model, settings);
  }
};

}  // namespace
}  // namespace inferometer::engine

INFEROMETER_ENGINE_PLUGIN(inferometer::engine::OpenCvEngine)
