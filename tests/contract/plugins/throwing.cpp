// A plugin whose engine cannot be created: one Error for the first attempt, a foreign exception afterwards.
#include <stdexcept>

#include "engine/engine.h"

namespace {

std::unique_ptr<inferometer::engine::Engine> create() {
  static int calls = 0;
  if (calls++ == 0) throw inferometer::Error(inferometer::ErrorCode::out_of_memory, "no memory for this engine");
  throw std::runtime_error("a foreign\nexception");
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const inferometer::engine::PluginTable* inferometer_engine_plugin() {
  static const inferometer::engine::PluginTable table{inferometer::engine::kContractVersion, __VERSION__, create};
  return &table;
}
