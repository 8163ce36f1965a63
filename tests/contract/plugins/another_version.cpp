// A plugin that was built with another engine.h.
#include "engine/engine.h"

extern "C" __attribute__((visibility("default"))) const inferometer::engine::PluginTable* inferometer_engine_plugin() {
  static const inferometer::engine::PluginTable table{inferometer::engine::kContractVersion + 41, "another compiler",
                                                      []() -> std::unique_ptr<inferometer::engine::Engine> {
                                                        throw inferometer::Error(inferometer::ErrorCode::internal, "must not be called");
                                                      }};
  return &table;
}
