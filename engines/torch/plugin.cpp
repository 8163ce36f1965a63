/// Offer libtorch as an engine.

#include <torch/csrc/api/include/torch/version.h>

#include "engine/engine.h"
#include "torch/errors.h"
#include "torch/session.h"
#include "torch/settings.h"
#include "torch/trainer.h"

namespace inferometer::engine {
namespace {

class TorchEngine final : public Engine {
 public:
  EngineInfo info() override {
    EngineInfo info;
    info.name = "torch";
    info.version = TORCH_VERSION;
    info.usable = true;
    info.devices = translated("torch", [] { return torch_devices(); });
    info.rank = 30;
    info.settings = torch_settings();
    info.executes_graphs = true;
    return info;
  }

  std::unique_ptr<Session> load(const ModelFile& model, const SessionSettings& settings) override {
    return std::make_unique<TorchSession>(model, settings);
  }
};

std::unique_ptr<Trainer> create_trainer(graph::Model model, const TrainerSettings& settings) {
  return std::make_unique<TorchTrainer>(std::move(model), settings);
}

}  // namespace
}  // namespace inferometer::engine

INFEROMETER_ENGINE_PLUGIN(inferometer::engine::TorchEngine)
INFEROMETER_ENGINE_TRAINER(inferometer::engine::create_trainer)
